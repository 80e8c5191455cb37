"""Files that never change, compressed: Streamlit leaves that to a proxy, and a slow line waits three times as long.

Each is compressed once for the whole process, when it is first asked for. Their names hold a digest of what is in them.
"""

import gzip

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatapp.protocol.accepted_codings import takes_gzip

STATIC = "/static/"
_KINDS = ("text/", "application/javascript", "application/json", "image/svg+xml")
_LEAST_BYTES = 512
_MOST_KEPT = 16 * 1024 * 1024


class Compression:
    """ASGI middleware that compresses Streamlit's own files for browsers that take that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, tuple[Message, bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the compressed file, or pass the request on."""
        if scope["type"] != "http" or not _is_wanted(scope):
            await self._app(scope, receive, send)
            return
        kept = self._kept.get(scope["path"])
        if kept is None:
            response = _Response()
            await self._app(scope, receive, response.take)
            kept = response.start, bytes(response.body)
            if response.can_be_compressed:
                kept = await run_in_threadpool(_compressed, *kept)
                self._keep(scope["path"], kept)
        start, body = kept
        await send({**start, "headers": list(start["headers"])})  # those who add headers change the list
        await send({"type": "http.response.body", "body": body})

    def _keep(self, path: str, response: tuple[Message, bytes]) -> None:
        if path not in self._kept and self._size + len(response[1]) <= _MOST_KEPT:
            self._kept[path] = response
            self._size += len(response[1])


class _Response:
    """A response that is held back until it is whole."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = bytearray()

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    @property
    def can_be_compressed(self) -> bool:
        headers = Headers(raw=self.start["headers"])
        is_text = headers.get("content-type", "").startswith(_KINDS)
        is_plain = self.start["status"] == 200 and "content-encoding" not in headers  # noqa: PLR2004 - a status
        return is_text and is_plain and len(self.body) >= _LEAST_BYTES


def _is_wanted(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    is_plain = scope["method"] == "GET" and not scope.get("query_string") and "range" not in headers
    return (
        is_plain
        and takes_gzip(headers.get("accept-encoding"))
        and "if-none-match" not in headers
        and scope["path"].startswith(STATIC)
    )


def _compressed(start: Message, body: bytes) -> tuple[Message, bytes]:
    smaller = gzip.compress(body, mtime=0)
    start = {**start, "headers": list(start["headers"])}
    headers = MutableHeaders(scope=start)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(smaller))
    headers.add_vary_header("Accept-Encoding")
    if etag := headers.get("etag"):
        headers["ETag"] = f"W/{etag.removeprefix('W/')}"  # the bytes are others
    return start, smaller
