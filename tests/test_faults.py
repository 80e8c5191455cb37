"""Each fault of a model server has one outcome, whichever way the question came; silence is in `test_deadlines.py`."""

import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

import scripts
from outcomes import PROMPT, Ask, assert_says_nothing_of_others, every_way, whole
from running_backend import RunningBackend
from scripts import STREAM_ERROR, Script, answer, hang_up, html, raw, redirect, reset, respond, status
from stub_model import StubModel

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TOO_LONG = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."


@dataclass(frozen=True)
class Fault:
    """What the model server does, and what comes of it. `tries`: how often it is asked."""

    script: Script
    code: str
    says: str
    status: int = 500
    tries: int = 1
    is_midway: bool = False


def midway(script: Script, code: str, says: str) -> Fault:
    return Fault(script, code, says, is_midway=True)


REFUSED = {
    "400": Fault(status(400), "upstream_bad_response", "does not accept the request (status 400)"),
    "400 about the key": Fault(status(400, "API key not valid."), "upstream_auth", "does not accept the API key"),
    "400 too long": Fault(status(400, TOO_LONG, code="context_length_exceeded"), "context_length_exceeded", "longer"),
    "400 too long without a code": Fault(status(400, TOO_LONG), "context_length_exceeded", "longer"),
    "401": Fault(status(401, code="invalid_api_key"), "upstream_auth", "does not accept the API key"),
    "402": Fault(status(402), "upstream_quota", "no quota left"),
    "403": Fault(status(403), "upstream_auth", "does not accept the API key"),
    "404": Fault(status(404, code="model_not_found"), "upstream_model_not_found", "have the model 'stub-model'"),
    "404 page": Fault(html(404), "upstream_model_not_found", "have the model 'stub-model'"),
    "408": Fault(status(408), "upstream_unavailable", "reports a failure (status 408)", tries=2),
    "409": Fault(status(409), "upstream_unavailable", "reports a failure (status 409)", tries=2),
    "413": Fault(status(413), "upstream_bad_response", "does not accept the request (status 413)"),
    "422": Fault(status(422), "upstream_bad_response", "does not accept the request (status 422)"),
    "429": Fault(status(429), "upstream_rate_limited", "asked too often", status=429, tries=2),
    "429 for long": Fault(status(429, Retry_After="7"), "upstream_rate_limited", "asked too often", status=429),
    "429 for ever": Fault(status(429, Retry_After="9" * 400), "upstream_rate_limited", "too often", status=429),
    "429 until some day": Fault(status(429, Retry_After="soon"), "upstream_rate_limited", "often", status=429, tries=2),
    "429 no quota": Fault(status(429, code="insufficient_quota"), "upstream_quota", "no quota left"),
    "500": Fault(status(500), "upstream_unavailable", "reports a failure (status 500)", tries=2),
    "502 page": Fault(html(502), "upstream_unavailable", "reports a failure (status 502)", tries=2),
    "503": Fault(status(503, Retry_After="1"), "upstream_unavailable", "reports a failure (status 503)", tries=2),
    "a page": Fault(html(), "upstream_bad_response", "not a chat completion"),
    "nothing": Fault(respond(204, b""), "upstream_bad_response", "not a chat completion"),
    "a redirect": Fault(redirect("http://10.0.0.7/v1"), "upstream_bad_response", "sends us elsewhere"),
    "RST at once": Fault(reset, "upstream_unavailable", "cannot be reached", tries=2),
    "EOF at once": Fault(hang_up, "upstream_unavailable", "cannot be reached", tries=2),
    "no HTTP": Fault(raw(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"), "upstream_bad_response", "cannot be read"),
}

BROKEN = {
    "RST": midway(answer("a", 0.02, "b", reset), "incomplete", "broke"),
    "EOF": midway(answer("a", 0.02, "b", hang_up), "incomplete", "broke"),
    "a clean end": midway(answer("a", finish=None, done=False), "incomplete", "broke off"),
    "an end without length": midway(raw(HEAD, scripts.event(scripts.delta(content="a"))), "incomplete", "broke off"),
    "nothing but an end": midway(answer(role=False, finish=None, usage=False, done=False), "incomplete", "broke off"),
    "an error object": midway(answer("a", STREAM_ERROR), "upstream_unavailable", "reports a failure"),
    "an error object first": midway(answer(STREAM_ERROR, role=False), "upstream_unavailable", "reports a failure"),
    "an error event": midway(answer("a", b"event: error\ndata: {}\n\n"), "upstream_unavailable", "reports a failure"),
    "an error text": midway(answer({"error": "No more of 10.0.0.7"}), "upstream_unavailable", "reports a failure"),
    "a quota error": midway(answer({"error": {"code": "insufficient_quota"}}), "upstream_quota", "no quota"),
    "an error as JSON": midway(respond(200, {"error": {"message": "No."}}), "upstream_unavailable", "a failure"),
    "JSON without an answer": midway(respond(200, {}), "upstream_bad_response", "no answer"),
    "JSON that is a list": midway(respond(200, b"[]", Content_Type="application/json"), "upstream_bad_response", ""),
    "bad JSON": midway(answer("a", b"data: {oops\n\n"), "upstream_bad_response", "cannot be read"),
    "half a chunk": midway(answer("a", b'data: {"choices": [\n\n'), "upstream_bad_response", "cannot be read"),
    "a list": midway(answer("a", b"data: []\n\n"), "upstream_bad_response", "cannot be read"),
    "a word": midway(answer("a", b"data: DONE\n\n"), "upstream_bad_response", "cannot be read"),
    "a page midway": midway(answer("a", f"data: {scripts.HTML}\n\n".encode()), "upstream_bad_response", "cannot be"),
    "a number for text": midway(answer(scripts.delta(content=5)), "upstream_bad_response", "cannot be read"),
    "invalid UTF-8": midway(
        answer("a", b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n'), "upstream_bad_response", "cannot be read"
    ),
    "nested deep": midway(answer("a", b"data: " + b"[" * 100_000 + b"\n\n"), "upstream_bad_response", "cannot be read"),
    "a line of 64 MB": midway(answer("a", scripts.long_line(64)), "upstream_bad_response", "too large"),
    "an answer without end": midway(answer(scripts.endless("x" * 10_000)), "answer_too_long", "longer than allowed"),
}

FAULTS = {**REFUSED, **BROKEN}


@every_way
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_has_one_outcome(
    fault: Fault, ask: Ask, shared: RunningBackend, model: StubModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "chatapp")
    model.default, before = fault.script, model.hits
    outcome = ask(shared)
    assert outcome.error is not None
    assert outcome.code == fault.code
    assert outcome.error["detail"].startswith("LLM processing failed: ")
    assert fault.says in outcome.error["detail"]
    assert outcome.status == (200 if outcome.has_begun else fault.status)
    assert fault.is_midway or not outcome.has_begun
    assert model.hits - before == fault.tries
    assert_says_nothing_of_others(str(outcome.error) + caplog.text, model)


def test_after_all_faults_the_backend_answers_and_holds_no_connections(
    shared: RunningBackend, model: StubModel
) -> None:
    for fault in FAULTS.values():
        model.next(*[fault.script] * fault.tries)
        whole(shared)
    model.default = answer("fine")
    assert shared.client.ask(PROMPT).answer == "fine"
    assert model.open_connections <= 2


@every_way
@pytest.mark.parametrize(
    "first",
    [status(408), status(409), status(429), status(500), html(502), status(503), reset, hang_up],
    ids=["408", "409", "429", "500", "502", "503", "RST", "EOF"],
)
def test_a_second_try_may_succeed(first: Script, ask: Ask, shared: RunningBackend, model: StubModel) -> None:
    before = model.hits
    model.next(first, answer("fine"))
    outcome = ask(shared)
    assert (outcome.status, outcome.error) == (200, None)
    assert model.hits - before == 2


def test_a_second_try_waits_as_long_as_it_is_told(shared: RunningBackend, model: StubModel) -> None:
    model.next(status(429, Retry_After="1"), answer("fine"))
    shared.client.ask(PROMPT)
    first, second = model.calls[-2:]
    assert 1 <= second.arrived_at - first.arrived_at < 2


def test_a_second_try_asks_the_same(shared: RunningBackend, model: StubModel) -> None:
    model.next(status(500), answer("fine"))
    shared.client.ask(PROMPT, temperature=0.5)
    first, second = model.calls[-2:]
    assert first.body == second.body
    assert first.headers["authorization"] == second.headers["authorization"]


@every_way
@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [(lambda: "7", [7]), (lambda: email.utils.formatdate(time.time() + 60, usegmt=True), range(57, 61))],
    ids=["seconds", "date"],
)
def test_how_long_to_wait_is_passed_on(
    retry_after: Callable[[], str], expected: Any, ask: Ask, shared: RunningBackend, model: StubModel
) -> None:
    model.next(status(429, Retry_After=retry_after()))
    outcome = ask(shared)
    assert outcome.error is not None
    assert outcome.error["retry_after"] in expected


def test_how_long_to_wait_is_in_the_header_too(shared: RunningBackend, model: StubModel) -> None:
    model.next(status(429, Retry_After="7"))
    response = requests.post(f"{shared.url}/query", json={"prompt": PROMPT}, timeout=10)
    assert response.headers["Retry-After"] == "7"


@every_way
def test_a_closed_port_is_said_so(ask: Ask, run_backend: Callable[..., RunningBackend]) -> None:
    with scripts.closed_port() as url:
        outcome = ask(run_backend(base_url=url))
        assert outcome.code == "upstream_unavailable"
        assert url.removeprefix("http://").removesuffix("/v1") not in str(outcome.error)


def test_the_key_does_not_follow_a_redirect(shared: RunningBackend, model: StubModel) -> None:
    with StubModel() as elsewhere:
        model.next(redirect(f"{elsewhere.url}/chat/completions"))
        assert whole(shared).code == "upstream_bad_response"
        assert elsewhere.requests == []


@every_way
def test_a_key_file_that_is_not_there_is_said_so(
    ask: Ask, run_backend: Callable[..., RunningBackend], tmp_path: Path, stub: StubModel
) -> None:
    outcome = ask(run_backend(openai_api_key=None, openai_api_key_file=tmp_path / "none"))
    assert outcome.error is not None
    assert outcome.code == "upstream_auth"
    assert "OPENAI_API_KEY_FILE" in outcome.error["hint"]
    assert stub.hits == 0


@every_way
def test_a_key_file_with_a_key_that_no_header_can_hold_is_said_so(
    ask: Ask, run_backend: Callable[..., RunningBackend], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("schlüssel-密\nsecond line\n")
    outcome = ask(run_backend(openai_api_key=None, openai_api_key_file=tmp_path / "key"))
    assert outcome.code == "upstream_auth"


def test_a_proxy_in_the_environment_is_not_asked_for_a_server_on_this_machine(
    run_backend: Callable[..., RunningBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert run_backend().client.ask(PROMPT).answer == "Hello from the stub."


@pytest.mark.parametrize(("exception", "code"), [("", None), ("models.invalid", "upstream_unavailable")])
def test_a_proxy_in_the_environment_is_asked_for_servers_elsewhere_unless_it_is_excepted(
    exception: str,
    code: str | None,
    run_backend: Callable[..., RunningBackend],
    stub: StubModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", stub.url.removesuffix("/v1"))
    monkeypatch.setenv("NO_PROXY", exception)
    backend = run_backend(base_url="http://models.invalid/v1")
    with requests.Session() as client:
        client.trust_env = False
        response = client.post(f"{backend.url}/query", json={"prompt": PROMPT}, timeout=10)
    assert response.json().get("code") == code
    assert [call.path for call in stub.calls] == ([] if code else ["http://models.invalid/v1/chat/completions"])


def test_one_question_more_than_allowed_is_refused_at_once(
    run_backend: Callable[..., RunningBackend], stub: StubModel
) -> None:
    backend = run_backend(max_active_turns=1)
    stub.next(answer("a", scripts.silence))
    with backend.client.stream(PROMPT):
        response = requests.post(f"{backend.url}/query", json={"prompt": PROMPT}, timeout=5)
    assert (response.status_code, response.json()["code"]) == (503, "overloaded")
    assert int(response.headers["Retry-After"]) >= 1
    assert stub.calls[0].wait_until_left(timeout_s=1)
    assert backend.client.ask(PROMPT).answer == "Hello from the stub."


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (status(401), ("", "API key")),
        (answer("One word", 0.05, reset), ("One word", "broke")),
        (status(429, Retry_After="7"), ("", "too often")),
    ],
    ids=["refused", "broken", "too often"],
)
def test_the_command_line_keeps_what_came_and_says_what_happened(
    script: Script, expected: tuple[str, str], shared: RunningBackend, model: StubModel, chatapp: Callable[..., Any]
) -> None:
    model.default = script
    run = chatapp("ask", PROMPT, env={"BACKEND_URL": shared.url})
    stdout, says = expected
    assert (run.returncode, run.stdout.strip()) == (1, stdout)
    assert says in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert_says_nothing_of_others(run.stderr, model)
