"""Who may open the page: hosts, origins, headers."""

import asyncio
from typing import Any

import pytest

from chatapp.config.settings import Settings
from chatapp.frontend.access.guard import Guard
from chatapp.frontend.session.admitted import admit, admitted_sessions
from chatapp.frontend.transcript.transcript import Transcript

pytestmark = pytest.mark.faults

LOOPBACK = Settings()


class App:
    """An ASGI application that remembers what reached it."""

    scope: dict[str, Any] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"none")]})
            await send({"type": "http.response.body"})


def request(app: App, kind: str = "http", path: str = "/", **headers: str) -> list[dict[str, Any]]:
    """Return what the guard in front of `app` sends for one request."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "method": "GET", "headers": raw}
    asyncio.run(Guard(app, settings=LOOPBACK)(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost:8501", "origin": "http://evil.example"},
        {"host": "localhost:8501", "origin": "http://["},
        {"host": "localhost:8501", "origin": "http://localhost:3000"},
        {"host": "localhost:8501", "origin": "null"},
        {},
    ],
    ids=["foreign host", "foreign origin", "origin that is none", "other port", "no origin's origin", "no host"],
)
def test_a_foreign_page_reaches_neither_page_nor_websocket(headers: dict[str, str]) -> None:
    app = App()

    assert request(app, **headers)[0]["status"] == 400
    assert request(app, "websocket", **headers)[0]["type"] == "websocket.close"
    assert app.scope is None


@pytest.mark.parametrize("second", [(b"host", b"evil.example"), (b"origin", b"http://evil.example")])
def test_a_second_host_or_origin_is_none_of_ours(second: tuple[bytes, bytes]) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost:8501"), (b"origin", b"http://localhost:8501"), second]
    scope = {"type": "http", "path": "/", "method": "GET", "headers": headers}
    asyncio.run(Guard(App(), settings=LOOPBACK)(scope, send, send))
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_page_itself_reaches_both(kind: str) -> None:
    app = App()

    request(app, kind, host="localhost:8501", origin="http://localhost:8501")

    assert app.scope is not None


def test_streamlit_is_not_made_to_look_up_addresses_for_an_origin() -> None:
    app = App()

    request(app, host="localhost:8501", origin="http://localhost:8501")

    assert app.scope is not None
    assert app.scope["headers"] == [(b"host", b"localhost:8501")]


def test_every_response_carries_the_security_headers_once() -> None:
    for sent in (request(App(), host="localhost"), request(App(), host="evil.example")):
        headers = [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]
        assert headers.count(("x-frame-options", "DENY")) == 1
        assert "default-src 'none'" in dict(headers)["content-security-policy"]
        assert dict(headers)["x-content-type-options"] == "nosniff"


def test_streamlit_s_interface_for_programs_is_closed() -> None:
    assert request(App(), path="/_stcore/agent/openapi.json", host="localhost")[0]["status"] == 400


def test_files_are_taken_from_sessions_that_are_let_in_only() -> None:
    app, transcript = App(), Transcript("known")
    admit(transcript, is_let_in=True)

    assert request(app, path="/_stcore/upload_file/unknown/1", host="localhost:8501")[0]["status"] == 400
    assert app.scope is None
    assert request(app, path="/_stcore/upload_file/known/1", host="localhost:8501")[0]["status"] == 200

    del transcript  # as a session that has ended leaves it
    assert "known" not in admitted_sessions()


def test_what_the_server_counts_is_nobody_s_business() -> None:
    assert request(App(), path="/_stcore/metrics", host="localhost:8501")[0]["status"] == 400


def test_a_message_that_no_page_of_ours_sends_ends_its_websocket() -> None:
    async def first_message(size: int) -> str:
        got: list[Any] = []

        async def app(_scope: Any, receive: Any, _send: Any) -> None:
            got.append(await receive())

        async def receive() -> Any:
            return {"type": "websocket.receive", "bytes": b"x" * size}

        scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"host", b"localhost:8501")]}
        await Guard(app, settings=LOOPBACK)(scope, receive, receive)
        return str(got[0]["type"])

    assert asyncio.run(first_message(1_000_000)) == "websocket.receive"
    assert asyncio.run(first_message(10_000_000)) == "websocket.disconnect"
