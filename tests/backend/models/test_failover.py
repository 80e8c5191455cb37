"""Several model servers behind one backend: one that fails is not noticed where another can answer."""

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Semaphore
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import requests

from chatapp.backend.models.cooldown import another_may_do_better, pause_before_retry
from chatapp.backend.models.member import Member, ModelConnection, Sighting
from chatapp.backend.models.openai.model import OpenAIModel
from chatapp.backend.models.openai.unreachable import error_from_connection
from chatapp.backend.models.pool import ConnectionPool
from chatapp.cli.model_lines import model_lines
from chatapp.config.settings import Settings
from chatapp.errors import (
    IncompleteAnswerError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from chatapp.protocol.events import Done, Notice, Start, Text
from chatapp.protocol.resources import ConnectionInfo, ListedModelInfo, ModelsInfo
from chatapp.providers.connection import Upstream
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


@pytest.mark.parametrize("silent", [scripts.silence, scripts.answer(scripts.pings)], ids=["no head", "no word"])
def test_a_server_that_accepts_and_falls_silent_is_left_for_the_next(
    silent: Script, run_backend: Callable[..., RunningBackend], servers: list[StubModel], file: Path
) -> None:
    """Each has its connection's time for a first word, not a share of one for all."""
    file.write_text(file.read_text().replace("[connections.b]", "first_content_timeout = 0.3\n[connections.b]"))
    servers[0].default = silent
    backend = run_backend(base_url=None, openai_api_key=None, model_name="fast", connections=file)
    assert backend.app.state.model.timeouts_for("fast").first_content_s == pytest.approx(0.3 + 60 + 60)
    events = list(backend.client.stream("Hi"))
    assert isinstance(events[-1], Done)
    assert events[-1].model == "b/m"
    assert "did not begin to answer in time" in notices(events)[0]
    assert notices(list(backend.client.stream("Hi"))) == ["a/m failed a moment ago; b/m is asked instead."]


def test_a_server_that_only_accepts_is_not_taken_for_well(backend: RunningBackend, servers: list[StubModel]) -> None:
    member = backend.app.state.model.pool.named("a")
    servers[0].next(scripts.answer("Once", scripts.reset), scripts.answer("Once", scripts.reset), scripts.answer("Yes"))
    waits = []
    for _ in range(3):
        with suppress(IncompleteAnswerError):
            backend.client.ask("Hi", model="a/m")
        waits.append(member.cool_down._failures)
    assert waits == [1, 2, 0]


def test_where_all_fail_the_last_says_why(backend: RunningBackend, servers: list[StubModel]) -> None:
    for server in servers:
        server.default = scripts.status(500)
    with pytest.raises(UpstreamUnavailableError, match="status 500"):
        backend.client.ask("Hi")
    assert [server.hits for server in servers] == [1, 1, 2]


def test_where_all_fail_each_says_why(backend: RunningBackend, servers: list[StubModel]) -> None:
    refusals = (scripts.status(500), scripts.status(429, Retry_After="60"), scripts.status(401))
    for server, refusal in zip(servers, refusals, strict=True):
        server.default = refusal
    with pytest.raises(UpstreamAuthError) as caught:
        backend.client.ask("Hi")
    assert caught.value.detail == (
        "LLM processing failed: no model answered. a/m: the model server reports a failure (status 500). "
        "b/m: the model server is being asked too often. c/small: the model server does not accept the API key."
    )
    assert caught.value.hint == "Check the key of [connections.c]."


@pytest.mark.parametrize("key", ['api_key_variable = "NOT_SET"', 'api_key_file = "nowhere.key"'])
def test_a_connection_whose_key_is_nowhere_is_passed_over(
    key: str, run_backend: Callable[..., RunningBackend], servers: list[StubModel], file: Path
) -> None:
    file.write_text(file.read_text().replace("[connections.b]", f"{key}\n[connections.b]"))
    backend = run_backend(base_url=None, openai_api_key=None, model_name="fast", connections=file)
    events = list(backend.client.stream("Hi"))
    assert isinstance(events[-1], Done)
    assert events[-1].model == "b/m"
    assert notices(events)[0].endswith(" b/m is asked instead.")
    assert "with the API key" in notices(events)[0]
    assert servers[0].hits == 0


LONG = "A long story. " * 100
TOLD = [{"role": role, "content": "A long story. " * 50} for role in ("user", "assistant") * 2]


@pytest.mark.parametrize(
    "asked",
    [("", LONG, []), ("window = 100_000\n", LONG, []), ("window = 100_000\n", "And then?", TOLD)],
    ids=["nobody knows what the second reads", "it is set", "a conversation"],
)
def test_a_model_that_is_said_to_read_less_is_passed_over(
    asked: tuple[str, str, list[Any]],
    run_backend: Callable[..., RunningBackend],
    servers: list[StubModel],
    file: Path,
) -> None:
    window, prompt, told = asked
    small = file.read_text().replace("[connections.b]", "window = 300\n[connections.b]")
    file.write_text(small.replace("[connections.c]", f"{window}[connections.c]"))
    backend = run_backend(base_url=None, openai_api_key=None, model_name="fast", connections=file)
    assert backend.client.ask("Hi").model == "m"
    events = list(backend.client.stream(prompt, messages=told))
    assert isinstance(events[-1], Done)
    assert events[-1].model == "b/m"
    assert notices(events) == ["a/m can read less than this; b/m is asked instead."]
    assert [server.hits for server in servers] == [1, 1, 0]
    assert len(servers[1].calls[0].body["messages"]) == len(told) + 1


def test_a_small_window_of_another_cuts_nothing_that_the_first_may_read(
    run_backend: Callable[..., RunningBackend], servers: list[StubModel], file: Path
) -> None:
    file.write_text(file.read_text().replace("[connections.c]", "window = 300\n[connections.c]"))
    backend = run_backend(base_url=None, openai_api_key=None, model_name="fast", connections=file)
    assert notices(list(backend.client.stream("And then?", messages=TOLD))) == []
    assert len(servers[0].calls[0].body["messages"]) == len(TOLD) + 1


def test_one_that_failed_is_said_to_have_failed_where_the_next_reads_as_little(
    run_backend: Callable[..., RunningBackend], servers: list[StubModel], file: Path
) -> None:
    file.write_text(re.sub(r"(?=\[connections\.[bc])|(?=\n\[models)", "window = 300\n", file.read_text()))
    backend = run_backend(base_url=None, openai_api_key=None, model_name="fast", connections=file)
    servers[0].next(scripts.status(500))
    backend.client.ask("Hi")
    assert notices(list(backend.client.stream(LONG))) == ["a/m failed a moment ago; b/m is asked instead."]


def test_one_dead_server_neither_slows_nor_hides_the_others(backend: RunningBackend, servers: list[StubModel]) -> None:
    servers[0].listing = scripts.silence
    servers[1].kill()
    time.sleep(5.1)  # what was seen at the start is forgotten by then
    backend.client.models()
    began = time.monotonic()
    told = backend.client.models()
    ready = backend.client.ready()
    assert time.monotonic() - began < 2.5  # where each waited for the silent one, it would be 3
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
    running = iter(client.stream("Hi", model="c/small"))
    assert isinstance(next(running), Start)
    _replace(file, f'[connections.d]\nbase_url = "{servers[2].url}"\n')
    assert _names(backend) == ["d"]
    assert client.ask("Hi", model="d/m").answer == "Hello from the stub."
    assert "".join(event.text for event in running if isinstance(event, Text)) == "ab"

    _replace(file, '[connections.e]\nurl = "http://e"\n')
    assert _names(backend) == ["d"]
    fault = "line 2: connections.e.url is no key that is known there"
    assert fault in str(client.ready().model.note)

    _replace(file, '[connections.d]\nbase_url = "http://127.0.0.1:9/v1"\n')
    assert not client.ready().is_ready
    _replace(file, '[connections.e]\nurl = "http://e"\n')
    assert fault in str(client.ready().model.hint)


def test_a_question_goes_to_nobody_whom_nobody_named(backend: RunningBackend, file: Path) -> None:
    """Where the last connection is taken away, OpenAI is no place to ask without a key of the user's."""
    _replace(file, "")
    with pytest.raises(UpstreamAuthError, match="OPENAI_API_KEY with the API key is not set"):
        backend.client.ask("Hi")


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
    servers[0].default = scripts.answer("Once", scripts.silence)  # cut in their middle, however late it is killed
    begun = Semaphore(0)

    def ask(number: int) -> tuple[float, str, str]:
        time.sleep(number * 0.02)
        asked_at, text, name = time.monotonic(), "", ""
        response = requests.post(f"{backend.url}/query/stream", json={"prompt": "Hi"}, stream=True, timeout=60)
        for line in map(bytes.decode, response.iter_lines()):
            if line.startswith("event: "):
                name = line
            elif line.startswith("data: ") and not name:
                text += line.removeprefix("data: ")
                begun.release()
            elif not line and name not in {"event: done", "event: error"}:
                name = ""
        return asked_at, name, text

    with ThreadPoolExecutor(200) as pool:
        running = [pool.submit(ask, 0) for _ in range(100)]
        for _ in running:
            assert begun.acquire(timeout=60)
        servers[0].kill()
        killed_at = time.monotonic()
        later = [pool.submit(ask, number) for number in range(60)]
        cut, answered = [each.result() for each in running], [each.result() for each in later]
    assert {(end, said) for _, end, said in cut} == {("event: error", "Once")}
    late = [end for asked_at, end, _ in answered if asked_at > killed_at + 1]
    assert len(late) > 5
    assert set(late) == {"event: done"}


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [
        (scripts.status(503), 2),
        (scripts.status(503, Retry_After="1"), 2),
        (scripts.status(503, Retry_After="60"), 1),
        (scripts.status(429, Retry_After="60"), 1),
    ],
    ids=["soon", "in a second", "much later", "limited for long"],
)
def test_a_server_is_asked_once_more_only_if_that_may_help(
    refusal: Script, asked: int, backend: RunningBackend, servers: list[StubModel]
) -> None:
    servers[2].default = refusal
    with pytest.raises(UpstreamError):
        backend.client.ask("Hi", model="c/small")
    assert servers[2].hits == asked


def test_servers_that_are_found_come_last_and_once_and_go_again(stub: StubModel, tmp_path: Path) -> None:
    port = urlsplit(stub.url).port
    here = Upstream(f"http://127.0.0.1:{port}/v1", "m", "Ollama", "it was found", name="ollama", is_found=True)
    elsewhere = replace(here, base_url="http://127.0.0.1:9/v1", name="lm-studio")
    named = replace(here, base_url=f"http://localhost:{port}/v1", name="default", is_found=False)
    found = [[here, elsewhere], []]

    async def names() -> list[list[str]]:
        settings = Settings.load(data_dir=tmp_path)
        pool = ConnectionPool(lambda each: OpenAIModel(each, settings), named=[named], find=lambda: found.pop(0))
        seen = []
        for _ in range(2):
            pool._find_at = 0.0
            pool.look_for_more()
            await asyncio.sleep(0.2)
            seen.append([member.name for member in pool.members])
        await pool.close()
        return seen

    assert asyncio.run(names()) == [["default", "lm-studio"], ["default"]]


@pytest.mark.parametrize(
    ("model", "is_gone"),
    [
        *((known, False) for known in ("a", "default/a", "work/x", "x", "down/z")),
        *((gone, True) for gone in ("b", "default/b", "work/y", "who/z")),
    ],
)
def test_a_model_is_gone_if_its_connection_answers_and_does_not_have_it(model: str, is_gone: bool) -> None:
    told = ModelsInfo(
        "a",
        ("a", "work/x"),
        (
            ConnectionInfo("default", True, models=(ListedModelInfo("a", "a"),)),
            ConnectionInfo("work", True, models=(ListedModelInfo("work/x", "x"),)),
            ConnectionInfo("down", False),
        ),
    )
    assert told.is_gone(model) is is_gone
    assert told.listed_as(model) == {"x": "work/x", "default/a": "a"}.get(model, model)


def test_who_looks_at_a_connection_that_is_taken_away_is_not_ended_with_it() -> None:
    class Silent:
        upstream = Upstream(base_url="http://127.0.0.1:9/v1", model="m", provider="x", reason="y", name="silent")

        async def probe(self) -> None:
            await asyncio.sleep(60)

    async def seen() -> Sighting:
        member = Member(cast("ModelConnection", Silent()))
        looking = asyncio.create_task(member.look())
        await asyncio.sleep(0.01)
        member.look_no_more()
        return await looking

    assert isinstance(asyncio.run(seen()).error, UpstreamTimeoutError)


def test_the_shell_lists_models_under_their_connections() -> None:
    work = ConnectionInfo("work", True, "vLLM", models=(ListedModelInfo("work/x", "x"),))
    told = ModelsInfo("fast", ("fast",), (work, ConnectionInfo("lab", False, "lab:1", detail="gone.")), ())
    assert model_lines(told) == ["work (vLLM), ok", "  work/x", "lab (lab:1), failed: gone."]
    assert model_lines(ModelsInfo("a", ("a", "b"))) == ["a", "b"]


def test_a_client_of_openai_s_api_is_answered_by_another_model_too(
    backend: RunningBackend, servers: list[StubModel]
) -> None:
    servers[0].default = scripts.status(500)
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
    told = requests.post(f"{backend.url}/v1/chat/completions", json=body, timeout=10).json()
    assert (told["model"], told["choices"][0]["message"]["content"]) == ("b/m", "Hello from the stub.")
    streamed = requests.post(f"{backend.url}/v1/chat/completions", json={**body, "stream": True}, timeout=10).text
    assert '"model":"b/m"' in streamed
    assert '"model":"fast"' not in streamed
    events = requests.post(
        f"{backend.url}/v1/responses", json={"model": "fast", "input": "Hi", "stream": True}, timeout=10
    )
    assert '"model":"b/m"' in events.text
    assert '"model":"fast"' not in events.text
    backend.run(backend.app.state.ledger.flush())
    today = datetime.now(UTC).date()
    report = backend.app.state.store.usage.by("model", since=today - timedelta(1), until=today)
    assert {(row.name, row.calls, row.failures) for row in report.rows} == {("m", 1, 1), ("b/m", 3, 0)}
    listed = requests.get(f"{backend.url}/v1/models", timeout=10).json()["data"]
    assert {"fast", "b/m", "c/small"} <= {entry["id"] for entry in listed}


def test_a_certificate_that_is_refused_is_refused_again_and_not_asked_twice() -> None:
    refused, gone = map(error_from_connection, (ssl.SSLCertVerificationError(), ConnectionRefusedError()))
    assert (pause_before_retry(refused), pause_before_retry(gone)) == (None, 0.25)
    assert another_may_do_better(refused)
