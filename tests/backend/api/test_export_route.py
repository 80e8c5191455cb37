"""`GET /export`: everything in one file, while it is written and beside everything else."""

import asyncio
import io
import json
import socket
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.api.files import WrittenFile
from chatapp.backend.store import Store
from chatapp.backend.transfer import export_desk
from chatapp.backend.transfer.exporters import ExportedFile, Exports
from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.errors import OverloadedError, ShuttingDownError
from support.running_backend import RunningBackend
from support.seeding import seed
from support.turn_steps import wait_for

MB = 1024**2


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Some megabytes of ada's conversations."""
    store = Store.open(Settings(data_dir=tmp_path_factory.mktemp("large")))
    seed(store, conversations_count=200, messages_each=30)
    yield store
    store.close()


@pytest.fixture
def filled(run_backend: Callable[..., RunningBackend], tmp_path: Path, large: Store) -> RunningBackend:
    """A backend in which ada has them, her key being a, bob's b."""
    (tmp_path / "data").mkdir()
    with large.database.write() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert large.database.path is not None
    (tmp_path / "data" / "chatapp.db").write_bytes(large.database.path.read_bytes())
    return run_backend(api_keys="ada:a,bob:b")


def get(backend: RunningBackend, as_format: str, key: str = "a") -> requests.Response:
    params, headers = {"format": as_format}, {"X-API-Key": key, "Accept-Encoding": "gzip"}
    return requests.get(f"{backend.url}/export", params=params, headers=headers, timeout=60)


def test_export_is_a_file_of_its_owner(backend: RunningBackend) -> None:
    backend.client.ask("What is a python?", store=True)
    sent = requests.get(f"{backend.url}/export", timeout=10)
    assert sent.headers["Content-Type"] == "application/zip"
    assert sent.headers["Content-Disposition"].startswith('attachment; filename="chatapp-20')
    assert "default-src 'none'" in sent.headers["Content-Security-Policy"]
    (conversation,) = json.loads(zipfile.ZipFile(io.BytesIO(sent.content)).read("conversations.json"))["conversations"]
    assert [message["content"] for message in conversation["messages"]] == ["What is a python?", "Hello from the stub."]


@pytest.mark.parametrize("path", ["/export?format=pdf", "/export?format=json", "/conversations/x/export?format=zip"])
def test_unknown_format_is_refused(backend: RunningBackend, path: str) -> None:
    assert requests.get(backend.url + path, timeout=10).status_code == 422


def test_questions_and_health_do_not_wait_behind_exports(filled: RunningBackend) -> None:
    waits_s, sizes = [], []
    exports = [threading.Thread(target=lambda: sizes.append(len(get(filled, "html").content))) for _ in range(2)]
    for export in exports:
        export.start()
    with BackendClient(filled.url, api_key="b") as bob:
        while any(export.is_alive() for export in exports):
            begun = time.monotonic()
            assert bob.health().status == "healthy"
            waits_s.append(time.monotonic() - begun)
            if len(waits_s) == 1:
                assert bob.ask("What is a python?", store=True).answer
    assert len(set(sizes)) == 1
    assert sizes[0] > 3 * MB
    assert sorted(waits_s)[len(waits_s) // 2] < 0.25


@pytest.mark.parametrize("as_format", ["zip", "html"])
def test_export_costs_no_more_memory_than_a_piece(large: Store, as_format: str) -> None:
    chunks = (
        Exports(large.conversations, large.messages, large.attachments)
        .everything(owner="ada", as_format=as_format)
        .chunks
    )
    next(chunks)
    tracemalloc.start()
    try:
        size = sum(map(len, chunks))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > MB
    assert peak < 1.5 * MB


def test_more_exports_than_are_admitted_are_refused_until_one_leaves(
    filled: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_desk, "MAX_ADMITTED", 1)
    with socket.create_connection(("127.0.0.1", filled.port), timeout=10) as slow:
        slow.sendall(b"GET /export?format=md HTTP/1.1\r\nHost: localhost\r\nX-API-Key: a\r\n\r\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
        refused = get(filled, "zip", key="b")
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["Retry-After"] == str(export_desk.RETRY_AFTER_S)
    wait_for(lambda: get(filled, "zip", key="b").status_code == 200)


def test_exports_that_begin_together_are_no_more_than_are_admitted(
    large: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_desk, "MAX_ADMITTED", 2)
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def export_at_once() -> list[BaseException | None]:
        desk = export_desk.ExportDesk(
            Exports(large.conversations, large.messages, large.attachments), is_closing=lambda: False
        )
        files = [desk.open(owner="ada", as_format="md") for _ in range(5)]
        responses = [WrittenFile(file, desk, headers={}, whose=str(place)) for place, file in enumerate(files)]
        calls = [response({}, asyncio.Event().wait, send) for response in responses]
        return await asyncio.gather(*calls, return_exceptions=True)

    refused = [error for error in asyncio.run(export_at_once()) if error is not None]
    assert [type(error) for error in refused] == [OverloadedError] * 3
    assert statuses == [200, 200]


def test_an_export_that_is_asked_of_a_backend_which_stops_is_refused(large: Store) -> None:
    desk = export_desk.ExportDesk(
        Exports(large.conversations, large.messages, large.attachments), is_closing=lambda: True
    )
    response = WrittenFile(desk.open(owner="ada", as_format="md"), desk, headers={}, whose="ada")

    async def send(message: Any) -> None:
        pytest.fail(f"It sends {message}.")

    with pytest.raises(ShuttingDownError):
        asyncio.run(response({}, asyncio.Event().wait, send))


def test_one_owner_leaves_places_to_others(large: Store) -> None:
    exports = Exports(large.conversations, large.messages, large.attachments)
    desk = export_desk.ExportDesk(exports, is_closing=lambda: False)
    with desk.admitted("ada"), desk.admitted("ada"):
        with pytest.raises(OverloadedError), desk.admitted("ada"):
            pass
        with desk.admitted("bob"), desk.admitted("link", is_shared=True):
            pass
    with desk.admitted("ada"):
        pass


def test_a_page_behind_a_link_keeps_no_export_waiting(large: Store) -> None:
    exports = Exports(large.conversations, large.messages, large.attachments)
    desk = export_desk.ExportDesk(exports, is_closing=lambda: False)
    is_read = threading.Event()

    def slow() -> Iterator[bytes]:
        is_read.wait(10)
        yield b"shared"

    async def pieces() -> tuple[bytes, bytes]:
        shared = desk.send(ExportedFile("shared.html", "text/html", slow()), is_shared=True)
        waiting = asyncio.ensure_future(anext(shared))
        await asyncio.sleep(0)
        async with aclosing(desk.send(desk.open(owner="ada", as_format="md"))) as export:
            first = await asyncio.wait_for(anext(export), 5)
        is_read.set()
        return first, await waiting

    first, shared = asyncio.run(pieces())
    assert (first[:2], shared) == (b"# ", b"shared")
    desk.close()


def test_client_hears_of_an_export_that_breaks_off(filled: RunningBackend) -> None:
    def read(pieces: Iterator[bytes]) -> Any:
        next(pieces)
        filled.begin_stop()
        return sum(map(len, pieces))

    with BackendClient(filled.url, api_key="a", timeout_s=5) as ada, pytest.raises(Exception, match="ended before"):
        read(ada.conversations.export_all("html"))
