"""`POST /v1/embeddings` as OpenAI's own client finds it, in front of the stub model."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openai
import pytest
import requests
from openai import OpenAI

from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
WANTED = {"model": "e", "input": ["a text", "another"]}


@pytest.fixture
def client(backend: RunningBackend) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{backend.url}/v1", api_key="none", max_retries=0, timeout=10) as client:
        yield client


def begin(backend: RunningBackend) -> http.client.HTTPConnection:
    """Ask for embeddings without waiting for them."""
    connection = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
    connection.request("POST", "/v1/embeddings", json.dumps(WANTED), {"Content-Type": "application/json"})
    return connection


def calls(backend: RunningBackend) -> list[Any]:
    """Return the calls that are written down."""
    backend.run(backend.app.state.ledger.flush())
    return list(backend.app.state.store.model_calls.between(LONG_AGO))


def test_embeddings_are_passed_on_and_counted(backend: RunningBackend, client: OpenAI, stub: StubModel) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    stub.next(scripts.respond(200, {"object": "list", "model": "e", "data": [vector], "usage": usage}))
    answer = client.embeddings.create(model="e", input=["a text"], dimensions=2, encoding_format="float")
    assert answer.data[0].embedding == [0.5, -0.25]
    assert (stub.calls[-1].path, stub.calls[-1].body) == (
        "/v1/embeddings",
        {"model": "e", "input": ["a text"], "dimensions": 2, "encoding_format": "float"},
    )
    stub.next(scripts.status(404, code="model_not_found"))
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="none", input="a")
    told = [(call.surface, call.model, call.prompt_tokens, call.status) for call in calls(backend)]
    assert told == [("v1", "e", 4, "complete"), ("v1", "none", None, "failed")]


def test_a_server_that_makes_none_is_not_said_to_have_no_chat(backend: RunningBackend, stub: StubModel) -> None:
    words = "This server does not support embeddings. Start it with `--embeddings`"  # llama.cpp's
    stub.next(scripts.respond(501, {"error": {"code": 501, "message": words, "type": "not_supported_error"}}))
    answer = requests.post(f"{backend.url}/v1/embeddings", json=WANTED, timeout=10)
    assert answer.headers["x-should-retry"] == "false"
    assert "the model server makes no embeddings" in answer.json()["error"]["message"]


def test_a_call_ends_with_its_client(backend: RunningBackend, stub: StubModel) -> None:
    stub.models["e"] = scripts.silence
    connection = begin(backend)
    call = stub.wait_for_call()
    connection.close()
    assert call.wait_until_left(timeout_s=5)
    (kept,) = wait_for(lambda: calls(backend))
    assert (kept.status, kept.error_code, kept.is_estimated) == ("stopped", None, True)
    assert kept.prompt_tokens > 0


def test_a_call_that_the_end_of_the_backend_cuts_is_told_and_noted_so(backend: RunningBackend, stub: StubModel) -> None:
    stub.models["e"] = scripts.silence
    answers: list[requests.Response] = []
    url = f"{backend.url}/v1/embeddings"
    asking = threading.Thread(target=lambda: answers.append(requests.post(url, json=WANTED, timeout=10)))
    asking.start()
    stub.wait_for_call()
    backend.loop.call_soon_threadsafe(backend.app.state.turns.begin_shutdown)
    asking.join(10)
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (503, "shutting_down")
    (kept,) = calls(backend)
    assert (kept.status, kept.error_code) == ("interrupted", "shutting_down")
    assert requests.post(url, json=WANTED, timeout=10).status_code == 503


def test_a_call_counts_among_the_answers_that_are_made(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(max_active_turns=1)
    stub.models["e"] = scripts.silence
    connection = begin(backend)
    stub.wait_for_call()
    asked = {"messages": [{"role": "user", "content": "Why?"}]}
    answer = requests.post(f"{backend.url}/v1/chat/completions", json=asked, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")
    connection.close()
    wait_for(lambda: requests.post(f"{backend.url}/v1/chat/completions", json=asked, timeout=10).ok)


def test_a_key_that_is_limited_rests(run_backend: RunBackend, stub: StubModel) -> None:
    file = Path("connections.toml").absolute()
    file.write_text(f'[connections.work]\nbase_url = "{stub.url}"\napi_key = ["sk-one", "sk-two"]\n')
    backend = run_backend(base_url=None, openai_api_key=None, model_name=None, connections=file)
    stub.next(scripts.status(429))
    for _ in range(2):
        assert requests.post(f"{backend.url}/v1/embeddings", json=WANTED, timeout=10).ok
    assert [call.headers["authorization"] for call in stub.calls] == [
        "Bearer sk-one",
        "Bearer sk-two",
        "Bearer sk-two",
    ]


def test_a_call_takes_as_long_as_its_connection_lets_it(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path
) -> None:
    stub.next(scripts.silence)
    file = tmp_path / "connections.toml"
    file.write_text(f'[connections.two]\nbase_url = "{stub.url}"\ntotal_timeout = 0.2\n')
    backend = run_backend(connections=file)
    answer = requests.post(f"{backend.url}/v1/embeddings", json={**WANTED, "model": "two/e"}, timeout=10)
    assert answer.status_code == 504
    assert "Raise total_timeout of [connections.two]." in answer.json()["error"]["message"]


def test_an_answer_without_end_is_not_read_to_it(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(max_answer_bytes=1000)
    stub.models["e"] = scripts.raw(b"HTTP/1.1 200 OK\r\n\r\n", scripts.endless("0.123, " * 1000))
    answer = requests.post(f"{backend.url}/v1/embeddings", json=WANTED, timeout=10)
    assert answer.json()["error"]["message"].startswith("LLM processing failed: the answer is longer than allowed.")
    assert stub.calls[0].wait_until_left(timeout_s=5)


def test_a_key_that_is_refused_is_a_call_of_its_own(run_backend: RunBackend, stub: StubModel, tmp_path: Path) -> None:
    file = tmp_path / "connections.toml"
    file.write_text(f'[connections.two]\nbase_url = "{stub.url}"\napi_key = ["spent", "fresh"]\n', encoding="utf-8")
    backend = run_backend(connections=str(file))
    stub.next(scripts.status(401), scripts.EMBEDDINGS)
    assert requests.post(f"{backend.url}/v1/embeddings", json={**WANTED, "model": "two/e"}, timeout=10).ok
    told = [(call.connection, call.error_code, call.prompt_tokens) for call in calls(backend)]
    assert told == [("two", "upstream_auth", None), ("two", None, 4)]
