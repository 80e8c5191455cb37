"""Each fault of a model server has one outcome, whichever way the question came; silence is in `test_deadlines.py`."""

import email.utils
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from chatapp.backend.turns.runner import TurnRunner
from support import scripts
from support.faults import FAULTS, Fault
from support.results import PROMPT, Ask, assert_says_nothing_of_others, every_way, streamed, whole
from support.running_backend import RunningBackend, backend_before
from support.scripts import Script, answer, hang_up, html, redirect, reset, status
from support.stub_model import StubModel
from support.turn_steps import wait_for

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module", autouse=True)
def has_looked_elsewhere(shared: RunningBackend, model: StubModel) -> None:
    """Let the backend try the other address, which it does once where there is nothing."""
    model.default = scripts.html(404)
    whole(shared)


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
    assert fault.asks(model.hits - before)
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


@pytest.mark.parametrize("fault", [status(400), reset], ids=["400", "RST"])
def test_a_failed_turn_waits_for_no_garbage_collector(fault: Script, shared: RunningBackend, model: StubModel) -> None:
    gc.collect()
    gc.disable()
    try:
        before = _runners()
        model.default = fault
        assert whole(shared).error is not None
        wait_for(lambda: _runners() <= before, timeout_s=10)
    finally:
        model.default = answer("fine")
        gc.enable()


def _runners() -> int:
    return sum(type(each) is TurnRunner for each in gc.get_objects())


def test_what_a_failed_turn_had_at_hand_is_not_kept_with_it(shared: RunningBackend, model: StubModel) -> None:
    model.default = answer("word", scripts.long_line(2))
    streamed(shared)
    tracemalloc.start()
    try:
        for _ in range(20):
            assert streamed(shared).code == "upstream_bad_response"
        gc.collect()
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        model.default = answer("fine")
    assert held_bytes < 5 * 1024**2


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
    assert 0.99 <= second.arrived_at - first.arrived_at < 2  # timers count whole milliseconds


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
    assert "the file with the API key cannot be read" in outcome.error["detail"]
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


@pytest.mark.parametrize(
    ("proxies", "authorization"),
    [
        ({"HTTP_PROXY": "{host}"}, None),
        ({"HTTP_PROXY": "http://{host}", "ALL_PROXY": "socks5://127.0.0.1:9"}, None),
        ({"ALL_PROXY": "http://me:p%40ss@{host}"}, "Basic bWU6cEBzcw=="),
    ],
    ids=["no scheme", "socks beside http", "user:password"],
)
def test_one_proxy_carries_all_that_a_model_server_is_asked(
    proxies: dict[str, str],
    authorization: str | None,
    run_backend: Callable[..., RunningBackend],
    stub: StubModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, proxy in proxies.items():
        monkeypatch.setenv(name, proxy.format(host=urlsplit(stub.url).netloc))
    client = run_backend(base_url="http://models.invalid/v1").client
    assert client.ready().model.ok
    assert client.ask(PROMPT).answer == "Hello from the stub."
    assert [(call.path, call.headers.get("proxy-authorization")) for call in stub.requests] == [
        ("http://models.invalid/v1/models", authorization),
        ("http://models.invalid/v1/chat/completions", authorization),
    ]


def test_a_proxy_is_asked_for_a_tunnel_to_a_server_with_https(
    run_backend: Callable[..., RunningBackend], stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", urlsplit(stub.url).netloc)
    stub.default = status(403)
    backend = run_backend(base_url="https://models.invalid/v1")
    assert whole(backend).code == "upstream_unavailable"
    assert not backend.client.ready().model.ok
    assert {(call.method, call.path) for call in stub.requests} == {("CONNECT", "models.invalid:443")}


@pytest.fixture(scope="module")
def behind_a_proxy(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBackend]:
    """A backend that reaches `model` as the proxy on the way to somewhere else."""
    with ExitStack() as running:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("ALL_PROXY", urlsplit(model.url).netloc)
            backend = backend_before(model, tmp_path_factory.mktemp("data"), base_url="http://models.invalid/v1")
            running.enter_context(backend)
        yield backend


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_has_the_same_outcome_behind_a_proxy(
    name: str, behind_a_proxy: RunningBackend, model: StubModel
) -> None:
    fault = FAULTS[name]
    model.default = fault.script
    outcome = streamed(behind_a_proxy)
    assert outcome.error is not None
    assert outcome.code == ("upstream_unavailable" if name == "no HTTP" else fault.code)
    assert fault.is_midway or not outcome.has_begun
    assert_says_nothing_of_others(str(outcome.error), model)


def test_one_question_more_than_allowed_is_refused_at_once(
    run_backend: Callable[..., RunningBackend], stub: StubModel
) -> None:
    backend = run_backend(max_active_turns=1)
    stub.next(answer("a", scripts.silence))
    with backend.client.stream(PROMPT):
        response = requests.post(f"{backend.url}/query", json={"prompt": PROMPT}, timeout=5)
    assert (response.status_code, response.json()["code"]) == (503, "overloaded")
    assert int(response.headers["Retry-After"]) >= 1
    assert response.elapsed.total_seconds() < 1
    assert stub.calls[0].wait_until_left(timeout_s=1)
    assert backend.client.ask(PROMPT).answer == "Hello from the stub."


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "plain"])
def test_of_a_burst_as_many_as_allowed_are_answered(
    *, is_stored: bool, run_backend: Callable[..., RunningBackend], stub: StubModel
) -> None:
    backend = run_backend(max_active_turns=5)
    stub.default = answer("a", scripts.silence)

    def ask(_: int) -> requests.Response:
        body = {"prompt": PROMPT, "store": is_stored}
        return requests.post(f"{backend.url}/query/stream", json=body, stream=True, timeout=10)

    with ThreadPoolExecutor(20) as crowd:
        asked = list(crowd.map(ask, range(20)))
    statuses = sorted(response.status_code for response in asked)
    for response in asked:
        response.close()
    assert statuses == [200] * 5 + [503] * 15
    assert stub.hits == 5


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
