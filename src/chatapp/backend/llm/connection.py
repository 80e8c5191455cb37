"""One HTTP/1.1 connection to a model server: a question goes out, and its response is read as it comes.

What llhttp finds, by httptools, is kept as it is until somebody reads it: an HTTP client for everything costs several
times that for every question and every word (measured against aiohttp).
"""

import asyncio
from collections.abc import Callable
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from chatapp.errors import IncompleteAnswerError, UpstreamBadResponseError

HELD_BYTES = 256 * 1024
"""How much of a response waits here to be read; the rest waits at the server."""

MAX_HEAD_BYTES = 512 * 1024
"""Of a head, or of trailers; more than one read brings of a body. llhttp has no limit of its own."""


class Connection(asyncio.Protocol):
    """Carries one question after the other, and is the response to the last one.

    `keep` is called with a connection whose response was read to its end, if the server lets it carry another.
    """

    def __init__(self, keep: Callable[["Connection"], None]) -> None:
        self._keep = keep
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)  # home-made servers end lines so
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._begin()
        self._is_complete = True

    def _begin(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self._head_bytes = 0
        self._is_complete = False
        self._is_reusable = False

    async def ask(self, request: bytes) -> None:
        """Send a request and wait for the head of its response.

        Raises:
            ConnectionError: the server hung up.
            UpstreamBadResponseError: what it sent is not HTTP.
        """
        self._begin()
        self._transport.write(request)
        while not self.status:
            if self._failure is not None:
                raise self._failure
            await self._news()

    async def read(self) -> bytes:
        """Give what has come since the last read, nothing at the end.

        Raises:
            IncompleteAnswerError: the connection broke.
        """
        while not self._parts and not self._is_complete:
            if self._failure is not None:
                raise IncompleteAnswerError("the connection to the model broke.", hint="Ask again.")
            await self._news()
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        if self._held_bytes > HELD_BYTES and not self._transport.is_closing():
            self._transport.resume_reading()
        self._held_bytes = 0
        return data

    async def release(self) -> None:
        """Leave the connection to the next question if this response is complete; else hang up."""
        if self._is_complete and self._is_reusable:
            self._keep(self)
        else:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection, in the middle of whatever is said."""
        self._transport.abort()

    def is_open(self) -> bool:
        """Say whether it can carry another question."""
        return not self._transport.is_closing()

    async def _news(self) -> None:
        self._waiting = self._loop.create_future()
        await self._waiting

    def _tell(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to be asked."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take in what the server says; nobody asked for what comes behind a response."""
        try:
            self._parser.feed_data(data)
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise HttpParserError("a head without an end")
        except (HttpParserError, HttpParserUpgrade):
            self._failure = UpstreamBadResponseError("the model server's answer cannot be read.")
            self.hang_up()
        if self._held_bytes > HELD_BYTES and not self._transport.is_closing():
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the response: that is how one ends that does not say how long it is."""
        if exc is None and self._failure is None and not self._is_complete and self._ends_with_connection():
            self._is_complete = True
        self._failure = self._failure or ConnectionResetError("The server hung up.")
        self._tell()

    def _ends_with_connection(self) -> bool:
        return bool(self.status) and not {"content-length", "transfer-encoding"} & self.headers.keys()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Refuse a response that nobody asked for."""
        if self._is_complete:
            raise ValueError("nobody asked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header; of several with one name, the last."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Let the question be accepted or refused, unless this is only a sign of life (1xx)."""
        status = self._parser.get_status_code()
        if status >= 200:  # noqa: PLR2004
            self.status = status
        else:
            self.headers = {}

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        self._parts.append(data)
        self._held_bytes += len(data)
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        """Note the end."""
        if self.status:
            self._is_complete = True
            self._is_reusable = self._parser.should_keep_alive()
