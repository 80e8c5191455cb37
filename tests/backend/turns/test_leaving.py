"""A client that leaves: its model is let go within a second, and nothing of it stays behind."""

import asyncio
import gc
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
import requests
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from chatapp.cli.http_protocol import HttpProtocol
from support import scripts
from support.running_backend import RunningBackend
from support.scripts import Script, answer, later, pings, silence
from support.stub_model import StubModel
from support.turn_steps import wait_for

pytestmark = pytest.mark.faults

HALF_A_REFUSAL = scripts.raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{", silence)
BATCHES, AT_ONCE = 8, 25

every_path = pytest.mark.parametrize("path", ["/query", "/query/stream"])


def ask(backend: RunningBackend, path: str, then: bytes = b"", **fields: Any) -> socket.socket:
    """Send a question, and `then` more, and give the connection on which its answer will come."""
    body = json.dumps({"prompt": "Why?", **fields})
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    line = socket.create_connection(("127.0.0.1", backend.port), timeout=5)
    line.sendall(f"{head}\r\n\r\n{body}".encode() + then)
    return line


def reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


every_goodbye = pytest.mark.parametrize("goodbye", [socket.socket.close, reset], ids=["FIN", "RST"])


@every_goodbye
@every_path
@pytest.mark.parametrize(
    "script",
    [
        silence,
        HALF_A_REFUSAL,
        answer(silence, role=False),
        answer("a", silence),
        answer(pings),
        answer(scripts.endless(every_s=0.01)),
    ],
    ids=["silent", "half a refusal", "headers", "a word", "comments", "endless"],
)
def test_a_client_that_leaves_takes_its_model_along(
    script: Script, path: str, goodbye: Callable[[socket.socket], None], shared: RunningBackend, model: StubModel
) -> None:
    before = model.hits
    model.next(script)
    line = ask(shared, path)
    call = model.wait_for_call(before + 1)
    time.sleep(0.05)
    goodbye(line)
    left_at = time.monotonic()
    assert call.wait_until_left(timeout_s=1)
    assert call.left_at is not None
    assert call.left_at - left_at < 1


@every_path
@pytest.mark.parametrize(
    ("fields", "then"),
    [({"system": "a " * 200_000}, b""), ({}, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ids=["behind a long question", "and has asked for more"],
)
def test_a_client_that_leaves_is_missed_although_reading_was_held_up(
    fields: dict[str, str], then: bytes, path: str, shared: RunningBackend, model: StubModel
) -> None:
    """Uvicorn reads no further behind 64 KB of a body, and behind a second request."""
    before = model.hits
    model.next(answer("a", silence))
    line = ask(shared, path, then, **fields)
    call = model.wait_for_call(before + 1)
    line.close()
    assert call.wait_until_left(timeout_s=1)


@every_path
def test_a_client_that_asks_for_more_meanwhile_before_it_leaves_is_missed(
    path: str, shared: RunningBackend, model: StubModel
) -> None:
    before = model.hits
    model.next(answer("a", silence))
    line = ask(shared, path)
    call = model.wait_for_call(before + 1)
    for _ in range(2):
        line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.05)
    line.close()
    assert call.wait_until_left(timeout_s=1)


@every_path
def test_a_client_that_leaves_between_two_tries_is_not_asked_for_again(
    path: str, shared: RunningBackend, model: StubModel
) -> None:
    before = model.hits
    model.next(scripts.status(429, Retry_After="1"))
    line = ask(shared, path)
    model.wait_for_call(before + 1)
    line.close()
    time.sleep(1.2)
    assert model.hits == before + 1


def test_a_question_of_another_client_is_not_disturbed(shared: RunningBackend, model: StubModel) -> None:
    model.next(answer("a", silence), answer("b", 0.3, "c"))
    leaving = ask(shared, "/query/stream")
    with shared.client.stream("Why?") as events:
        iterator = iter(events)
        next(iterator)
        leaving.close()
        assert "".join(getattr(event, "text", "") for event in iterator) == "bc"


def test_a_turn_with_a_second_reader_goes_on_without_the_first(shared: RunningBackend, model: StubModel) -> None:
    model.next(answer("a", 0.4, "b"))
    first = shared.client.stream("Why?")
    next(iter(first))
    assert first.start is not None
    with shared.client.resume(first.start.turn_id) as second:
        iterator = iter(second)
        next(iterator)
        first.close()
        assert "".join(getattr(event, "text", "") for event in iterator) == "ab"


def test_a_turn_of_a_conversation_goes_on_without_readers(shared: RunningBackend, model: StubModel) -> None:
    model.next(later(0.2, answer("a", 0.2, "b")))
    before = model.hits
    line = ask(shared, "/query", store=True)
    call = model.wait_for_call(before + 1)
    line.close()
    assert not call.wait_until_left(timeout_s=0.6)
    url = f"{shared.url}/conversations"
    conversation = requests.get(url, timeout=5).json()["items"][0]
    messages = requests.get(f"{url}/{conversation['id']}/messages", timeout=5).json()["items"]
    assert [message["content"] for message in messages] == ["Why?", "ab"]


@every_path
def test_two_hundred_that_leave_leave_nothing_behind(path: str, shared: RunningBackend, model: StubModel) -> None:
    _come_and_go(shared, model, path)
    before = _belongings(shared, model)
    for _ in range(BATCHES):
        _come_and_go(shared, model, path)
    assert _belongings(shared, model) == before


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_connection_that_is_closed_waits_for_no_garbage_collector(version: str, shared: RunningBackend) -> None:
    gc.collect()
    gc.disable()
    try:
        before = _connections()
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", shared.port), timeout=5) as line:
                line.sendall(f"GET /health HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                while line.recv(1000):
                    pass
        wait_for(lambda: _connections() <= before)
    finally:
        gc.enable()


def _connections() -> int:
    return sum(type(each) in {RequestResponseCycle, HttpProtocol} for each in gc.get_objects())  # asks no proxy


def _come_and_go(backend: RunningBackend, model: StubModel, path: str) -> None:
    """Let `AT_ONCE` clients ask and leave; check that the model is let go of within a second."""
    before = model.hits
    model.next(*[answer("a", silence)] * AT_ONCE)
    lines = [ask(backend, path) for _ in range(AT_ONCE)]
    model.wait_for_call(before + AT_ONCE)
    left_at = time.monotonic()
    for line in lines:
        line.close()
    for call in model.calls[before:]:
        assert call.wait_until_left(timeout_s=5)
        assert call.left_at is not None
        assert call.left_at - left_at < 1


def _belongings(backend: RunningBackend, model: StubModel) -> tuple[int, int]:
    """Return how many descriptors and tasks there are, once they have become fewer no more."""
    backend.run(backend.app.state.ledger.flush())  # the first write opens the store's file
    counts = []
    while len(counts) < 3 or counts[-1] != counts[-3]:
        time.sleep(0.1)
        gc.collect()
        counts.append((psutil.Process().num_fds(), backend.run(_count_tasks())))
        assert len(counts) < 50, f"{counts[-5:]} never come to rest"
    return counts[-1]


async def _count_tasks() -> int:
    return len(asyncio.all_tasks())
