"""A model of a Hugging Face repository: the right file of it, whole, and a sentence where there is none."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chatapp.errors import LocalModelError, SettingsError
from chatapp.local_model.cache import cached
from chatapp.local_model.hugging_face import Repository

FILES = {
    "README.md": b"read me",
    "tiny-Q8_0.gguf": b"GGUF eight",
    "tiny-Q4_K_M.gguf": b"GGUF four!",
    "tiny-Q2_K.gguf": b"GGUF two",
    "mmproj-Q4_K_M.gguf": b"GGUF eyes",
    "big/tiny-Q4_K_M-00001-of-00002.gguf": b"GGUF half",
}


class Hub(ThreadingHTTPServer):
    """Answers as huggingface.co does for the public repository `someone/tiny`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.files = dict(FILES)
        self.served = dict(FILES)
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def tree(self) -> bytes:
        entries: list[dict[str, Any]] = [{"type": "directory", "path": "big", "size": 0}]
        for path, content in self.files.items():
            oid = hashlib.sha256(content).hexdigest()
            large = {"lfs": {"oid": oid, "size": len(content), "pointerSize": 1}} if path.endswith(".gguf") else {}
            entries.append({"type": "file", "path": path, "size": len(content), **large})
        return json.dumps(entries).encode()


class HubHandler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status, body = self.server.status, b"{}"
        if path == "/api/models/someone/tiny/tree/main":
            body = self.server.tree()
        elif path.startswith("/someone/tiny/resolve/main/"):
            body = self.server.served[path.removeprefix("/someone/tiny/resolve/main/")]
        else:
            status = 401
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(hub: Hub, tmp_path: Path, named: str = "someone/tiny") -> bytes:
    return Repository(named, hub.url).fetch(tmp_path, lambda _done, _total: None).path.read_bytes()


def test_the_quantisation_most_people_take_is_fetched(hub: Hub, tmp_path: Path) -> None:
    assert fetch(hub, tmp_path) == FILES["tiny-Q4_K_M.gguf"]


def test_a_quantisation_can_be_named(hub: Hub, tmp_path: Path) -> None:
    assert fetch(hub, tmp_path, "someone/tiny:q8_0") == FILES["tiny-Q8_0.gguf"]


def test_the_smallest_is_fetched_where_none_is_usual(hub: Hub, tmp_path: Path) -> None:
    hub.files = {"a-F16.gguf": b"GGUF larger", "a-IQ1.gguf": b"GGUF"}
    hub.served = hub.files

    assert fetch(hub, tmp_path) == b"GGUF"


def test_fetched_once_it_needs_no_network(hub: Hub, tmp_path: Path) -> None:
    def get() -> Path:
        repository = Repository("someone/tiny", hub.url)
        return cached(
            tmp_path / repository.file_name, lambda scratch: repository.fetch(scratch, lambda _done, _total: None)
        )

    get()
    hub.status = 500

    assert get() == tmp_path / "someone--tiny.gguf"


def test_file_that_arrives_changed_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.served = {"tiny-Q4_K_M.gguf": b"GGUF evil!"}
    repository = Repository("someone/tiny", hub.url)

    with pytest.raises(LocalModelError, match="is not the file it should be"):
        cached(tmp_path / "tiny.gguf", lambda scratch: repository.fetch(scratch, lambda _done, _total: None))

    assert not (tmp_path / "tiny.gguf").exists()


def test_progress_is_told(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    Repository("someone/tiny", hub.url).fetch(tmp_path, lambda done, total: seen.append((done, total)))

    assert seen == [(10, 10)]


@pytest.mark.parametrize(
    ("named", "status", "wanted"),
    [
        ("someone/else", 200, ("Hugging Face has no public repository someone/else.", 2)),
        ("someone/tiny", 503, ("Hugging Face answers with status 503.", 1)),
        ("someone/tiny:Q3_K_S", 200, ("someone/tiny:Q3_K_S on Hugging Face has no .gguf file for us.", 2)),
    ],
)
def test_what_cannot_be_had_is_a_sentence(
    hub: Hub, tmp_path: Path, named: str, status: int, wanted: tuple[str, int]
) -> None:
    hub.status = status

    with pytest.raises((LocalModelError, SettingsError)) as caught:
        fetch(hub, tmp_path, named)

    assert (caught.value.detail, caught.value.exit_code) == wanted
    assert caught.value.hint is not None
    assert "BASE_URL" in caught.value.hint


def test_no_network_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match=r"someone/tiny cannot be fetched from Hugging Face\."):
        Repository("someone/tiny", "http://127.0.0.1:9").fetch(tmp_path, lambda _done, _total: None)
