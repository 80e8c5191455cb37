"""What is sent compressed: long answers, to who takes them so."""

from starlette.middleware.gzip import GZipMiddleware, IdentityResponder
from starlette.types import ASGIApp, Receive, Scope, Send

from chatapp.backend.http.context import header
from chatapp.protocol.accepted_codings import takes_gzip

LEAST_BYTES = 1000
"""A shorter body would save no packet."""


class AnswerCompression(GZipMiddleware):
    """Starlette's, which compresses also for who refuses gzip by `q=0`, and has nothing to do with a POST of theirs.

    All that it would add there is `Vary`, which is for caches, and for a short answer it takes a twentieth of the time.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=LEAST_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or takes_gzip(header(scope, b"accept-encoding")):
            await super().__call__(scope, receive, send)
        elif scope["method"] == "POST":
            await self.app(scope, receive, send)
        else:
            await IdentityResponder(self.app, self.minimum_size)(scope, receive, send)
