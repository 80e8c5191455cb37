"""One request to a server that may not be there yet."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from chatapp.processes.http_probe import fetch, is_answering
from support import scripts
from support.stub_model import StubModel


def port_of(stub: StubModel) -> int:
    return urlsplit(stub.url).port or 0


def test_what_is_answered_is_returned(stub: StubModel) -> None:
    stub.default = scripts.respond(200, {"status": "healthy"})

    assert json.loads(fetch("127.0.0.1", port_of(stub), "/health") or b"") == {"status": "healthy"}
    assert is_answering("127.0.0.1", port_of(stub), "/health")


@pytest.mark.parametrize(
    "script",
    [
        scripts.respond(503, {"status": "loading"}),
        scripts.reset,
        scripts.silence,
        scripts.raw(b"SSH-2.0-OpenSSH_9.7\r\n"),
        scripts.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", scripts.silence),
    ],
    ids=["not ready", "reset", "silent", "no HTTP", "half an answer"],
)
def test_anything_else_is_nothing(stub: StubModel, script: scripts.Script) -> None:
    stub.default = script

    assert fetch("127.0.0.1", port_of(stub), "/health", timeout_s=0.3) is None


def test_nobody_there_is_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert not is_answering("127.0.0.1", port, "/health")
