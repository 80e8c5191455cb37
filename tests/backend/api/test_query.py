"""`POST /query`: the guide's question and answer, and the fields beside them."""

import gzip
import http.client
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.errors import RequestError
from chatapp.protocol.events import Answer
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel
from support.valid_completions import Fine, every_fine_answer


def test_the_answer_has_the_shape_of_the_guide_and_more(shared: RunningBackend) -> None:
    response = requests.post(f"{shared.url}/query", json={"prompt": "What is Python?"}, timeout=10)
    body = response.json()
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f]{32}", body.pop("turn_id"))
    assert 0 <= body.pop("latency_ms") < 10_000
    details = body.pop("usage_details")
    assert 0 <= details.pop("first_token_ms") < 10_000
    del details["tokens_per_second"]
    assert details == scripts.TOLD
    assert body == {
        "model": "stub-model",
        "answer": "Hello from the stub.",
        "conversation_id": None,
        "finish_reason": "stop",
        "usage": scripts.USAGE,
    }


def test_the_guide_s_client_gets_the_answer(shared: RunningBackend) -> None:
    response = requests.post(f"{shared.url}/query", json={"prompt": "Explain the theory of relativity"}, timeout=30)
    data = response.json()
    answer = data.get("answer")
    assert answer == "Hello from the stub."


def test_the_client_gives_the_answer_as_an_object(shared: RunningBackend) -> None:
    answer = shared.client.ask("What is Python?")
    assert isinstance(answer, Answer)
    assert (answer.model, answer.answer, answer.usage) == ("stub-model", "Hello from the stub.", scripts.USAGE)
    assert answer.usage_details is not None
    assert answer.usage_details.items() >= scripts.TOLD.items()


@every_fine_answer
def test_every_fine_answer_is_understood(fine: Fine, shared: RunningBackend, model: StubModel) -> None:
    model.next(fine.script)
    answer = shared.client.ask("Why?")
    assert answer.answer == fine.text
    assert answer.finish_reason == fine.finish_reason


def test_the_model_is_asked_as_openai_is(shared: RunningBackend, model: StubModel) -> None:
    shared.client.ask("What is Python?")
    call = model.calls[-1]
    assert (call.method, call.path) == ("POST", "/v1/chat/completions")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.body == {
        "model": "stub-model",
        "messages": [{"role": "user", "content": "What is Python?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_parameters_reach_the_model(shared: RunningBackend, model: StubModel) -> None:
    wanted = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "stop": ["\n"], "seed": 1}
    shared.client.ask("Why?", **wanted)
    assert {name: model.calls[-1].body.get(name) for name in wanted} == wanted


def test_zero_is_a_value_too(shared: RunningBackend, model: StubModel) -> None:
    shared.client.ask("Why?", temperature=0, seed=0)
    assert (model.calls[-1].body["temperature"], model.calls[-1].body["seed"]) == (0, 0)


def test_earlier_messages_go_between_the_system_prompt_and_the_question(
    shared: RunningBackend, model: StubModel
) -> None:
    earlier = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    shared.client.ask("Why?", system="Be short.", messages=earlier)
    assert model.calls[-1].body["messages"] == [
        {"role": "system", "content": "Be short."},
        *earlier,
        {"role": "user", "content": "Why?"},
    ]


def test_the_prompt_reaches_the_model_to_the_letter(shared: RunningBackend, model: StubModel) -> None:
    prompt = "  é😀\u2028 \t\r\n<b>\\ud800 \x7f "
    shared.client.ask(prompt)
    assert model.calls[-1].body["messages"][0]["content"] == prompt


def test_another_model_can_be_asked(shared: RunningBackend, model: StubModel) -> None:
    model.models["big-model"] = scripts.answer("big")
    answer = shared.client.ask("Why?", model="big-model")
    assert (answer.model, answer.answer) == ("big-model", "big")


def test_questions_do_not_wait_for_each_other(shared: RunningBackend, model: StubModel) -> None:
    model.models["slow"] = scripts.answer(scripts.silence)
    with shared.client.stream("Why?", model="slow"):
        assert shared.client.ask("Why?").answer == "Hello from the stub."


def test_the_connection_to_the_model_is_used_again(run_backend: Callable[..., Any], stub: StubModel) -> None:
    client = run_backend().client
    for _ in range(5):
        client.ask("Why?")
    assert stub.open_connections <= 2  # a question may come before the end of the body behind the last answer


def test_a_server_without_keys_is_asked_without_one(run_backend: Callable[..., Any], stub: StubModel) -> None:
    run_backend(openai_api_key=None).client.ask("Why?")
    assert "authorization" not in stub.calls[0].headers


def test_a_key_file_is_read_again_when_it_changes(
    run_backend: Callable[..., Any], stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("first\n")
    client = run_backend(openai_api_key=None, openai_api_key_file=file).client
    client.ask("Why?")
    file.write_text("second-one\n")
    client.ask("Why?")
    assert [call.headers["authorization"] for call in stub.calls] == ["Bearer first", "Bearer second-one"]


def test_a_long_answer_is_compressed_for_who_wants_it(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("word " * 1000))
    response = requests.post(f"{shared.url}/query", json={"prompt": "Why?"}, stream=True, timeout=10)
    assert response.headers["Content-Encoding"] == "gzip"
    assert b"word word" in gzip.decompress(response.raw.read(decode_content=False))


@pytest.mark.parametrize("refused", ["gzip;q=0", "identity, gzip ; Q=0.000", "gzip;q=0, *"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_refuses_gzip_gets_none(method: str, refused: str, shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("word " * 1000))
    path, body = ("/openapi.json", None) if method == "GET" else ("/query", {"prompt": "Why?"})
    headers = {"Accept-Encoding": refused}
    response = requests.request(method, f"{shared.url}{path}", json=body, headers=headers, timeout=10)
    assert "Content-Encoding" not in response.headers
    assert ("Accept-Encoding" in response.headers.get("Vary", "")) == (method == "GET")


def test_nothing_is_kept_unless_asked_for(shared: RunningBackend) -> None:
    shared.client.ask("Why?")
    assert requests.get(f"{shared.url}/conversations", timeout=5).json()["items"] == []


@pytest.mark.parametrize("origin", ["http://localhost:8501", "http://127.0.0.1:3000"])
def test_pages_of_this_machine_may_read_answers(origin: str, shared: RunningBackend) -> None:
    response = requests.post(f"{shared.url}/query", json={"prompt": "Why?"}, headers={"Origin": origin}, timeout=5)
    assert response.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null"])
def test_other_pages_may_not(origin: str, shared: RunningBackend) -> None:
    response = requests.post(f"{shared.url}/query", json={"prompt": "Why?"}, headers={"Origin": origin}, timeout=5)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_every_page_may_when_it_is_set_but_without_credentials(run_backend: Callable[..., Any]) -> None:
    backend = run_backend(cors_origins="*")
    response = requests.get(f"{backend.url}/health", headers={"Origin": "https://any.example"}, timeout=5)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:80", ""])
def test_a_foreign_host_header_is_refused(host: str, shared: RunningBackend) -> None:
    response = requests.get(f"{shared.url}/health", headers={"Host": host}, timeout=5)
    assert response.status_code == 400
    assert response.json()["code"] == "foreign_host"


@pytest.mark.parametrize(("version", "status"), [("1.0", b"200"), ("1.1", b"400")])
def test_http_1_0_alone_may_leave_out_the_host(version: str, status: bytes, shared: RunningBackend) -> None:
    """As HAProxy's `option httpchk GET /health` does."""
    with socket.create_connection(("127.0.0.1", shared.port), timeout=5) as line, line.makefile("rb") as said:
        line.sendall(f"GET /health HTTP/{version}\r\nConnection: close\r\n\r\n".encode())
        assert said.readline().split()[1] == status


def test_a_second_host_header_is_refused(shared: RunningBackend) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=5)
    connection.putrequest("GET", "/health", skip_host=True)
    for host in ("localhost", "evil.example"):
        connection.putheader("Host", host)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_a_question_with_keys_set_needs_one(run_backend: Callable[..., Any]) -> None:
    backend = run_backend(api_keys="me:secret")
    with pytest.raises(RequestError) as caught:
        backend.client.ask("Why?")
    assert caught.value.code == "unauthorized"
    sent = {"Authorization": "Bearer secret"}
    assert requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, headers=sent, timeout=5).status_code == 200
