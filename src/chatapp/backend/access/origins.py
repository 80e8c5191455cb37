"""Which web pages may ask, and read the answers."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.http.context import header
from chatapp.backend.http.errors import error_response
from chatapp.errors import ForeignOriginError

ANY_LOCAL_PORT = r"https?://(localhost|127\.0\.0\.1)(:\d{1,5})?"
_HARMLESS = {"GET", "HEAD", "OPTIONS"}


class OriginCheck(CORSMiddleware):
    """CORS that also refuses what a foreign page sends without asking first: a form or a file needs no preflight."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        every_page = "*" in origins
        super().__init__(
            app,
            allow_origins=["*"] if every_page else origins,
            allow_origin_regex=None if origins else ANY_LOCAL_PORT,
            allow_credentials=not every_page,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        origin = header(scope, b"origin") if scope["type"] == "http" else None
        if origin is not None and self._is_foreign(origin, scope):
            error = ForeignOriginError("Pages of this origin may not ask here.", hint="See CORS_ORIGINS.")
            await error_response(error, scope, headers={"Vary": "Origin"})(scope, receive, send)
        elif origin is None and scope.get("method") == "POST":
            await self.app(scope, receive, send)  # no page asks, and what no cache keeps need not tell of `Vary`
        else:
            await super().__call__(scope, receive, send)

    def _is_foreign(self, origin: str, scope: Scope) -> bool:
        if self.is_allowed_origin(origin) or origin.partition("//")[2] == header(scope, b"host"):
            return False
        return scope["method"] not in _HARMLESS or header(scope, b"access-control-request-method") is not None
