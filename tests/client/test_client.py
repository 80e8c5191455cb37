"""What the client reads: servers that are no backend, or a broken one; of the real one see `test_query.py`."""

import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatapp.client import BackendClient, messages_from
from chatapp.client.bounded import bounded
from chatapp.errors import (
    BackendProtocolError,
    BackendTimeoutError,
    BackendUnreachableError,
    ChatappError,
    EventTooLargeError,
    InvalidRequestError,
    SettingsError,
    StreamCutError,
    UpstreamRateLimitedError,
)
from chatapp.protocol.events import Answer, Done, Event, Start, Text
from chatapp.protocol.resources import DependencyInfo
from chatapp.protocol.sse import KEEP_ALIVE, encode
from support import scripts
from support.stub_model import StubModel

START = Start("turn-1", "some-model", "conversation-1")
DONE = Done("stop", None, 12)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = HEAD + b"\r\n"
REFUSAL = {"detail": "Not now.", "code": "rate_limited", "request_id": "r-1", "retry_after": 7, "hint": "Wait."}

asking = pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.health(),
        lambda client: client.ready(),
        lambda client: client.ask("Why?"),
        lambda client: list(client.stream("Why?")),
        lambda client: list(client.resume("turn-1")),
    ],
    ids=["health", "ready", "ask", "stream", "resume"],
)
Ask = Callable[[BackendClient], Any]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def wire(*events: Event) -> bytes:
    return b"".join(encode(event, position) for position, event in enumerate(events, start=1))


@pytest.fixture
def to(server: StubModel) -> Iterator[BackendClient]:
    """A client of `server`."""
    with BackendClient(server.url, timeout_s=10) as client:
        yield client


@pytest.fixture
def hasty(server: StubModel) -> Iterator[BackendClient]:
    """A client of `server` that does not wait long."""
    with BackendClient(server.url, timeout_s=0.3) as client:
        yield client


@asking
def test_a_closed_port_is_unreachable(ask: Ask) -> None:
    with scripts.closed_port() as url, pytest.raises(BackendUnreachableError) as caught:
        ask(BackendClient(url))
    assert caught.value.sentence() == f"Cannot connect to backend at {url}. Start it with: chatapp serve"


def test_an_unknown_host_is_unreachable() -> None:
    with pytest.raises(BackendUnreachableError):
        BackendClient("http://no-such-host.invalid").health()


@asking
@pytest.mark.parametrize(
    "script",
    [scripts.silence, scripts.raw(b"HTTP/1.1 200 OK\r\nContent-", scripts.silence)],
    ids=["nothing", "half a head"],
)
def test_silence_is_a_timeout(server: StubModel, hasty: BackendClient, ask: Ask, script: scripts.Script) -> None:
    server.default = script
    with pytest.raises(BackendTimeoutError, match=r"said nothing for 0\.3 seconds") as caught:
        ask(hasty)
    assert "REQUEST_TIMEOUT" in caught.value.sentence()


def test_silence_within_an_answer_is_a_timeout(server: StubModel, hasty: BackendClient) -> None:
    server.next(scripts.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", scripts.silence))
    with pytest.raises(BackendTimeoutError):
        hasty.ask("Why?")


def test_silence_within_a_stream_is_a_timeout(server: StubModel, hasty: BackendClient) -> None:
    server.next(scripts.raw(CHUNKED + chunk(wire(START, Text("a"))), scripts.silence))
    with pytest.raises(BackendTimeoutError):
        list(hasty.stream("Why?"))


def test_comments_keep_a_slow_answer_alive(server: StubModel) -> None:
    pings = [part for _ in range(7) for part in (chunk(KEEP_ALIVE), 0.25)]
    server.next(scripts.raw(CHUNKED, *pings, chunk(wire(START, DONE))))
    with BackendClient(server.url, timeout_s=1.5) as client:
        assert list(client.stream("Why?")) == [START, DONE]


@asking
@pytest.mark.parametrize(
    "script",
    [
        scripts.html(),
        scripts.html(502),
        scripts.respond(200, b"", Content_Type="text/plain"),
        scripts.respond(200, b"[1]", Content_Type="application/json"),
        scripts.respond(200, b"\xff\xfe{", Content_Type="application/json"),
        scripts.respond(200, b"[" * 100_000, Content_Type="application/json"),
        scripts.respond(404, {"detail": "Not Found"}),
        scripts.redirect("http://elsewhere.invalid/"),
        scripts.raw(b"SSH-2.0-OpenSSH_9.7\r\n"),
    ],
    ids=["page", "bad gateway", "empty", "list", "UTF-16", "deep", "another API", "redirect", "no HTTP"],
)
def test_another_kind_of_server_is_named_as_such(server: StubModel, to: BackendClient, ask: Ask, script: Any) -> None:
    server.default = script
    with pytest.raises(BackendProtocolError, match=f"The server at {server.url} ") as caught:
        ask(to)
    assert "BACKEND_URL" in caught.value.sentence()


@asking
def test_a_connection_that_breaks_before_the_answer_is_a_cut(server: StubModel, to: BackendClient, ask: Ask) -> None:
    server.default = scripts.reset
    with pytest.raises(StreamCutError, match="ended before the answer did"):
        ask(to)


def test_a_body_that_breaks_off_is_a_cut(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))
    with pytest.raises(StreamCutError):
        to.ask("Why?")


@pytest.mark.parametrize(
    "script",
    [
        scripts.raw(CHUNKED + chunk(wire(START, Text("a")))),
        scripts.raw(CHUNKED + chunk(wire(START, Text("a"))) + b"0\r\n\r\n"),
        scripts.raw(CHUNKED + chunk(wire(START, Text("a"))) + b"5\r\nda"),
        scripts.raw(CHUNKED + chunk(wire(START, Text("a"))), 0.05, scripts.reset),
        scripts.raw(CHUNKED + chunk(wire(START, Text("a"))) + b"no chunk\r\n"),
        scripts.raw(UNTIL_CLOSE + wire(START, Text("a"))),
        scripts.raw(UNTIL_CLOSE + wire(START, Text("a")) + wire(DONE)[:-1]),
    ],
    ids=["no last chunk", "no end", "half a chunk", "RST", "bad chunk", "no length", "half an end"],
)
def test_a_stream_that_breaks_off_gives_what_came_and_raises(
    server: StubModel, to: BackendClient, script: scripts.Script
) -> None:
    server.next(script)
    with to.stream("Why?") as stream:
        events = iter(stream)
        assert [next(events), next(events)] == [START, Text("a")]
        with pytest.raises(StreamCutError):
            next(events)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_line_endings_may_straddle_reads(server: StubModel, to: BackendClient, end: bytes) -> None:
    data = wire(START, Text("a\n\nb é"), Text(" c"), DONE).replace(b"\n", end)
    server.next(scripts.raw(CHUNKED, *(chunk(bytes([byte])) for byte in data), b"0\r\n\r\n"))
    assert list(to.stream("Why?")) == [START, Text("a\n\nb é"), Text(" c"), DONE]


def test_events_are_given_when_they_come(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(UNTIL_CLOSE + wire(START), scripts.silence))
    started = time.monotonic()
    with to.stream("Why?") as events:
        assert next(iter(events)) == START
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_compressed_stream_is_read(server: StubModel, to: BackendClient, encoding: str) -> None:
    data = wire(START, Text("a" * 1000), DONE)
    data = gzip.compress(data) if encoding == "gzip" else data
    server.next(
        scripts.raw(
            HEAD + f"Content-Encoding: {encoding}\r\n\r\n".encode(), *(data[i : i + 1] for i in range(len(data)))
        )
    )
    assert list(to.stream("Why?")) == [START, Text("a" * 1000), DONE]


def test_a_compressed_answer_is_read(server: StubModel, to: BackendClient) -> None:
    body = gzip.compress(b'{"model": "m", "answer": "' + b"a" * 1000 + b'"}')
    server.next(scripts.respond(200, body, Content_Type="application/json", Content_Encoding="gzip"))
    assert to.ask("Why?") == Answer(model="m", answer="a" * 1000)


def test_what_follows_the_end_is_not_read(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(UNTIL_CLOSE + wire(START, DONE, Text("more")), scripts.silence))
    assert list(to.stream("Why?")) == [START, DONE]
    assert server.calls[0].wait_until_left(timeout_s=1)


def test_leaving_a_stream_hangs_up(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(CHUNKED + chunk(wire(START, Text("a"))), scripts.silence))
    with to.stream("Why?") as events:
        next(iter(events))
    assert server.calls[0].wait_until_left(timeout_s=1)


def test_a_stream_knows_its_turn_and_where_it_stands(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(UNTIL_CLOSE + wire(START, Text("a"), DONE)))
    with to.stream("Why?") as events:
        assert [event for _, event in zip(range(2), events, strict=False)] == [START, Text("a")]
        assert (events.start, events.last_event_id) == (START, "2")


def test_resuming_says_what_was_read(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(UNTIL_CLOSE + wire(START, DONE)))
    list(to.resume("turn-1", last_event_id="7"))
    call = server.requests[0]
    assert (call.method, call.path, call.headers["last-event-id"]) == ("GET", "/turns/turn-1/stream", "7")


@asking
def test_a_refusal_is_raised_as_its_class(server: StubModel, to: BackendClient, ask: Ask) -> None:
    server.default = scripts.respond(429, REFUSAL)
    with pytest.raises(ChatappError) as caught:
        ask(to)
    assert type(caught.value).__name__ == "RateLimitedError"
    assert caught.value.as_dict() == REFUSAL


def test_a_failure_midway_is_raised_as_its_class(server: StubModel, to: BackendClient) -> None:
    failure = {"detail": "LLM processing failed: too often.", "code": "upstream_rate_limited", "request_id": "r-1"}
    server.next(
        scripts.raw(UNTIL_CLOSE + wire(START) + b"event: error\ndata:%s\n\n" % str(failure).replace("'", '"').encode())
    )
    with pytest.raises(UpstreamRateLimitedError, match=r"^LLM processing failed: too often\.$"):
        list(to.stream("Why?"))


def test_a_refusal_of_the_future_keeps_its_sentence(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.respond(418, {"detail": "I am a teapot.", "code": "teapot", "request_id": "r-1"}))
    with pytest.raises(ChatappError, match=r"I am a teapot\."):
        to.ask("Why?")


def test_not_ready_is_an_answer_and_no_error(server: StubModel, to: BackendClient) -> None:
    body = {"model": {"ok": False, "detail": "No."}, "store": {"ok": True}}
    server.default = scripts.respond(503, body)
    ready = to.ready()
    assert (ready.is_ready, ready.model) == (False, DependencyInfo(ok=False, detail="No."))


def test_an_event_without_end_is_refused(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.raw(UNTIL_CLOSE, scripts.long_line(megabytes=20)))
    with pytest.raises(EventTooLargeError):
        list(to.stream("Why?"))


def test_options_left_out_are_not_sent(server: StubModel, to: BackendClient) -> None:
    server.next(scripts.respond(200, {"model": "m", "answer": "a"}))
    to.ask("Why?", temperature=0.2, model=None)
    assert server.calls[0].body == {"prompt": "Why?", "temperature": 0.2}


def test_an_option_that_is_no_json_is_an_invalid_request(to: BackendClient) -> None:
    with pytest.raises(InvalidRequestError):
        to.ask("Why?", temperature=float("nan"))


def test_one_client_serves_many_threads(server: StubModel) -> None:
    server.default = scripts.respond(200, {"model": "m", "answer": "a"})
    answers: list[Answer] = []
    with BackendClient(server.url) as client:
        threads = [threading.Thread(target=lambda: answers.append(client.ask("Why?"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert answers == [Answer(model="m", answer="a")] * 20


def test_a_page_hands_its_messages_on_without_what_it_added() -> None:
    page = [{"role": "user", "content": "Why?", "timestamp": "14:30:45"}]
    assert messages_from(page) == [{"role": "user", "content": "Why?"}]


def test_a_pipe_that_brings_more_than_is_taken_is_named_as_that() -> None:
    read, write = os.pipe()
    os.write(write, b"x" * 11)
    os.close(write)
    with open(read, "rb", buffering=0) as piped, pytest.raises(SettingsError, match="What is piped in is larger"):
        list(bounded(piped, most=10))


def test_a_file_is_sent_as_large_as_it_was_when_that_was_told(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("abc")
    with path.open("rb", buffering=0) as file, path.open("ab", buffering=0) as growing:
        sent = bounded(file)
        growing.write(b"d")
        assert (len(sent), sent.read(9), sent.read(9)) == (3, b"abc", b"")
        file.seek(0)
        sent = bounded(file)
        os.truncate(path, 2)
        with pytest.raises(SettingsError, match=r"a\.log ends before the size that it has\."):
            sent.read(9), sent.read(9)
