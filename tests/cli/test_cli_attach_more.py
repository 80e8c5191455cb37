"""What `chatapp ask -a` can name beside a file: folders, patterns and addresses."""

import gzip
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from threading import Event, Thread
from typing import Any

import pytest

from chatapp.cli import folders
from chatapp.cli.attachments import expanded
from chatapp.cli.folders import as_text, files_in
from chatapp.client import download
from chatapp.errors import InvalidRequestError, SettingsError
from support import documents
from support.running_backend import RunningBackend
from support.stub_model import StubModel

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder under git, with what git ignores and what it does not."""
    tree = {
        ".git/config": "[core]",
        ".gitignore": "*.log\n/build/\n!kept.log\n",
        "a.py": "print(1)\n",
        "b.log": "noise",
        "kept.log": "signal",
        "build/out.txt": "made",
        "docs/build/here.md": "# Here",
        "docs/.gitignore": "secret*\n",
        "docs/secret.txt": "s",
        "node_modules/x.js": "x",
    }
    for name, text in tree.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "project" / "out").symlink_to(tmp_path)
    documents.saved(tmp_path / "project", "z.bin", b"\0\1")
    return tmp_path / "project"


def test_of_a_folder_goes_along_what_git_would_keep(project: Path) -> None:
    names = [path.relative_to(project).as_posix() for path in files_in(project)]

    assert names == [".gitignore", "a.py", "docs/.gitignore", "docs/build/here.md", "kept.log", "z.bin"]
    assert [path.name for path in files_in(project / "docs")] == [".gitignore", "here.md"]
    assert list(files_in(project / "build")) == []


def test_a_folder_is_one_text_and_what_is_none_is_named(project: Path) -> None:
    text, others = as_text(project, [project / "a.py", project / "z.bin"])

    assert (text, others) == ("a.py\n```py\nprint(1)\n```", ["z.bin"])


def test_a_folder_that_may_not_be_read_is_named_among_what_is_left_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir  # who runs the tests may be allowed to read everything

    def refused(folder: Path) -> Any:
        if folder.name == "docs":
            raise PermissionError
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refused)

    text, others = as_text(project, list(files_in(project)))

    assert (others, "signal" in text) == (["docs", "z.bin"], True)


def test_the_text_of_a_folder_is_as_large_as_its_bytes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_BYTES", 12)
    files = [documents.saved(project, name, "ääää".encode()) for name in ("x.txt", "y.txt")]

    assert as_text(project, files)[1] == ["y.txt"]


def test_a_pattern_is_the_files_that_it_matches(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)

    assert expanded(["**/*.md", "*.log", "-", "https://example.org/*", "docs"]) == [
        "docs/build/here.md", "kept.log", "-", "https://example.org/*", "docs",
    ]  # fmt: skip
    for wrong, said in (("no.txt", "is not there"), ("*.pdf", "matches no file")):
        with pytest.raises(SettingsError, match=said):
            expanded([wrong])
    with pytest.raises(SettingsError, match="21 files are more"):
        expanded(["-"] * 21)


@contextmanager
def serving(*responses: tuple[int, dict[str, str], bytes]) -> Iterator[str]:
    """Serve `responses`, one after the other, and return their address."""
    left = list(responses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = left.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


PAGE = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/a%20b.pdf?key=1", {}, "a b.pdf"),
        ("/wiki/Sea", PAGE, "Sea.html"),
        ("/", PAGE, "127.0.0.1.html"),
        ("/get", {"Content-Disposition": 'attachment; filename="../x.csv"'}, "../x.csv"),
    ],
    ids=["by its address", "a page", "a page without a name", "by its server"],
)
def test_what_is_at_an_address_has_a_name_that_tells_its_kind(path: str, headers: dict[str, str], name: str) -> None:
    with serving((200, headers, b"Salt")) as url, download.downloaded(f"{url}{path}") as (called, content):
        assert (called, content.read()) == (name, b"Salt")


BOMB = gzip.compress(b"x" * 2000)


@pytest.mark.parametrize(
    ("responses", "said"),
    [
        ([(404, {}, b"")], "status 404"),
        ([(200, {}, b"x" * 2000)], "larger than 1000 bytes"),
        ([(200, {"Content-Encoding": "gzip"}, BOMB)], "larger than 1000 bytes"),
        ([(302, {"Location": "/"}, b"")] * 9, "TooManyRedirects"),
        ([(302, {"Location": "file:///etc/passwd"}, b"")], "InvalidSchema"),
    ],
    ids=["missing", "large", "large when unpacked", "in circles", "to a file of ours"],
)
def test_what_cannot_be_fetched_is_said_without_its_secrets(
    responses: list[tuple[int, dict[str, str], bytes]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", 1000)
    with serving(*responses) as url:
        fetched = download.downloaded(f"{url.replace('//', '//ada:secret@')}/a.txt?token=secret")
        with pytest.raises(InvalidRequestError, match=said) as caught:
            fetched.__enter__()
    assert "secret" not in caught.value.sentence()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nSalt", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_sends_a_byte_now_and_then_is_left(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_ALL_S", 0.1)
    is_over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(head)
                while not is_over.wait(0.01):
                    connection.sendall(b"a")

        server = Thread(target=drip)
        server.start()
        fetched = download.downloaded(f"http://127.0.0.1:{listening.getsockname()[1]}/a.txt")
        with pytest.raises(InvalidRequestError, match="longer than 0 seconds"):
            fetched.__enter__()
        is_over.set()
        server.join()


def test_a_folder_and_an_address_go_along_from_the_shell(
    chatapp: Run, shared: RunningBackend, model: StubModel, project: Path
) -> None:
    with serving((200, PAGE, b"<h1>Sea</h1>")) as url:
        done = chatapp("ask", "--backend-url", shared.url, "-a", str(project), "-a", f"{url}/sea", "Why?")

    assert (done.returncode, done.stderr) == (0, f"{project}: Left out, as no text or too large: z.bin.\n")
    asked = model.calls[-1].body["messages"][-1]["content"]
    assert asked.startswith("File: project.md\n````\n.gitignore\n```\n*.log\n")
    assert asked.endswith("File: sea.html\n```\n# Sea\n```\n\nWhy?")
