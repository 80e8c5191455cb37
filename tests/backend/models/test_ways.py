"""The way to a model server: proxies and their exceptions, addresses of this machine, certificates, descriptors."""

import asyncio
import os
import resource
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatapp.backend.models.chat_model import ModelRequest
from chatapp.backend.models.openai.model import OpenAIModel
from chatapp.backend.models.openai.server import ModelServer
from chatapp.backend.models.transport.proxies import is_excepted, proxy_for
from chatapp.config.settings import Settings
from chatapp.errors import OverloadedError, UpstreamUnavailableError
from chatapp.protocol.messages import Message
from chatapp.providers.connection import Upstream
from support.stub_model import StubModel

ANSWER = b'{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}'


@pytest.mark.parametrize(
    ("url", "exceptions", "is_named"),
    [
        ("http://192.0.2.10:8000/v1", "10.0.0.0/8,192.0.2.0/24", True),
        ("http://192.0.3.10:8000/v1", "10.0.0.0/8, 192.0.2.0/24", False),
        ("http://192.0.2.10/v1", "192.0.2.10", True),
        ("http://192.0.2.10:8000/v1", "192.0.2.10:8000", True),
        ("http://192.0.2.10:8000/v1", "192.0.2.10:9000", False),
        ("http://192.0.2.10/v1", "192.0.2.*", True),
        ("http://[2001:db8::7]:8000/v1", "2001:db8::/32", True),
        ("http://[2001:db8::7]:8000/v1", "[2001:db8::7]:8000", True),
        ("http://[2001:db8::7]:8000/v1", "[2001:db8::8]", False),
        ("https://m.corp.example/v1", "*.corp.example", True),
        ("https://m.corp.example/v1", ".corp.example", True),
        ("https://m.corp.example/v1", "corp.example", True),
        ("https://m.corp.example/v1", "CORP.example.:443", True),
        ("https://mcorp.example/v1", "*.corp.example", False),
        ("https://m.corp.example/v1", "*corp.example", True),
        ("https://m.corp.example/v1", "https://m.corp.example/", True),
        ("http://192.0.2.10/v1", "localhost 192.0.2.10", True),
        ("http://192.0.2.10/v1", "192.0.", True),
        ("http://192.0.2.10/v1", "92.0.", False),
        ("https://m.corp.example/v1", "*", True),
        ("https://m.corp.example/v1", "", False),
        ("https://m.corp.example/v1", "*m*,::,10.0.0.0/99,[", False),
    ],
)
def test_no_proxy_is_read_as_curl_reads_it(url: str, exceptions: str, is_named: bool) -> None:
    assert is_excepted(urlsplit(url), exceptions) is is_named


def test_a_network_in_no_proxy_keeps_the_proxy_off_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    address = urlsplit("http://192.0.2.10:8000/v1")
    assert proxy_for(address) == "http://127.0.0.1:9"
    monkeypatch.setenv("NO_PROXY", "192.0.2.0/24")
    assert proxy_for(address) is None


class _Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(ANSWER)

    def do_GET(self) -> None:
        self._send(b'{"data":[{"id":"listed"}]}')

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("host", ["localhost", "[::1]"])
def test_localhost_may_be_the_other_loopback_address(host: str, run_backend: Callable[..., Any]) -> None:
    with serving(_Server(("::1", 0), _Answers)) as port:
        backend = run_backend(base_url=f"http://{host}:{port}/v1", model_name="m")
        assert backend.client.models().models == ("m", "listed")
        assert backend.client.ask("Hi").answer == "Hello"


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield port


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_certificates_of_requests_are_trusted_too(
    variable: str, tls_port: int, certificate: Path, run_backend: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    url = f"https://localhost:{tls_port}/v1"
    stranger = run_backend(base_url=url).client
    for ask in (lambda: stranger.ask("Hi"), stranger.models):
        with pytest.raises(UpstreamUnavailableError, match="certificate is not trusted"):
            ask()
    monkeypatch.setenv(variable, str(certificate))
    assert run_backend(base_url=url).client.ask("Hi").answer == "Hello"


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Let this process open nothing more for as long as the block lasts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    with ExitStack() as held:
        held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        while True:
            try:
                held.callback(os.close, os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield


@pytest.mark.parametrize("what", ["begin_answer", "probe"])
def test_too_many_open_connections_are_an_overload(what: str, stub: StubModel, tmp_path: Path) -> None:
    async def ask() -> None:
        upstream = Upstream(base_url=stub.url, model="m", provider="stub", reason="a test")
        model = OpenAIModel(upstream, Settings.load(data_dir=tmp_path))
        await model.prepare()
        try:
            question = [ModelRequest([Message.of("user", "Hi")])] if what == "begin_answer" else []
            with no_descriptors(), pytest.raises(OverloadedError) as caught:
                await getattr(model, what)(*question)
            assert caught.value.status == 503
        finally:
            await model.close()

    asyncio.run(ask())


@pytest.mark.parametrize(("content", "why"), [(None, "No such file or directory"), ("no certificate", "it holds none")])
def test_certificates_of_a_connection_that_cannot_be_read_are_named(
    tmp_path: Path, content: str | None, why: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    upstream = Upstream(base_url="https://localhost:1/v1", model="m", provider="x", reason="a test", ca_file=file)
    with pytest.raises(UpstreamUnavailableError, match=f"its ca_file names cannot be read: {why}") as caught:
        asyncio.run(ModelServer.connect(upstream, Settings.load()))
    assert caught.value.hint == "Correct it in connections.toml."
    assert caught.value.is_lasting
