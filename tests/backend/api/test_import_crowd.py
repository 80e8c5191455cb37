"""Imports beside everything else: nobody waits behind them, and they end when nobody waits for them."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.transfer import import_desk
from support.foreign_exports import chatgpt
from support.running_backend import RunningBackend, backend_before
from support.stub_model import StubModel
from support.turn_steps import wait_for

LARGE = json.dumps([chatgpt(str(number)) for number in range(12_000)]).encode()


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


def test_backend_that_is_stopped_tells_what_is_in(stub: StubModel, tmp_path: Path) -> None:
    answers: list[requests.Response] = []
    with backend_before(stub, tmp_path / "elsewhere") as backend:
        sending = threading.Thread(target=lambda: answers.append(send(backend, LARGE)))
        sending.start()
        wait_for(lambda: has_begun(backend))
        begun = time.monotonic()
        backend.stop()
        took_s = time.monotonic() - begun
        sending.join(10)
    receipt = answers[0].json()
    assert took_s < 3
    assert 0 < receipt["conversations_added"] < 12_000
    assert receipt["skipped"][0]["what"] == "the rest of the file"
    assert "was stopped" in receipt["skipped"][0]["why"]


def test_import_ends_when_its_sender_leaves(elsewhere: RunningBackend) -> None:
    head = f"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(LARGE)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", elsewhere.port), timeout=10) as line:
        line.sendall(head.encode() + LARGE)
        wait_for(lambda: has_begun(elsewhere))
    folder = elsewhere.app.state.settings.data_dir
    wait_for(lambda: not list(folder.glob("import-*")))
    with elsewhere.app.state.store.database.read() as connection:
        assert 0 < connection.exec_driver_sql("SELECT count(*) FROM conversations").scalar() < 12_000
