"""Imports beside everything else: nobody waits behind them, and they end when nobody waits for them."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from chatapp.backend.http import uploads
from chatapp.backend.transfer import import_desk
from chatapp.client import BackendClient
from chatapp.errors import NotFoundError
from support.foreign_exports import chatgpt
from support.running_backend import RunningBackend, backend_before
from support.stub_model import StubModel
from support.turn_steps import wait_for

_ONE = json.dumps(chatgpt("number"))
LARGE = ("[" + ", ".join(_ONE.replace("number", str(number)) for number in range(12_000)) + "]").encode()


@pytest.fixture
def elsewhere(stub: StubModel, tmp_path: Path) -> Iterator[RunningBackend]:
    """A backend with a store of its own."""
    with backend_before(stub, tmp_path / "elsewhere") as backend:
        yield backend


def send(backend: RunningBackend, content: Any) -> requests.Response:
    return requests.post(f"{backend.url}/import", data=content, timeout=60)


def has_begun(backend: RunningBackend) -> bool:
    return bool(backend.client.conversations.page().items)


def test_questions_do_not_wait_behind_imports(elsewhere: RunningBackend) -> None:
    with ThreadPoolExecutor(import_desk.MAX_ADMITTED) as crowd:
        imports = [crowd.submit(send, elsewhere, LARGE) for _ in range(import_desk.MAX_ADMITTED)]
        wait_for(lambda: has_begun(elsewhere))
        begun = time.monotonic()
        assert elsewhere.client.ask("What is a python?", store=True).conversation_id
        assert requests.get(f"{elsewhere.url}/health", timeout=5).ok
        took_s = time.monotonic() - begun
        still_going = [one for one in imports if not one.done()]
        elsewhere.stop()
    assert still_going, "the imports were over before the question"
    assert took_s < 5


def test_more_imports_than_are_admitted_are_refused_for_now(
    elsewhere: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_desk, "MAX_ADMITTED", 1)
    with socket.create_connection(("127.0.0.1", elsewhere.port), timeout=10) as slow:
        slow.sendall(b"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n[")
        folder = elsewhere.app.state.settings.data_dir
        wait_for(lambda: list(folder.glob("import-*")))
        refused = send(elsewhere, b"[]")
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["Retry-After"] == str(import_desk.RETRY_AFTER_S)
    wait_for(lambda: send(elsewhere, json.dumps([chatgpt()])).status_code == 200)


@contextmanager
def half_an_upload(backend: RunningBackend, size: int, key: str = "") -> Iterator[None]:
    """Send `size` bytes of a larger file, and hold the rest back for as long as the block lasts."""
    head = f"POST /import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Length: {2 * size}"
    folder = backend.app.state.settings.data_dir
    before = set(folder.glob("import-*"))
    with socket.create_connection(("127.0.0.1", backend.port), timeout=10) as line:
        line.sendall(f"{head}\r\n\r\n".encode() + b"x" * size)
        wait_for(lambda: any(path.stat().st_size for path in set(folder.glob("import-*")) - before))
        yield


def test_all_uploads_at_once_find_room_or_are_refused(
    run_backend: Callable[..., RunningBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_PIECE_BYTES", 1024)
    monkeypatch.setattr(uploads, "MOST_BYTES_OF_ONE", 300_000)
    monkeypatch.setattr(uploads, "MOST_BYTES_OF_ALL", 500_000)
    backend = run_backend(api_keys="ada:a,bob:b,cyd:c")

    def bring(key: str) -> requests.Response:
        content = json.dumps([chatgpt()]) + " " * 150_000
        return requests.post(
            f"{backend.url}/import", data=content, headers={"Authorization": f"Bearer {key}"}, timeout=10
        )

    with half_an_upload(backend, 200_000, "a"):
        refused = bring("a")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.json()["detail"].startswith("Your uploads")
        assert refused.headers["Retry-After"] == str(uploads.RETRY_AFTER_S)
        assert bring("b").status_code == 200
        with half_an_upload(backend, 200_000, "b"):
            assert bring("c").json()["detail"].startswith("All uploads")
    wait_for(lambda: bring("a").status_code == 200)
    assert bring("c").status_code == 200


def test_nobody_waits_for_a_slow_disk(elsewhere: RunningBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.fdopen

    class SlowFile:
        """A file on a disk that takes half a second for each write."""

        def __init__(self, *arguments: Any) -> None:
            self._file = opened(*arguments)
            self.close = self._file.close

        def write(self, data: bytes) -> int:
            time.sleep(0.5)
            return self._file.write(data)

    monkeypatch.setattr(uploads, "os", SimpleNamespace(fdopen=SlowFile))
    waits_s = []
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(send, elsewhere, json.dumps([chatgpt()]) + " " * 3_000_000)
        while not sending.done():
            begun = time.monotonic()
            assert requests.get(f"{elsewhere.url}/health", timeout=5).ok
            waits_s.append(time.monotonic() - begun)
    assert sending.result().json()["conversations_added"] == 1
    assert sorted(waits_s)[-2] < 0.4  # the machine may have one slow moment; a disk that all wait for has more


def end_of(
    line: socket.socket, backend: RunningBackend, sent: bytes, end: Callable[[str], object]
) -> tuple[Any, float]:
    """Return the receipt of an import that `end` ends, and how many seconds after that it came."""
    line.sendall(f"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(LARGE)}\r\n\r\n".encode() + sent)
    wait_for(lambda: has_begun(backend) if sent is LARGE else backend.client.conversations.imports())
    (running,) = backend.client.conversations.imports()
    begun = time.monotonic()
    end(running.id)
    answer = HTTPResponse(line)
    answer.begin()
    return json.loads(answer.read()), time.monotonic() - begun


@pytest.mark.parametrize("sent", [LARGE, LARGE[:1000]], ids=["being read", "being received"])
@pytest.mark.parametrize("is_stopped", [True, False], ids=["stopped", "cancelled"])
def test_import_that_is_ended_tells_what_is_in_without_the_rest(
    elsewhere: RunningBackend, sent: bytes, is_stopped: bool
) -> None:
    end = (lambda _id: elsewhere.begin_stop()) if is_stopped else elsewhere.client.conversations.cancel_import
    with socket.create_connection(("127.0.0.1", elsewhere.port), timeout=10) as line:
        receipt, took_s = end_of(line, elsewhere, sent, end)
    assert took_s < 4  # the whole file takes twice as long and more, and a busy machine has slow moments
    assert receipt["conversations_added"] < 12_000
    assert bool(receipt["conversations_added"]) == (sent is LARGE)
    assert receipt["skipped"][0]["what"] == "the rest of the file"
    assert ("was stopped" if is_stopped else "was cancelled") in receipt["skipped"][0]["why"]


def test_owner_sees_how_far_an_import_is_and_nobody_else_does(run_backend: Callable[..., Any]) -> None:
    backend = run_backend(api_keys="ada:a,bob:b")
    body = LARGE[: len(LARGE) // 2]
    with (
        socket.create_connection(("127.0.0.1", backend.port), timeout=10) as line,
        BackendClient(backend.url, api_key="a") as ada,
        BackendClient(backend.url, api_key="b") as bob,
    ):
        head = f"POST /import HTTP/1.1\r\nHost: localhost\r\nX-API-Key: a\r\nContent-Length: {len(LARGE)}\r\n\r\n"
        line.sendall(head.encode() + body)
        wait_for(lambda: any(it.bytes_received == len(body) for it in ada.conversations.imports()))
        (arriving,) = ada.conversations.imports()
        assert (arriving.state, arriving.bytes_total, arriving.bytes_read) == ("receiving", len(LARGE), 0)
        line.sendall(LARGE[len(body) :])
        wait_for(lambda: any(it.conversations_added for it in ada.conversations.imports()))
        (read,) = ada.conversations.imports()
        assert (read.id, read.state, read.bytes_total) == (arriving.id, "reading", len(LARGE))
        assert 0 < read.bytes_read <= len(LARGE)
        assert 0 < read.conversations_added <= read.conversations_read
        assert bob.conversations.imports() == ()
        with pytest.raises(NotFoundError):
            bob.conversations.cancel_import(read.id)
        ada.conversations.cancel_import(read.id)
        assert b"was cancelled" in line.recv(65536)


def test_import_ends_when_its_sender_leaves(elsewhere: RunningBackend) -> None:
    head = f"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(LARGE)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", elsewhere.port), timeout=10) as line:
        line.sendall(head.encode() + LARGE)
        wait_for(lambda: has_begun(elsewhere))
    folder = elsewhere.app.state.settings.data_dir
    wait_for(lambda: not list(folder.glob("import-*")))
    with elsewhere.app.state.store.database.read() as connection:
        assert 0 < connection.exec_driver_sql("SELECT count(*) FROM conversations").scalar() < 12_000
