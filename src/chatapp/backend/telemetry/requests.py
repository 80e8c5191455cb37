"""What is known of a request afterwards: its id on the response, one line in the log; never a prompt or a key."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatapp.backend.http import context
from chatapp.backend.http.context import RequestContext
from chatapp.backend.http.errors import error_response
from chatapp.backend.store.identity import new_id
from chatapp.backend.tasks import described
from chatapp.errors import ChatappError, InternalError, ShuttingDownError

CLIENT_LEFT = 499
"""The status in the log for a client that did not wait, as nginx writes it."""

_NOT_KEPT = (b"cache-control", b"no-store")
"""Of what is somebody's own: a cache on the way, which knows nothing of keys, would tell it to others."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_DEFECT = InternalError("Something went wrong in the backend.", hint="Its log says more under this request id.")

_STOPPED = ShuttingDownError(
    "The backend was stopped before it could answer.", hint="Ask again in a moment.", retry_after=5
)

LOGGED_CHARS = 200
"""How much is logged of what a client may make as long as it likes."""

_FRAMES = 6
"""How much of a traceback is logged; what is above is the framework's."""

log = logging.getLogger(__name__)


Header = tuple[bytes, bytes]

Served = Callable[[str, str, int], None]
"""Takes note of a request: its method, the route it took, empty for none, and its status."""

_READING = frozenset({"GET", "HEAD"})
"""A cache takes what HEAD is told for what GET would be. https://www.rfc-editor.org/rfc/rfc9111#section-4.3.5"""

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


def _method(scope: Scope) -> str:
    """Return the method, where it is one that many use: anybody can make up others."""
    return scope["method"] if scope["method"] in _METHODS else "other"


class Telemetry:
    """Outermost middleware: gives every request an id and a log line, and every error the one shape.

    What a stream says after its head goes past the layers inside, which costs a tenth less a word, if all of them are
    among `stream_blind`: those that would hand it on as it is. One other layer, and every byte goes through all.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        stream_blind: frozenset[Any] = frozenset(),
        on_begun: Callable[[Scope], None] | None = None,
        on_served: Served | None = None,
    ) -> None:
        self._app = app
        self._stream_blind = stream_blind
        self._on_begun = on_begun
        self._on_served = on_served
        self._may_bypass: bool | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._may_bypass is None:
            self._may_bypass = self._nobody_looks(scope["app"])
        if self._on_begun is not None:
            self._on_begun(scope)
        request = RequestLog(scope)
        context.enter(scope, RequestContext(request.id, direct_send=send if self._may_bypass else None))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                message = {**message, "headers": request.headers(message["headers"])}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            pass  # while its request was read, or what it asked for was made
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the outermost handler
            told = _error_for(error, request.id)
            if request.status is None:
                await error_response(told, scope)(scope, receive, send_with_id)
        finally:
            request.write(context.context_of(scope))
            if self._on_served is not None:
                route = getattr(scope.get("route"), "path", "")
                self._on_served(_method(scope), route, request.status or CLIENT_LEFT)
            context.leave(scope)

    def _nobody_looks(self, app: Starlette) -> bool:
        """Return whether no layer inside this one wants to see what a stream says."""
        layers: list[Any] = [layer.cls for layer in app.user_middleware]
        return Telemetry in layers and set(layers[layers.index(Telemetry) + 1 :]) <= self._stream_blind


def _error_for(failure: BaseException, request_id: str) -> ChatappError:
    """Return what is told of what nobody else has caught; a defect is logged."""
    if isinstance(failure, asyncio.CancelledError):  # the server stops, and waits for its requests no longer
        return _STOPPED
    log.error("%s: %s", request_id, described(failure, frames=_FRAMES))
    return _DEFECT


class RequestLog:
    """What the log will say of one request."""

    def __init__(self, scope: Scope) -> None:
        offered = context.header(scope, b"x-request-id") or ""
        self.id = offered if offered and _REQUEST_ID.fullmatch(offered) else new_id()
        self.status: int | None = None
        self._scope = scope
        self._began = time.perf_counter()

    def headers(self, sent: Iterable[Header]) -> list[Header]:
        """Return the headers of the response with those that all have."""
        headers = [*sent, (b"x-request-id", self.id.encode())]
        if self._scope["method"] in _READING and all(name != b"cache-control" for name, _ in headers):
            headers.append(_NOT_KEPT)
        return headers

    def write(self, known: RequestContext) -> None:
        """Write the line; health checks only at debug level."""
        level = logging.DEBUG if context.is_public(self._scope) else logging.INFO
        if log.isEnabledFor(level):
            fields = self._fields(known)
            line = _line(fields)
            # `log.log` would first look for the file and line it is called from, which nobody shows
            log.handle(log.makeRecord(log.name, level, "", 0, line, (), None, extra={"fields": fields}))

    def _fields(self, known: RequestContext) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "method": self._scope["method"],
            "path": context.told_path(self._scope)[:LOGGED_CHARS],
            "status": self.status or CLIENT_LEFT,
            "ms": round((time.perf_counter() - self._began) * 1000),
            "request_id": self.id,
        }
        if (answer := known.outcome) is not None:
            fields["model"] = answer.model[:LOGGED_CHARS]
            fields["tokens"] = answer.usage["total_tokens"] if answer.usage else None
            fields["outcome"] = answer.failure.code if answer.failure else answer.finish_reason
        return fields


def _line(fields: dict[str, Any]) -> str:
    """Return the fields as one line, in which none can begin a line of its own or steer a terminal."""
    line = " ".join(map("%s=%s".__mod__, fields.items()))
    if len(line) <= LOGGED_CHARS and line.isascii() and line.isprintable() and "\\" not in line:
        return line
    return " ".join([f"{name}={_printable(str(value))}" for name, value in fields.items()])


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text[:LOGGED_CHARS]
    return text.encode("unicode_escape").decode()[:LOGGED_CHARS]
