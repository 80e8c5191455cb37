"""What a model server answers by HTTP/1.1, over a connection of our own.

What llhttp finds, by httptools, is kept as it is until somebody reads it. With aiohttp, a client for everything, a
question took a third more of the processor, and 200 at once waited 350 ms for their first words instead of 150.
"""

import asyncio
from ssl import SSLError
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from chatapp.errors import IncompleteAnswerError, UpstreamBadResponseError

if TYPE_CHECKING:
    from chatapp.backend.models.transport.direct import HttpConnection

HELD_BYTES = 256 * 1024
"""How much of a body waits here to be read, beside what one read brings; the rest waits at the server."""

MAX_HEAD_BYTES = 512 * 1024
"""Of a head, or of trailers; more than one read brings of a body. llhttp has no limit of its own."""


class DirectResponse:
    """What the server answers to one question: `status`, `headers` with their names in lower case, then the body."""

    def __init__(self, connection: "HttpConnection", loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_complete = self.is_reusable = self._is_released = False
        self._connection = connection
        self._loop = loop
        self._parts: list[bytes] = []
        # The parser calls it: a method of ours would take a fortieth of a word's way.
        self.on_body = self._parts.append
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(  # home-made servers need them, and aiohttp grants them too
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._held_bytes = self._bytes_without_body = 0
        self._failure: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def begin(self) -> None:
        """Wait for the head."""
        while not self.status:
            if self._failure is not None:
                raise self._failure
            self._waiting = self._loop.create_future()
            await self._waiting

    async def read(self) -> bytes:
        """Return what has come since the last read, nothing at the end.

        Raises:
            IncompleteAnswerError: the connection broke.
        """
        parts = self._parts
        while not parts and not self.is_complete:
            if self._failure is not None:
                raise IncompleteAnswerError("the connection to the model broke.", hint="Ask again.")
            self._waiting = self._loop.create_future()
            await self._waiting
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        if self._held_bytes > HELD_BYTES:
            self._connection.hold(is_held=False)
        self._held_bytes = 0
        return data

    async def release(self, *, is_over: bool = False) -> None:
        """Leave the connection to the next question, or hang up; `is_over`: nothing is to come but the end."""
        if not self._is_released:
            self._is_released = True
            self._connection.free(self, is_over=is_over)

    def parse(self, data: bytes) -> None:
        """Take in what the connection brings; hang up if it is of a body that nobody is to read."""
        known = len(self._parts)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._refuse()
        if len(self._parts) == known:
            self._bytes_without_body += len(data)
            if self._bytes_without_body > MAX_HEAD_BYTES:
                self._refuse()
        else:
            self._bytes_without_body = 0
            self._held_bytes += len(data)
            if self._held_bytes > HELD_BYTES:
                self._connection.hold(is_held=True)
            if self._is_released:
                self._connection.hang_up()
        self._wake()

    def feed_end(self, error: Exception | None) -> None:
        """Take in that the connection is closed: a body ends so that does not say how long it is."""
        if error is None and self._failure is None and self.status and self._ends_with_connection():
            self.is_complete = True
        if self._failure is None:
            self._failure = ConnectionResetError("The server hung up.")
            self._failure.__cause__ = error if isinstance(error, SSLError) else None  # which says why
        self._wake()

    def parse_no_more(self) -> None:
        """Let go of the parser, which knows us as we know it."""
        del self._parser

    def _refuse(self) -> None:
        self.is_reusable = False
        self._failure = UpstreamBadResponseError("the model server's answer cannot be read.")
        self._connection.hang_up()

    def _ends_with_connection(self) -> bool:
        is_chunked = self.headers.get("transfer-encoding", "").lower().endswith("chunked")
        return not is_chunked and "content-length" not in self.headers

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def on_message_begin(self) -> None:
        """Refuse a second response: nobody asked for it."""
        if self.is_complete:
            raise ValueError("nobody asked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header, or a trailer; of several with one name, the last."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Begin, unless this is only a sign of life (1xx)."""
        status = self._parser.get_status_code()
        if status < 100:  # noqa: PLR2004
            raise ValueError("no status")
        if status >= 200:  # noqa: PLR2004
            self.status = status
        else:
            self.headers = {}

    def on_message_complete(self) -> None:
        """Note the end."""
        if self.status:
            self.is_complete = True
            self.is_reusable = self._parser.should_keep_alive()
