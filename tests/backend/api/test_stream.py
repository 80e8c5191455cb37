"""`POST /query/stream`: the format to the byte, and every reader's view of it."""

import asyncio
import re
import socket
import struct
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from chatapp.backend.api import responses
from chatapp.backend.http.context import RequestContext, enter
from chatapp.backend.turns.turn import Turn
from chatapp.cli.http_protocol import JoinedHead
from chatapp.protocol.events import Done, Reasoning, Start, Text
from chatapp.protocol.gathering import gather_s
from support import scripts
from support.event_streams import EVENT, read
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.valid_completions import FINE, Fine, every_fine_answer


def ask(backend: RunningBackend, **options: Any) -> requests.Response:
    return requests.post(f"{backend.url}/query/stream", json={"prompt": "Why?"}, timeout=10, **options)


def test_a_stream_to_the_byte(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer(scripts.delta(reasoning_content="hm"), 0.1, "Quantum", 0.1, " com\nputing"))
    data = ask(shared).content
    data = re.sub(rb'"turn_id":"[0-9a-f]{32}"', b'"turn_id":"T"', data)
    data = re.sub(rb'"(latency|first_token|thinking)_ms":\d+', rb'"\1_ms":1', data)
    data = re.sub(rb'"tokens_per_second":\d+\.\d', b'"tokens_per_second":9.9', data)
    assert data.decode() == (
        'id: 1\nevent: start\ndata:{"turn_id":"T","model":"stub-model","conversation_id":null}\n\n'
        'id: 3\nevent: reasoning\ndata:{"text":"hm"}\n\n'
        "id: 10\ndata: Quantum\n\n"
        "id: 21\ndata:  com\ndata: puting\n\n"
        'id: 22\nevent: done\ndata:{"finish_reason":"stop","usage":'
        '{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12},"latency_ms":1,"usage_details":'
        '{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"cached_tokens":0,"reasoning_tokens":0,'
        '"estimated":false,"cost":"0","price_source":"local","first_token_ms":1,"tokens_per_second":9.9,"thinking_ms":1}}\n\n'
    )


def test_its_headers_keep_proxies_from_holding_it_back(shared: RunningBackend) -> None:
    headers = ask(shared, headers={"Accept-Encoding": "gzip"}).headers
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Transfer-Encoding"] == "chunked"
    assert "Content-Encoding" not in headers
    assert headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/query", "/query/stream"])
def test_a_client_of_http_1_0_gets_no_chunks(path: str, shared: RunningBackend) -> None:
    """As uvicorn 0.54.0 with httptools 0.9.0 sends them: findings/uvicorn_answers_http_1_0_in_chunks."""
    head = f"POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 17"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as line, line.makefile("rb") as said:
        line.sendall(f'{head}\r\n\r\n{{"prompt":"Why?"}}'.encode())
        headers, _, body = said.read().lower().partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in headers
    assert body.startswith(b'{"model"' if path == "/query" else b"id: 1\n"), body


def _asked(backend: RunningBackend, path: str, *, extra: str = "") -> socket.socket:
    """Send the head of a question, and give the connection on which its body is awaited."""
    line = socket.create_connection(("127.0.0.1", backend.port), timeout=10)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
    line.sendall(f"{head}{extra}\r\n".encode())
    return line


def _segments_with_data(line: socket.socket) -> int:
    """Return how many pieces have come: `tcpi_data_segs_in` of Linux."""
    told = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160)
    return int(struct.unpack_from("I", told, 152)[0])


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not count")
@pytest.mark.parametrize(("path", "first"), [("/query", b'"answer"'), ("/query/stream", b"event: start")])
@pytest.mark.parametrize("extra", ["", "Connection: close\r\n"], ids=["kept", "closed"])
def test_the_head_of_an_answer_comes_with_what_is_said_first(
    path: str, first: bytes, extra: str, shared: RunningBackend, model: StubModel
) -> None:
    if path == "/query/stream":
        model.next(scripts.answer(scripts.silence))
    with _asked(shared, path, extra=extra) as line:
        line.sendall(b'{"prompt":"Why?"}')
        head = line.recv(65536)
        assert _segments_with_data(line) == 1
    assert first in head.partition(b"\r\n\r\n")[2]


def test_a_head_that_nothing_follows_is_not_held_back(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("first", scripts.silence))
    with shared.client.stream("Why?") as events:
        turn = next(iter(events))
        assert isinstance(turn, Start)
        behind = {"Last-Event-ID": "1000"}
        with requests.get(f"{shared.url}/turns/{turn.turn_id}/stream", headers=behind, stream=True, timeout=5) as said:
            assert said.status_code == 200


def test_words_that_begin_as_an_interim_answer_does_stay_behind_the_head() -> None:
    pieces = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 100 Continue", b", it said."]
    assert asyncio.run(_sent(pieces)) == [pieces[0], pieces[1] + pieces[2], pieces[3]]


async def _sent(pieces: list[bytes]) -> list[bytes]:
    """Return what goes out where `pieces` are written in one step."""
    sent: list[bytes] = []
    transport = SimpleNamespace(write=sent.append, is_closing=lambda: False)
    answer = JoinedHead(transport, asyncio.get_running_loop())
    for piece in pieces:
        answer.write(piece)
    await asyncio.sleep(0)
    return sent


def test_who_waits_with_the_body_is_told_to_go_on_at_once(shared: RunningBackend) -> None:
    with _asked(shared, "/query", extra="Expect: 100-continue\r\n") as line:
        assert line.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b'{"prompt":"Why?"}')
        assert line.recv(65536).startswith(b"HTTP/1.1 200")


@every_fine_answer
def test_every_fine_answer_is_streamed_in_order_with_one_end(
    fine: Fine, shared: RunningBackend, model: StubModel
) -> None:
    model.next(fine.script)
    seen = read(ask(shared).content)
    assert seen.text == fine.text
    assert seen.bodies["done"]["finish_reason"] == fine.finish_reason
    assert (seen.names[0], seen.names[-1], seen.names.count("done")) == ("start", "done", 1)
    assert seen.ids == sorted(set(seen.ids))


@every_fine_answer
def test_the_guide_s_client_sees_the_answer_alone(fine: Fine, shared: RunningBackend, model: StubModel) -> None:
    model.next(fine.script)
    response = requests.post(f"{shared.url}/query/stream", json={"prompt": "Why?"}, stream=True, timeout=30)
    chunks = []
    for line in response.iter_lines():
        if line.startswith(b"data: "):
            chunk = line[6:].decode("utf-8")
            chunks.append(chunk)
    assert "".join(chunks) == fine.text.replace("\n", "")


@every_fine_answer
def test_the_client_gives_the_same_as_events(fine: Fine, shared: RunningBackend, model: StubModel) -> None:
    model.next(fine.script)
    events = list(shared.client.stream("Why?"))
    assert isinstance(events[0], Start)
    assert isinstance(events[-1], Done)
    assert "".join(event.text for event in events if isinstance(event, Text)) == fine.text
    assert "".join(event.text for event in events if isinstance(event, Reasoning)) == fine.reasoning


def test_a_word_arrives_before_the_answer_is_whole(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("first", scripts.silence))
    with shared.client.stream("Why?") as events:
        assert [event for _, event in zip(range(2), events, strict=False)][1] == Text("first")


def test_every_word_arrives_when_it_is_said(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("a", 0.2, "b", 0.2, "c"))
    began = time.monotonic()
    arrivals = [time.monotonic() - began for event in shared.client.stream("Why?") if isinstance(event, Text)]
    assert arrivals == pytest.approx([0, 0.2, 0.4], abs=0.15)


def test_the_response_begins_when_the_model_has_accepted(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer(scripts.silence, role=False))
    with shared.client.stream("Why?") as events:
        assert isinstance(next(iter(events)), Start)


def test_a_refusal_has_its_own_status(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.later(0.1, scripts.status(429, Retry_After="9")))
    response = ask(shared)
    assert response.status_code == 429
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Retry-After"] == "9"


def test_a_refusal_that_takes_too_long_is_an_event(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "ACCEPTED_WITHIN_S", 0.1)
    model.next(scripts.later(0.3, scripts.status(401)))
    response = ask(shared)
    seen = read(response.content)
    assert (response.status_code, seen.names) == (200, ["start", "error"])
    assert seen.bodies["error"]["code"] == "upstream_auth"
    assert seen.bodies["error"]["request_id"] == response.headers["X-Request-ID"]


def test_a_failure_midway_is_the_one_end(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("a", 0.05, "b", scripts.reset))
    response = ask(shared)
    seen = read(response.content)
    assert (seen.names[0], seen.names[-1], seen.text) == ("start", "error", "ab")
    assert seen.bodies["error"].keys() >= {"detail", "code", "request_id"}


def test_comments_keep_a_silent_stream_alive(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "KEEP_ALIVE_S", 0.1)
    model.next(scripts.answer("a", 0.55, "b"))
    seen = read(ask(shared).content)
    assert 3 <= seen.comments <= 6
    assert (seen.text, seen.names.count("done")) == ("ab", 1)


def test_a_slow_reader_gets_fewer_and_larger_events(shared: RunningBackend, model: StubModel) -> None:
    words = ["x" * 1000] * 7000
    model.next(scripts.answer(*words))
    with ask(shared, stream=True) as response:
        time.sleep(0.5)
        seen = read(response.raw.read())
    assert seen.text == "".join(words)
    assert len(seen.ids) < len(words) / 2


def test_words_come_in_steps_for_who_asks_for_that(shared: RunningBackend, model: StubModel) -> None:
    words = [f"{number} " for number in range(12)]
    model.next(scripts.answer(*(step for word in words for step in (word, 0.02))))
    began = time.monotonic()
    seen = read(ask(shared, headers={"X-Gather-Ms": "1000"}).content)
    assert seen.text == "".join(words)
    assert seen.names.count("") <= 2 + (time.monotonic() - began)


def test_the_first_word_is_not_held_back_in_steps(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("One ", scripts.silence))
    with ask(shared, headers={"X-Gather-Ms": "1000"}, stream=True) as response:
        assert any(line == b"data: One " for line in response.iter_lines(chunk_size=1))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(None, 0), ("", 0), ("100", 0.1), ("9999", 1), ("10000", 0), ("-5", 0), ("1.5", 0), ("٣", 0), ("1" * 9999, 0)],
)
def test_what_is_no_step_is_none(told: str | None, seconds: float) -> None:
    assert gather_s(told) == seconds


def test_reading_on_from_any_event_gives_the_rest(shared: RunningBackend, model: StubModel) -> None:
    pieces = [scripts.delta(reasoning="hm"), 0.02, "a é", 0.02, "😀\n", 0.02, "\n b", 0.02, "c"]
    model.next(scripts.answer(*pieces))
    data = ask(shared).content
    whole = read(data)
    ends = [match.end() for match in EVENT.finditer(data)]
    turn = whole.bodies["start"]["turn_id"]
    for number, end in zip(whole.ids, ends, strict=True):
        rest = requests.get(
            f"{shared.url}/turns/{turn}/stream", headers={"Last-Event-ID": str(number)}, timeout=5
        ).content
        assert (read(rest).text, read(rest).names[-1:]) == (read(data[end:]).text, read(data[end:]).names[-1:])


@pytest.mark.parametrize("position", ["x", "-1", "1.5", "²", ""])
def test_a_position_that_is_none_is_refused(position: str, shared: RunningBackend) -> None:
    turn = read(ask(shared).content).bodies["start"]["turn_id"]
    response = requests.get(
        f"{shared.url}/turns/{turn}/stream", headers={"Last-Event-ID": position.encode()}, timeout=5
    )
    assert response.status_code == 422


def test_a_turn_that_is_not_there_is_404(shared: RunningBackend) -> None:
    response = requests.get(f"{shared.url}/turns/0000/stream", timeout=5)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_stopped_answer_keeps_what_was_said(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("a", scripts.silence))
    with shared.client.stream("Why?") as events:
        iterator = iter(events)
        assert [next(iterator), next(iterator)][1] == Text("a")
        assert events.start is not None
        requests.post(f"{shared.url}/turns/{events.start.turn_id}/cancel", timeout=5).raise_for_status()
        last = next(iterator)
    assert isinstance(last, Done)
    assert model.calls[-1].wait_until_left(timeout_s=1)


def test_open_streams_end_with_a_word_when_the_backend_stops(
    run_backend: Callable[..., RunningBackend], stub: StubModel
) -> None:
    backend = run_backend()
    stub.default = scripts.answer("a", scripts.silence)
    responses = [
        requests.post(f"{backend.url}/query/stream", json={"prompt": "Why?"}, stream=True, timeout=10)
        for _ in range(10)
    ]
    stub.wait_for_call(10)
    began = time.monotonic()
    backend.stop()
    for response in responses:
        assert read(response.content).bodies["error"]["code"] == "shutting_down"
    assert time.monotonic() - began < 5


def test_a_whole_answer_in_the_making_is_refused_when_the_backend_stops(
    run_backend: Callable[..., RunningBackend], stub: StubModel
) -> None:
    backend = run_backend()
    stub.default = scripts.answer("a", scripts.silence)
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(requests.post, f"{backend.url}/query", json={"prompt": "Why?"}, timeout=10)
        stub.wait_for_call()
        backend.stop()
        response = asked.result(5)
    assert (response.status_code, response.json()["code"]) == (503, "shutting_down")


def test_a_hundred_streams_do_not_mix(shared: RunningBackend, model: StubModel) -> None:
    for number in range(100):
        model.models[f"model-{number}"] = scripts.answer(*[f"{number} ", 0.01] * 20)

    def text_of(number: int) -> str:
        events = shared.client.stream("Why?", model=f"model-{number}")
        return "".join(event.text for event in events if isinstance(event, Text))

    with ThreadPoolExecutor(max_workers=100) as threads:
        texts = list(threads.map(text_of, range(100)))
    assert texts == [f"{number} " * 20 for number in range(100)]


def test_whole_and_streamed_answers_are_the_same(shared: RunningBackend, model: StubModel) -> None:
    for fine in FINE.values():
        model.next(fine.script, fine.script)
        assert shared.client.ask("Why?").answer == read(ask(shared).content).text


@pytest.mark.parametrize("size", [1, responses.SLICE_BYTES, 3 * responses.SLICE_BYTES])
def test_the_end_of_the_response_goes_with_the_last_words(size: int) -> None:
    said = "a" * size
    bodies = asyncio.run(_bodies(said))
    assert [body["more_body"] for body in bodies] == [True] * (len(bodies) - 1) + [False]
    assert all(0 < len(body["body"]) <= responses.SLICE_BYTES for body in bodies)
    assert read(b"".join(body["body"] for body in bodies)).text == said


async def _bodies(said: str) -> list[dict[str, Any]]:
    """Return what is sent behind the head of a turn that is over."""
    turn, sent, scope = Turn("m"), list[Any](), {"type": "http", "headers": []}
    turn.append(Text(said))
    turn.end()
    enter(scope, RequestContext("a request"))

    async def send(message: Any) -> None:
        sent.append(message)

    await responses.StreamedAnswer(turn)(scope, asyncio.Event().wait, send)
    return sent[1:]
