"""What is sent compressed: long answers, to who takes them so."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.http.context import header

LEAST_BYTES = 1000
"""A shorter body would save no packet."""


class AnswerCompression(GZipMiddleware):
    """Starlette's, which has nothing to do with a POST of who takes no gzip.

    All that it would add there is `Vary`, which is for caches, and for a short answer it takes a twentieth of the time.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=LEAST_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope.get("method") == "POST" and "gzip" not in (header(scope, b"accept-encoding") or ""):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
