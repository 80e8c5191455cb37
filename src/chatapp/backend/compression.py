"""Which responses are compressed."""

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send


class Compression(GZipMiddleware):
    """Compresses for whom asks for it, and stays away from streams, of which it would look at every event."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        compresses = (
            scope["type"] == "http"
            and not scope["path"].endswith("/stream")
            and "gzip" in Headers(scope=scope).get("accept-encoding", "")
        )
        await (super().__call__ if compresses else self.app)(scope, receive, send)
