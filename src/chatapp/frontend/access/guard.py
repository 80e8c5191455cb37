"""Who may open the page, and what a browser may load for it.

A page on this machine is open to every site the user visits, through names that resolve to 127.0.0.1 (DNS rebinding)
and through scripts that open its websocket. So the Host must be ours, and the Origin must be the Host.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatapp.config.settings import Settings
from chatapp.frontend.access.cookie import ORIGIN
from chatapp.frontend.session.admitted import admitted_sessions
from chatapp.hosts import is_nameless, is_ours
from chatapp.protocol import shared_page

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_CLOSED = ("/_stcore/agent/", "/_stcore/metrics")
"""Streamlit's interface for programs, which is off and need not say so, and what it counts of all sessions."""
_UPLOADS = "/_stcore/upload_file/"
_MESSAGE_BYTES = 2 * 1024 * 1024
"""What a browser may say at once, beside a prompt: the state of all that can be clicked and typed in."""


class Guard:
    """ASGI middleware that refuses foreign hosts, on the page and on its websocket, and adds the security headers."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it: with 400, or by not accepting the websocket, which is a 403."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif fault := self._fault(scope):
            await _refuse(fault, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, self._limited(receive), send)
        else:
            headers = {**_HEADERS, **shared_page.HEADERS} if scope["path"].startswith(shared_page.PATH) else _HEADERS
            await self._app(_without_origin(scope), receive, _with_headers(send, headers))

    def _fault(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = hosts[0] if len(hosts) == 1 else ""  # of several a proxy may have gone by another one
        known = is_ours(host, listening_on=self._settings.host, allowed=self._settings.allowed_hosts)
        if not known and not is_nameless(scope):
            return "This page does not answer for the host that was asked for. Its owner can add it to ALLOWED_HOSTS."
        if any(origin.partition("//")[2] != host for origin in origins):
            return "This page is not for scripts of other sites."
        path = scope["path"]
        if path.startswith(_UPLOADS) and path.removeprefix(_UPLOADS).partition("/")[0] not in admitted_sessions():
            return "Files are taken from who has signed in."
        return "There is nothing here." if path.startswith(_CLOSED) else None

    def _limited(self, receive: Receive) -> Receive:
        """Hang up on who sends more than a page of ours does; nobody has signed in yet on a new websocket."""
        limit = _MESSAGE_BYTES + 8 * self._settings.max_prompt_chars

        async def receive_limited() -> Message:
            message = await receive()
            size = len(message.get("bytes") or b"") + len(message.get("text") or "")
            return {"type": "websocket.disconnect", "code": 1009} if size > limit else message

        return receive_limited


async def _refuse(fault: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": fault})
    else:
        await PlainTextResponse(fault, status_code=400, headers=_HEADERS)(scope, receive, send)


def _without_origin(scope: Scope) -> Scope:
    """Put aside what was checked: Streamlit would check it again, and ask elsewhere for the address of this machine."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"origin"]
    return {**scope, "headers": headers, ORIGIN: Headers(scope=scope).get("origin")}


def _with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return send_with_headers
