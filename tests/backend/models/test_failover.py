"""Several model servers behind one backend: one that fails is not noticed where another can answer."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.errors import (
    IncompleteAnswerError,
    UpstreamAuthError,
    UpstreamModelNotFoundError,
    UpstreamUnavailableError,
)
from chatapp.protocol.events import Done, Notice, Start, Text
from support import scripts
from support.running_backend import RunningBackend
from support.scripts import Script
from support.stub_model import StubModel

pytestmark = pytest.mark.faults

FILE = """
[connections.a]
base_url = "{a}"
[connections.b]
base_url = "{b}"
models = ["m", "shared"]
[connections.c]
base_url = "{c}"
models = ["small", "shared"]

[models.fast]
try = ["a/m", "b/m", "c/small"]
"""


@pytest.fixture
def servers() -> Iterator[list[StubModel]]:
    with ExitStack() as running:
        yield [running.enter_context(StubModel()) for _ in "abc"]


@pytest.fixture
def file(servers: list[StubModel]) -> Path:
    path = Path("connections.toml").absolute()
    path.write_text(FILE.format(**dict(zip("abc", (server.url for server in servers), strict=True))))
    return path


@pytest.fixture
def backend(run_backend: Callable[..., RunningBackend], file: Path) -> RunningBackend:
    return run_backend(base_url=None, openai_api_key=None, model_name="fast", connections=file)


def notices(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


REFUSALS: dict[str, Script] = {
    "failure": scripts.status(500),
    "overloaded": scripts.status(503, Retry_After="7"),
    "limited for long": scripts.status(429, Retry_After="60"),
    "hangs up": scripts.reset,
    "fails before the first word": scripts.answer({"error": {"message": "overloaded", "type": "overloaded_error"}}),
    "breaks off before the first word": scripts.answer(scripts.reset),
    "reads too little": scripts.respond(
        400, {"error": {"code": "context_length_exceeded", "message": "maximum context length is 8 tokens"}}
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_the_next_model_answers_where_one_cannot(
    refusal: Script, backend: RunningBackend, servers: list[StubModel], caplog: pytest.LogCaptureFixture
) -> None:
    servers[0].default = refusal
    events = list(backend.client.stream("Hi", store=True))
    assert "".join(event.text for event in events if isinstance(event, Text)) == "Hello from the stub."
    assert [text.startswith("a/m did not answer: ") for text in notices(events)] == [True]
    assert notices(events)[0].endswith(" b/m is asked instead.")
    assert isinstance(events[-1], Done)
    assert events[-1].model == "b/m"
    assert [server.hits for server in servers] == [1, 1, 0]
    assert [record.getMessage() for record in caplog.records if "is asked instead" in record.getMessage()] != []
    backend.run(backend.app.state.ledger.flush())
    calls = backend.app.state.store.model_calls.between(datetime(2000, 1, 1, tzinfo=UTC))
    assert [(call.connection, call.status) for call in calls] == [("a", "failed"), ("b", "complete")]


def test_the_model_that_answered_is_kept_and_the_conversation_keeps_the_one_that_is_asked(
    backend: RunningBackend, servers: list[StubModel]
) -> None:
    servers[0].default = scripts.status(500)
    answer = backend.client.ask("Hi", model="fast", store=True)
    kept = backend.client.conversations.messages(str(answer.conversation_id)).items[-1]
    assert (answer.model, kept.model) == ("b/m", "b/m")
    assert backend.client.conversations.get(str(answer.conversation_id)).model == "fast"


@pytest.mark.parametrize(
    ("refusal", "error"),
    [(scripts.status(401), UpstreamAuthError), (scripts.status(404), UpstreamModelNotFoundError)],
    ids=["wrong key", "no such model"],
)
def test_what_is_wrong_everywhere_or_the_user_s_to_mend_is_not_hidden(
    refusal: Script, error: type[Exception], backend: RunningBackend, servers: list[StubModel]
) -> None:
    servers[0].default = refusal
    with pytest.raises(error):
        backend.client.ask("Hi")
    assert [server.hits for server in servers[1:]] == [0, 0]


def test_nothing_is_asked_elsewhere_once_something_was_said(backend: RunningBackend, servers: list[StubModel]) -> None:
    servers[0].default = scripts.answer("Once", scripts.reset)
    stream, said = backend.client.stream("Hi"), []
    with pytest.raises(IncompleteAnswerError):
        said += [event.text for event in stream if isinstance(event, Text)]
    assert servers[1].hits == 0


def test_a_server_that_failed_is_left_alone_for_a_while(backend: RunningBackend, servers: list[StubModel]) -> None:
    servers[0].next(scripts.status(500))
    backend.client.ask("Hi")
    events = list(backend.client.stream("Hi"))
    assert notices(events) == ["a/m failed a moment ago; b/m is asked instead."]
    assert [server.hits for server in servers] == [1, 2, 0]


def test_where_all_fail_the_last_says_why(backend: RunningBackend, servers: list[StubModel]) -> None:
    for server in servers:
        server.default = scripts.status(500)
    with pytest.raises(UpstreamUnavailableError, match="status 500"):
        backend.client.ask("Hi")
    assert [server.hits for server in servers] == [1, 1, 2]


def test_one_dead_server_neither_slows_nor_hides_the_others(backend: RunningBackend, servers: list[StubModel]) -> None:
    servers[0].listing = scripts.silence
    servers[1].kill()
    time.sleep(5.1)  # what was seen at the start is forgotten by then
    backend.client.models()
    began = time.monotonic()
    told = backend.client.models()
    ready = backend.client.ready()
    assert time.monotonic() - began < 1.4
    assert [connection.ok for connection in told.connections] == [connection.ok for connection in ready.connections]
    assert [(each.name, each.ok) for each in told.connections][1:] == [("b", False), ("c", True)]
    assert {"fast", "c/small"} <= set(told.models)
    assert [route.models for route in told.routes] == [("a/m", "b/m", "c/small")]
    assert ready.is_ready


def test_connections_come_and_go_with_the_file_and_a_wrong_one_changes_nothing(
    backend: RunningBackend, servers: list[StubModel], file: Path
) -> None:
    client = backend.client
    servers[2].next(scripts.answer("a", 3.0, "b"))
    running = client.stream("Hi", model="c/small")
    assert isinstance(next(running), Start)
    _replace(file, f'[connections.d]\nbase_url = "{servers[2].url}"\n')
    assert _names(backend) == ["d"]
    assert client.ask("Hi", model="d/m").answer == "Hello from the stub."
    assert "".join(event.text for event in running if isinstance(event, Text)) == "ab"

    _replace(file, '[connections.e]\nurl = "http://e"\n')
    assert _names(backend) == ["d"]
    assert "line 1: connections.e.base_url is missing" in str(client.ready().model.remark)


def _replace(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)
    time.sleep(1.05)  # it is looked at once a second


def _names(backend: RunningBackend) -> list[str]:
    return [connection.name for connection in backend.client.models().connections]


def test_a_plain_name_is_enough_where_one_connection_has_it(backend: RunningBackend, servers: list[StubModel]) -> None:
    """Two that have it must be told apart, unless the first is one of them."""
    assert backend.client.ask("Hi", model="small").model == "c/small"
    with pytest.raises(UpstreamModelNotFoundError, match="several connections have the model") as caught:
        backend.client.ask("Hi", model="shared")
    assert caught.value.hint == "Ask for b/shared or c/shared."


def test_a_server_that_is_killed_costs_the_answers_it_was_making_and_no_other(
    backend: RunningBackend, servers: list[StubModel]
) -> None:
    """100 answers run on the first of three when it dies: they end as errors with what was said; later ones go on."""
    words = [part for number in range(20) for part in (0.1, f"{number} ")]
    for server in servers:
        server.default = scripts.answer(*words)

    def ask(number: int) -> tuple[float, str, int]:
        time.sleep(number * 0.02)
        asked_at = time.monotonic()
        text, end = "", ""
        response = requests.post(f"{backend.url}/query/stream", json={"prompt": "Hi"}, stream=True, timeout=30)
        for line in response.iter_lines():
            text += line.decode()[6:] if line.startswith(b"data: ") else ""
            end = line.decode() if line.startswith(b"event: ") else end
        return asked_at, end, len(text)

    with ThreadPoolExecutor(200) as pool:
        running = [pool.submit(ask, 0) for _ in range(100)]
        servers[0].wait_for_call(100, timeout_s=20)
        time.sleep(0.5)
        killed_at = time.monotonic()
        servers[0].kill()
        later = [pool.submit(ask, number) for number in range(60)]
        cut, answered = [each.result() for each in running], [each.result() for each in later]
    assert {end for _, end, _ in cut} == {"event: error"}
    assert all(said > 0 for _, _, said in cut)
    late = [end for asked_at, end, _ in answered if asked_at > killed_at + 1]
    assert len(late) > 5
    assert set(late) == {"event: done"}
