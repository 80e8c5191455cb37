"""How the client finds a backend: addresses, keys, proxies and certificates."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.client.http import HttpSession
from chatapp.errors import (
    BackendProtocolError,
    BackendUnreachableError,
    SettingsError,
    StreamCutError,
    UnauthorizedError,
)
from support import scripts
from support.stub_model import StubModel


@pytest.fixture
def tls_url(certificate: Path) -> Iterator[str]:
    """The address of a server that has `certificate`, by a name that is not in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def refusal_of(url: str) -> str:
    with BackendClient(url) as client, pytest.raises(BackendProtocolError) as caught:
        client.health()
    return caught.value.sentence()


def test_the_key_is_sent(server: StubModel) -> None:
    with BackendClient(server.url, api_key="secret") as client, pytest.raises(BackendProtocolError):
        client.ask("Why?")
    assert server.calls[0].headers["authorization"] == "Bearer secret"


def test_events_alone_are_asked_for_where_an_answer_is_streamed(server: StubModel) -> None:
    """As jupyter-server-proxy 4.6.0 passes them on: findings/jupyter_server_proxy_holds_streams_of_openai."""
    with BackendClient(server.url) as client, pytest.raises(BackendProtocolError):
        client.stream("Why?").close()
    assert server.calls[0].headers["accept"] == "text/event-stream"


def test_a_key_that_the_backend_does_not_know_is_told_as_that(server: StubModel) -> None:
    refusal = {"detail": "This backend wants an API key.", "code": "unauthorized", "request_id": "r-1"}
    server.default = scripts.respond(401, refusal)
    with BackendClient(server.url, api_key="wrong") as client, pytest.raises(UnauthorizedError, match="does not know"):
        client.ask("Why?")
    with BackendClient(server.url) as client, pytest.raises(UnauthorizedError, match="wants an API key"):
        client.ask("Why?")


def test_a_netrc_file_does_not_replace_the_key(server: StubModel) -> None:
    netrc = Path.home() / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    test_the_key_is_sent(server)


@pytest.mark.parametrize("key", ["schlüssel", "a\nb", "密"])
def test_a_key_that_no_header_can_hold_is_named_without_itself(key: str) -> None:
    with pytest.raises(SettingsError, match="BACKEND_API_KEY") as caught:
        BackendClient("http://localhost:8000", api_key=key)
    assert key not in caught.value.sentence()


def test_a_backend_on_this_machine_is_asked_without_a_proxy(server: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.next(scripts.respond(200, {"model": "m", "answer": "a"}))
    with BackendClient(server.url) as client:
        assert client.ask("Why?").answer == "a"


NONSENSE = ["http://", "http://[::1", "http://localhost:99999"]


@pytest.mark.parametrize("url", ["localhost:8000", "", "ftp://localhost", "//localhost", *NONSENSE])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError, match="BACKEND_URL"):
        BackendClient(url)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="without a user name or password") as caught:
        BackendClient("http://user:s3cret@localhost")
    assert "s3cret" not in caught.value.sentence()


def test_an_id_cannot_lead_to_another_path(server: StubModel) -> None:
    server.default = scripts.respond(200, {"id": "a", "updated_at": "2026-11-28T12:00:00Z"})
    with BackendClient(server.url) as client:
        client.conversations.get("a/b?c#d")
    assert server.requests[0].path == "/conversations/a%2Fb%3Fc%23d"


def test_a_certificate_that_nobody_has_signed_is_not_trusted(tls_url: str) -> None:
    assert refusal_of(tls_url) == f"The certificate of {tls_url} is not trusted. Set REQUESTS_CA_BUNDLE to its file."


def test_a_certificate_for_another_name_is_told_as_that(
    tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert refusal_of(tls_url).startswith(f"The certificate of {tls_url} is for another name. Set BACKEND_URL")
    assert "certificate" not in refusal_of(tls_url.replace("127.0.0.1", "localhost"))


def test_a_file_of_certificates_that_is_missing_is_a_wrong_setting(
    tls_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "no-such.pem")
    with BackendClient(tls_url) as client, pytest.raises(SettingsError, match="REQUESTS_CA_BUNDLE"):
        client.health()


def test_https_to_a_server_without_it_is_told_as_that(backend: Any) -> None:
    url = backend.url.replace("http:", "https:")
    with BackendClient(url) as client, pytest.raises(BackendProtocolError, match="does not speak HTTPS"):
        client.health()


def test_http_to_a_server_that_wants_https_is_told_so(tls_url: str) -> None:
    with BackendClient(tls_url.replace("https:", "http:")) as client, pytest.raises(StreamCutError) as caught:
        client.health()
    assert "begin BACKEND_URL with https://" in caught.value.sentence()


def test_a_slash_behind_the_address_does_no_harm(server: StubModel) -> None:
    server.next(scripts.respond(200, {"model": "m", "answer": "a"}))
    with BackendClient(server.url + "/") as client:
        client.ask("Why?")
    assert server.calls[0].path == "/query"


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """The address of a port on which nobody accepts any more: its queue is full, so that connecting takes for ever."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(("timeout_s", "connect_timeout_s"), [(30.0, 0.3), (0.3, 30.0)], ids=["own", "of the request"])
def test_connecting_takes_no_longer_than_either_timeout(
    deaf_url: str, timeout_s: float, connect_timeout_s: float
) -> None:
    session = HttpSession(deaf_url, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s)
    began = time.monotonic()
    with pytest.raises(BackendUnreachableError):
        session.send("GET", "/health")
    session.close()
    assert time.monotonic() - began < 10


def test_a_slow_answer_may_take_longer_than_connecting(server: StubModel) -> None:
    server.default = scripts.raw(0.6, b"HTTP/1.1 204 No Content\r\n\r\n")
    session = HttpSession(server.url, timeout_s=20, connect_timeout_s=0.3)
    assert session.json("GET", "/health") == {}
    session.close()
