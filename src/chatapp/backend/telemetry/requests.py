"""What is known of a request afterwards: its id on the response, one line in the log; never a prompt or a key."""

import logging
import re
import time
import traceback
import uuid
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatapp.backend.http.errors import error_response
from chatapp.errors import InternalError

if TYPE_CHECKING:
    from chatapp.backend.turns.turn import Turn

CLIENT_LEFT = 499
"""The status in the log for a client that did not wait, as nginx writes it."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_DEFECT = InternalError("Something went wrong in the backend.", hint="Its log says more under this request id.")

_FRAMES = 6
"""How much of a traceback is logged; what is above is the framework's."""

log = logging.getLogger(__name__)


class Telemetry:
    """Outermost middleware: gives every request an id and a log line, and every error the one shape.

    What a long response says after its head need not come back through all layers: `outer_send` is the way past them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = RequestRecord(scope)
        scope["record"] = request
        scope["outer_send"] = send

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request.id.encode())]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            pass  # while its request was read
        except Exception as error:  # noqa: BLE001 - the outermost handler
            log.error(
                "%s: %s\n%s",
                request.id,
                type(error).__name__,
                "".join(traceback.format_tb(error.__traceback__)[-_FRAMES:]),
            )
            if request.status is None:
                await error_response(_DEFECT, scope)(scope, receive, send_with_id)
        finally:
            del scope["outer_send"], scope["record"]  # they lead back here, and would wait for the garbage collector
            request.write()


class RequestRecord:
    """What the log will say of one request. `turn` is filled in by the route that has one."""

    def __init__(self, scope: Scope) -> None:
        offered = Headers(scope=scope).get("x-request-id", "")
        self.id = offered if _REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex
        self.status: int | None = None
        self.turn: Turn | None = None
        self._scope = scope
        self._began = time.perf_counter()

    def write(self) -> None:
        """Write the line; health checks only at debug level."""
        level = logging.DEBUG if self._scope["path"] == "/health" else logging.INFO
        if log.isEnabledFor(level):
            fields = self._fields()
            line = " ".join(f"{name}={_printable(value)}" for name, value in fields.items())
            log.log(level, line, extra={"fields": fields})

    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "method": self._scope["method"],
            "path": self._scope["path"],
            "status": self.status or CLIENT_LEFT,
            "ms": round((time.perf_counter() - self._began) * 1000),
            "request_id": self.id,
        }
        if self.turn is not None:
            fields["model"] = self.turn.model
            fields["tokens"] = self.turn.usage["total_tokens"] if self.turn.usage else None
            fields["outcome"] = self.turn.failure.code if self.turn.failure else self.turn.finish_reason
        return fields


def _printable(value: object) -> str:
    """Return a value that can neither begin a line of its own nor steer a terminal."""
    return str(value).encode("unicode_escape").decode()[:200]
