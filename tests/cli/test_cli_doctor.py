"""`chatapp doctor`: what it finds, and the exit code."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from subprocess import CompletedProcess
from threading import Thread

import pytest

from chatapp.processes.ports import free_port
from support import scripts
from support.stub_model import StubModel

Run = Callable[..., CompletedProcess[str]]
SLOWLY = scripts.answer("1 2 3", 0.4, " and", 0.1, " 4")


@pytest.fixture(autouse=True)
def own_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("UI_PORT", str(free_port()))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def found(done: CompletedProcess[str]) -> dict[str, str]:
    """Return the verdicts by name."""
    assert done.stderr == ""
    return {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()}


def test_all_is_well(chatapp: Run, stub: StubModel) -> None:
    stub.default = SLOWLY
    done = chatapp("doctor", env={"BASE_URL": stub.url, "CONTEXT_TOKENS": "4096"})

    assert done.returncode == 0
    assert set(found(done).values()) == {"ok"}
    assert "in pieces" in done.stdout
    assert len(stub.requests) == 3
    assert all(call.body["max_tokens"] <= 64 for call in stub.calls)


def test_a_wrong_key_fails(chatapp: Run, stub: StubModel) -> None:
    stub.listing = stub.default = scripts.status(401)
    done = chatapp("doctor", env={"BASE_URL": stub.url, "OPENAI_API_KEY": "sk-wrong"})

    assert (done.returncode, found(done)["key"]) == (1, "fail")
    assert "OPENAI_API_KEY" in done.stdout
    assert "sk-wrong" not in done.stdout


def test_a_server_that_is_not_there_fails(chatapp: Run) -> None:
    with scripts.closed_port() as nobody:
        done = chatapp("doctor", env={"BASE_URL": nobody})

    assert (done.returncode, found(done)["address"]) == (1, "fail")
    assert "BASE_URL" in done.stdout


def test_a_model_that_is_unknown_fails(chatapp: Run, stub: StubModel) -> None:
    stub.models["nobody"] = scripts.status(404, "The model does not exist.", code="model_not_found")
    done = chatapp("doctor", env={"BASE_URL": stub.url, "MODEL_NAME": "nobody"})

    assert (done.returncode, found(done)["model"]) == (1, "fail")


def test_an_answer_that_is_held_back_is_told(chatapp: Run, stub: StubModel) -> None:
    stub.default = scripts.later(0.5, scripts.answer("1", " 2", " 3"))
    done = chatapp("doctor", env={"BASE_URL": stub.url})

    assert (done.returncode, found(done)["stream"]) == (0, "warn")
    assert "proxy_buffering" in done.stdout


@pytest.mark.parametrize(
    ("name", "script"), [("usage", scripts.answer("1", usage=False)), ("stop", scripts.answer("4 5 6"))]
)
def test_what_a_server_leaves_out_is_a_warning(
    chatapp: Run, stub: StubModel, name: str, script: scripts.Script
) -> None:
    stub.default = script
    done = chatapp("doctor", env={"BASE_URL": stub.url})

    assert (done.returncode, found(done)[name]) == (0, "warn")


def test_a_server_that_does_not_list_is_a_warning(chatapp: Run, stub: StubModel) -> None:
    stub.listing = scripts.respond(404, {})
    done = chatapp("doctor", env={"BASE_URL": stub.url})

    assert (done.returncode, found(done)["listing"]) == (0, "warn")


def test_a_port_that_is_busy_fails(chatapp: Run, stub: StubModel) -> None:
    busy = stub.url.split(":")[2].removesuffix("/v1")
    done = chatapp("doctor", env={"BASE_URL": stub.url, "PORT": busy})

    assert (done.returncode, found(done)["port"]) == (1, "fail")


def test_json_holds_every_check(chatapp: Run, stub: StubModel) -> None:
    report = json.loads(chatapp("doctor", "--json", env={"BASE_URL": stub.url}).stdout)

    assert report["ok"] is True
    assert {"address", "key", "model", "stream", "store", "port"} <= {check["name"] for check in report["checks"]}
    assert all(check["verdict"] in {"ok", "warn", "fail"} and check["seen"] for check in report["checks"])


def test_a_setting_that_is_wrong_is_exit_code_2(chatapp: Run) -> None:
    done = chatapp("doctor", env={"PORT": "nowhere"})

    assert (done.returncode, done.stdout) == (2, "")
    assert "PORT" in done.stderr


def test_a_certificate_that_nobody_trusts_fails_until_it_is_trusted(chatapp: Run, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with served_with(context) as url:
        unknown = chatapp("doctor", env={"BASE_URL": url})
        trusted = chatapp("doctor", env={"BASE_URL": url, "SSL_CERT_FILE": str(certificate)})

    assert (unknown.returncode, found(unknown)["certificate"]) == (1, "fail")
    assert "SSL_CERT_FILE" in unknown.stdout
    assert found(trusted)["certificate"] == "ok"


def test_https_where_the_server_speaks_http_fails(chatapp: Run) -> None:
    class Refusing(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        done = chatapp("doctor", env={"BASE_URL": f"https://127.0.0.1:{server.server_address[1]}/v1"})
        server.shutdown()

    assert (done.returncode, found(done)["address"]) == (1, "fail")
    assert "TLS" in done.stdout


def test_a_file_of_authorities_that_is_missing_fails(chatapp: Run, stub: StubModel) -> None:
    env = {"BASE_URL": stub.url.replace("http", "https"), "SSL_CERT_FILE": "/nowhere.pem"}
    done = chatapp("doctor", env=env)

    assert (done.returncode, found(done)["certificate"]) == (1, "fail")
    assert "SSL_CERT_FILE" in done.stdout


@contextmanager
def served_with(context: ssl.SSLContext) -> Iterator[str]:
    """Return the address of a server that shows its certificate and has nothing else."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}/v1"
        server.shutdown()
