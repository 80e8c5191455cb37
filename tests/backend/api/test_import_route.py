"""`POST /import`: conversations imported from elsewhere, over HTTP."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from chatapp.backend.http import uploads
from chatapp.client import BackendClient
from chatapp.errors import BodyTooLargeError, InvalidRequestError
from support.commands import Serving
from support.running_backend import RunningBackend, backend_before
from support.stub_model import KEY, StubModel
from support.turn_steps import contents, wait_for


@pytest.fixture
def exported(backend: RunningBackend) -> bytes:
    """A conversation of ours as a file."""
    kept = str(backend.client.ask("What is a python?", store=True).conversation_id)
    return backend.client.conversations.export(kept, "json")


@pytest.fixture
def elsewhere(stub: StubModel, tmp_path: Path) -> Iterator[RunningBackend]:
    """A backend with a store of its own."""
    with backend_before(stub, tmp_path / "elsewhere") as backend:
        yield backend


def bring(backend: RunningBackend, content: Any, **headers: str) -> requests.Response:
    return requests.post(f"{backend.url}/import", data=content, headers=headers, timeout=10)


def bring_form(backend: RunningBackend, *parts: tuple[str, Any]) -> requests.Response:
    return requests.post(f"{backend.url}/import", files=parts, timeout=10)


def test_what_was_exported_is_there_elsewhere(exported: bytes, elsewhere: RunningBackend) -> None:
    receipt = bring(elsewhere, exported).json()
    assert (receipt["conversations_added"], receipt["messages_added"], receipt["skipped"]) == (1, 2, [])
    (conversation,) = elsewhere.client.conversations.page().items
    assert contents(elsewhere, conversation.id) == ["What is a python?", "Hello from the stub."]


def test_imported_files_and_tools_are_shown_and_the_model_reads_the_text(
    backend: RunningBackend, stub: StubModel
) -> None:
    told = [
        ("user", [{"type": "text", "text": "Read it."}, {"type": "attachment", "name": "sea.pdf"}]),
        ("assistant", [{"type": "tool_call", "id": "c1", "name": "tide", "arguments": "{}"}]),
        ("tool", [{"type": "tool_result", "call_id": "c1", "text": "rising"}]),
    ]
    line = [
        {
            "id": f"m{number}",
            "parent_id": f"m{number - 1}" if number else None,
            "role": role,
            "content": "",
            "parts": it,
        }
        for number, (role, it) in enumerate(told)
    ]
    bring(backend, json.dumps({"id": "x", "leaf_id": "m2", "messages": line}))
    (conversation,) = backend.client.conversations.page().items
    backend.client.ask("And now?", conversation_id=conversation.id)
    path = f"{backend.url}/conversations/{conversation.id}/messages"
    shown = requests.get(path, timeout=10).json()["items"]
    kinds = [[part["type"] for part in message["parts"]] for message in shown]
    assert kinds == [["text", "attachment"], ["tool_call"], ["tool_result"], ["text"], ["text"]]
    assert stub.calls[-1].body["messages"] == [{"role": "user", "content": "Read it.\n\nAnd now?"}]


def test_reading_it_twice_adds_nothing(exported: bytes, elsewhere: RunningBackend) -> None:
    bring(elsewhere, exported)
    receipt = bring(elsewhere, exported).json()
    assert (receipt["conversations_read"], receipt["conversations_added"], receipt["messages_added"]) == (1, 0, 0)
    assert len(elsewhere.client.conversations.page().items) == 1


def test_the_client_sends_a_file(exported: bytes, elsewhere: RunningBackend, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(exported)
    assert elsewhere.client.conversations.import_file(file).conversations_added == 1


def test_an_import_may_be_larger_than_a_question(exported: bytes, run_backend: Callable[..., Any]) -> None:
    small = run_backend(max_body_bytes=100)
    assert bring(small, exported).status_code == 200


def test_a_file_without_a_declared_length_is_read_too(exported: bytes, elsewhere: RunningBackend) -> None:
    chunks = iter([exported[:50], exported[50:]])
    assert bring(elsewhere, chunks).json()["conversations_added"] == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\xff\xfe"])
def test_a_file_that_is_no_export_is_refused(content: bytes, backend: RunningBackend) -> None:
    refused = bring(backend, content)
    assert (refused.status_code, refused.json()["code"]) == (422, InvalidRequestError.code)


@pytest.mark.parametrize(
    "send",
    [
        bring,
        lambda backend, content: bring_form(backend, ("file", content)),
        lambda backend, content: bring_form(backend, ("note", (None, content))),
    ],
    ids=["a file", "a file in a form", "a field of a form"],
)
def test_an_upload_that_is_too_large_is_refused(
    send: Callable[..., requests.Response], backend: RunningBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 1024**2)
    refused = send(backend, BytesIO(b"x" * (1024**2 + 1)))
    assert (refused.status_code, refused.json()["code"]) == (413, BodyTooLargeError.code)


def test_a_file_in_a_form_is_read_too(exported: bytes, elsewhere: RunningBackend) -> None:
    receipt = bring_form(elsewhere, ("note", (None, "mine")), ("file", ("export.json", exported))).json()
    assert (receipt["conversations_added"], receipt["messages_added"]) == (1, 2)


def test_a_file_in_a_form_arrives_to_the_byte_however_it_is_cut(exported: bytes, elsewhere: RunningBackend) -> None:
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
    form = head + exported + b"\r\n--cut--\r\n"
    pieces = (form[at : at + 7] for at in range(0, len(form), 7))
    answer = bring(elsewhere, pieces, **{"Content-Type": "multipart/form-data; boundary=cut"})
    assert answer.json()["conversations_added"] == 1


@pytest.mark.parametrize(
    "parts",
    [
        [("note", (None, "no file"))],
        [("file", ("one.json", b"[]")), ("file", ("two.json", b"[]"))],
    ],
)
def test_a_form_holds_one_file(parts: list[Any], backend: RunningBackend) -> None:
    refused = bring_form(backend, *parts)
    assert (refused.status_code, refused.json()["code"]) == (422, InvalidRequestError.code)
    assert "curl -F file=@" in refused.json()["hint"]


def test_a_second_file_is_not_waited_for(backend: RunningBackend) -> None:
    head = "POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n"
    file = '--cut\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n[]\r\n'
    with socket.create_connection(("127.0.0.1", backend.port), timeout=10) as line:
        line.sendall(f"{head}Content-Type: multipart/form-data; boundary=cut\r\n\r\n{file * 2}".encode())
        assert line.recv(65536).startswith(b"HTTP/1.1 422 ")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=cut"])
def test_a_form_that_cannot_be_read_is_refused(content_type: str, backend: RunningBackend) -> None:
    refused = bring(backend, b"--other\r\n", **{"Content-Type": content_type})
    assert (refused.status_code, refused.json()["code"]) == (422, InvalidRequestError.code)


def test_what_is_imported_is_its_owner_s_alone(exported: bytes, run_backend: Callable[..., Any]) -> None:
    guarded = run_backend(api_keys="ada:a,bob:b")
    bring(guarded, exported, Authorization="Bearer a").raise_for_status()
    with BackendClient(guarded.url, api_key="b") as bob:
        assert bob.conversations.page().items == ()


def test_the_file_is_written_down_in_our_folder_for_us_alone(
    exported: bytes, elsewhere: RunningBackend, tmp_path: Path
) -> None:
    modes: list[int] = []

    def body() -> Iterator[bytes]:
        yield exported[:10]
        written = wait_for(lambda: list((tmp_path / "elsewhere").glob("import-*")))
        modes.extend(file.stat().st_mode & 0o777 for file in written)
        yield exported[10:]

    assert bring(elsewhere, body()).json()["conversations_added"] == 1
    assert modes == [0o600]


def test_nothing_of_the_file_is_left_lying_about(exported: bytes, elsewhere: RunningBackend, tmp_path: Path) -> None:
    bring(elsewhere, exported)
    bring(elsewhere, json.dumps({"oh": "no"}))
    assert list((tmp_path / "elsewhere").glob("import-*")) == []


def test_what_a_killed_backend_has_left_of_a_file_is_removed(stub: StubModel, tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = {"BASE_URL": stub.url, "OPENAI_API_KEY": KEY, "DATA_DIR": str(data)}
    with Serving(env=env) as killed, socket.create_connection(("127.0.0.1", killed.port), timeout=10) as line:
        line.sendall(b"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nhalf of it")
        (left,) = wait_for(lambda: list(data.glob("import-*")))
        killed.signal(signal.SIGKILL)
    with backend_before(stub, data):
        assert left.exists(), "another process might be about to lock it"
    os.utime(left, (0, 0))
    with backend_before(stub, data):
        assert not left.exists()


def test_what_another_backend_still_reads_is_not_removed(stub: StubModel, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with backend_before(stub, data) as reading, socket.create_connection(("127.0.0.1", reading.port)) as line:
        line.sendall(b"POST /import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nhalf of it")
        (part,) = wait_for(lambda: list(data.glob("import-*")))
        os.utime(part, (0, 0))
        with backend_before(stub, data):
            assert part.exists()
