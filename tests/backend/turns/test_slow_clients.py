"""Clients that take their time: they lose their connection, and nobody else loses any time by them."""

import json
import re
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, repeat
from typing import Any

import psutil
import pytest
import requests

from chatapp.backend.http import bodies
from chatapp.cli import http_protocol
from support import scripts
from support.commands import Serving
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel
from support.turn_steps import wait_for

pytestmark = pytest.mark.faults

JSON = "Content-Type: application/json"
CROWD = 200
WATCHED_S = 3.0


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def connect(backend: Any, *, receive_buffer: int | None = None) -> socket.socket:
    line = socket.socket()
    if receive_buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    line.settimeout(10)
    line.connect(("127.0.0.1", backend.port))
    return line


@contextmanager
def trickling(line: socket.socket, data: Iterator[bytes]) -> Iterator[None]:
    """Send pieces of `data` for as long as the block lasts and somebody takes them, ten a second."""
    is_over = threading.Event()

    def trickle() -> None:
        for piece in data:
            try:
                line.sendall(piece)
            except OSError:
                return
            if is_over.wait(0.1):
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def received(line: socket.socket) -> bytes:
    """Return all that comes until the other side hangs up."""
    data = b""
    try:
        while part := line.recv(65536):
            data += part
    except ConnectionResetError:
        pass
    return data


@pytest.mark.parametrize("path", ["/query", "/query/stream", "/import"])
def test_a_body_that_trickles_is_refused(
    path: str, shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.5)
    before, began = model.hits, time.monotonic()
    began_fast = [head(path, JSON, "Content-Length: 200000"), b" " * 100_000]
    with connect(shared) as line, trickling(line, chain(began_fast, repeat(b" "))):
        top, _, body = received(line).partition(b"\r\n\r\n")
    assert 0.5 <= time.monotonic() - began < 5
    assert top.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["code"] == "request_timeout"
    assert model.hits == before


def test_a_body_that_comes_fast_enough_is_read_to_its_end(
    shared: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.5)
    pieces = iter([json.dumps({"prompt": "Why?"}).encode(), *[b" " * 20_000] * 10])

    def slow_pieces() -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            time.sleep(0.1)

    headers = {"Content-Type": "application/json"}
    response = requests.post(f"{shared.url}/query", data=slow_pieces(), headers=headers, timeout=10)
    assert response.status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/query", 413), ("/query/stream", 413), ("/nowhere", 404)])
def test_a_refusal_reaches_who_sends_the_whole_body_first(path: str, status: int, shared: RunningBackend) -> None:
    """As `urllib` does, which hangs up after each answer: what is left unread would take the answer back."""
    body = b" " * 9_000_000
    with connect(shared) as line:
        line.sendall(head(path, JSON, f"Content-Length: {len(body)}", "Connection: close") + body)
        assert received(line).startswith(b"HTTP/1.1 %d " % status)


def test_a_question_that_offers_http_2_has_its_body(shared: RunningBackend) -> None:
    """Java's HttpClient and `curl --http2` offer it with each request.

    uvicorn 0.54.0 with httptools 0.9.0 reads no body behind it, as findings/uvicorn_reads_no_body_… shows.
    """
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAAB"}
    response = requests.post(f"{shared.url}/query", json={"prompt": "Why?"}, headers=offer, timeout=10)
    assert response.status_code == 200


def test_nothing_is_taken_out_of_a_body_that_is_refused_before_it_comes(shared: RunningBackend) -> None:
    """What it lacked would be taken from the request behind it."""
    body = b"\r\nUpgrade: h2c\r\n\r\n"
    with connect(shared) as line:
        line.sendall(head("/nowhere", JSON, f"Content-Length: {len(body)}"))
        assert line.recv(65536).startswith(b"HTTP/1.1 404 ")
        line.sendall(body + head("/health", "Connection: close", method="GET"))
        assert received(line).startswith(b"HTTP/1.1 200 ")


def test_a_question_behind_a_body_that_was_refused_before_it_came_has_its_body(shared: RunningBackend) -> None:
    offer, question = ("Connection: Upgrade, close", "Upgrade: h2c"), b'{"prompt": "Why?"}'
    with connect(shared) as line:
        line.sendall(head("/nowhere", JSON, "Content-Length: 4"))
        assert line.recv(65536).startswith(b"HTTP/1.1 404 ")
        line.sendall(b"late")
        assert requests.get(f"{shared.url}/health", timeout=10).status_code == 200
        line.sendall(head("/query", JSON, f"Content-Length: {len(question)}", *offer) + question)
        assert received(line).startswith(b"HTTP/1.1 200 ")


HALF_A_HEAD = [b"GET /health HTTP/1.1\r\n", *[b"X-Another: a\r\n"] * 1000]


@pytest.mark.parametrize(
    ("earlier", "pieces"),
    [
        (b"", []),
        (b"", HALF_A_HEAD),
        (head("/health", method="GET"), HALF_A_HEAD),
        (head("/health", method="GET"), [b"\r\n"]),
        (head("/health", "Content-Length: 1000000", method="GET"), [b"a"] * 1000),
    ],
    ids=["nothing", "half a head", "half of a second head", "an empty line", "a body that was not asked for"],
)
def test_a_request_that_does_not_come_is_not_waited_for(
    earlier: bytes, pieces: list[bytes], shared: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.5)
    with connect(shared) as line:
        line.sendall(earlier)
        assert not earlier or line.recv(65536).startswith(b"HTTP/1.1 200 ")
        with trickling(line, iter(pieces)):
            assert received(line) == b""


def test_a_head_that_began_before_the_answer_is_not_waited_for(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.2)
    model.next(scripts.answer("a", 0.6, "b"))
    with connect(shared) as line:
        line.sendall(head("/query", JSON, "Content-Length: 17") + b'{"prompt": "Why"}' + HALF_A_HEAD[0])
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        with trickling(line, iter(HALF_A_HEAD[1:])):
            received(line)


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET /health HTTP/1.1\r\nX-Endless: ", b"a" * 4096),
        (head("/query", JSON, "Transfer-Encoding: chunked") + b"0\r\n", b"X-Another: a\r\n" * 300),
    ],
    ids=["a header", "trailers"],
)
def test_what_has_no_end_is_refused(
    start: bytes, more: bytes, shared: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MAX_HEAD_BYTES", 8192)
    with connect(shared) as line, trickling(line, chain([start], repeat(more))):
        top, _, body = received(line).partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 400 ")
    error = json.loads(body)
    assert error["code"] == "bad_request"
    assert f"x-request-id: {error['request_id']}\r\n" in top.decode()


def test_a_keep_alive_connection_is_kept_through_a_long_answer(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.2)
    model.next(scripts.answer("a", 0.8, "b"))
    with requests.Session() as session:
        for _ in range(2):
            assert session.post(f"{shared.url}/query", json={"prompt": "Why?"}, timeout=10).status_code == 200


def test_who_sends_no_more_may_still_read(shared: RunningBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HALF_CLOSED_S", 10)  # a busy machine takes more than a moment
    with connect(shared) as line:
        line.sendall(head("/query", JSON, "Content-Length: 17") + b'{"prompt":"Why?"}')
        line.shutdown(socket.SHUT_WR)
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")


BURST = "x" * 6 * 1024**2
"""More than the buffers of two sockets hold."""


def test_a_reader_that_stops_reading_is_let_go(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "TAKING_S", 0.5)
    model.next(scripts.answer(*[BURST[:65536]] * 96, scripts.endless(every_s=0.05)))
    before, connections = model.hits, len(connections_of(shared))
    with connect(shared, receive_buffer=4096) as line:
        line.sendall(head("/query/stream", JSON, "Content-Length: 17") + b'{"prompt": "Why"}')
        assert model.wait_for_call(before + 1).wait_until_left(timeout_s=8)
        wait_for(lambda: len(connections_of(shared)) <= connections)


@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="elsewhere the system hides who reads slowly")
def test_a_reader_of_some_400_kilobytes_a_second_is_kept(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small buffer makes small steps; with the usual one this would take minutes."""
    monkeypatch.setattr(http_protocol, "TAKING_S", 1)
    model.next(scripts.answer(*[BURST[:65536]] * 96, scripts.silence))
    before = model.hits
    with connect(shared, receive_buffer=4096) as line:
        line.sendall(head("/query/stream", JSON, "Content-Length: 17") + b'{"prompt": "Why"}')
        call, until = model.wait_for_call(before + 1), time.monotonic() + 4
        while time.monotonic() < until:
            assert line.recv(8192)
            time.sleep(0.02)
        assert call.left_at is None
    assert call.wait_until_left(timeout_s=5)


def test_a_reader_that_stops_reading_holds_up_nobody_else(
    shared: RunningBackend, model: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "TAKING_S", 0.5)
    model.next(scripts.answer(*[BURST[:65536]] * 96, *["word ", 0.1] * 20))
    with connect(shared, receive_buffer=4096) as line:
        line.sendall(head("/query/stream", JSON, "Content-Length: 32") + b'{"prompt": "Why", "store": true}')
        said = b""
        while not (found := re.search(rb'"turn_id":"(\w+)"', said)):
            said += line.recv(1024)
        turn_id = found[1].decode()
        with shared.client.resume(turn_id) as events:
            text = "".join(getattr(event, "text", "") for event in events)
        assert text == BURST + "word " * 20
        assert b"event: done" not in received(line)


def connections_of(backend: RunningBackend) -> list[Any]:
    """Return the connections that the backend has not closed."""
    connections = psutil.Process().net_connections("tcp")
    return [one for one in connections if one.laddr.port == backend.port and one.raddr]


@pytest.fixture(scope="module")
def serving(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A backend in a process of its own."""
    data_dir = str(tmp_path_factory.mktemp("data"))
    env = {"BASE_URL": model.url, "OPENAI_API_KEY": KEY, "MODEL_NAME": "stub-model", "DATA_DIR": data_dir}
    with Serving(env=env) as serving:
        requests.post(f"{serving.url}/query", json={"prompt": "Warm?"}, timeout=30)
        yield serving


def silent(line: socket.socket) -> Iterator[bytes]:
    return iter(())


def slow_head(line: socket.socket) -> Iterator[bytes]:
    return (bytes([byte]) for byte in head("/query", JSON, f"X-Long: {'a' * 1000}"))


def slow_body(line: socket.socket) -> Iterator[bytes]:
    return chain([head("/query", JSON, "Content-Length: 1000")], repeat(b" "))


@pytest.mark.parametrize("sends", [silent, slow_head, slow_body])
def test_a_crowd_of_slow_clients_slows_nobody(sends: Callable[..., Iterator[bytes]], serving: Serving) -> None:
    with ExitStack() as crowd:
        lines = [crowd.enter_context(connect(serving)) for _ in range(CROWD)]
        for line in lines[:20]:
            crowd.enter_context(trickling(line, sends(line)))
        for line in lines[20:]:
            line.sendall(next(sends(line), b""))
        took_s: dict[str, list[float]] = {"health": [], "turn": []}
        until = time.monotonic() + WATCHED_S
        while time.monotonic() < until:
            began = time.monotonic()
            assert requests.get(f"{serving.url}/health", timeout=10).ok
            took_s["health"].append(time.monotonic() - began)
            began = time.monotonic()
            assert requests.post(f"{serving.url}/query", json={"prompt": "Why?"}, timeout=10).ok
            took_s["turn"].append(time.monotonic() - began)
            time.sleep(0.05)
    assert statistics.median(took_s["health"]) < 0.25
    assert statistics.median(took_s["turn"]) < 2
