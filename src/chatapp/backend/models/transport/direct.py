"""The straight way to a model server: connections of our own."""

import asyncio
import math
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast
from weakref import WeakSet

from aiohappyeyeballs import start_connection
from httpx2 import URL, Headers

from chatapp.backend.models.transport.base import IDLE_S
from chatapp.backend.models.transport.response import DirectResponse
from chatapp.hosts import is_loopback

NEXT_ADDRESS_AFTER_S = 0.25
"""How long one address of several may take to be reached before the next is tried too (RFC 8305)."""

ENDING_S = 1.0
"""How long the end of a body may take behind the end of the answer, before the connection is given up."""

_NO_HEADER = re.compile(rb"[\0\r\n]")


class HttpConnection(asyncio.Protocol):
    """Carries one question after the other.

    `keep` is called with a connection whose response has come to its end, if the server lets it carry another.
    """

    def __init__(self, keep: Callable[["HttpConnection"], None]) -> None:
        self._keep = keep
        self._loop = asyncio.get_running_loop()
        self._response: DirectResponse | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def send(self, request: bytes) -> DirectResponse:
        """Send a request and return its response once the head is there.

        Raises:
            ConnectionError: the server hung up.
            UpstreamBadResponseError: what it sent is not HTTP.
        """
        if not self.is_open():
            raise ConnectionResetError("The server has hung up.")
        self._response = response = DirectResponse(self, self._loop)
        self._transport.write(request)
        await response.begin()
        return response

    def is_open(self) -> bool:
        """Return whether it can carry another question."""
        return not self._transport.is_closing()

    def hang_up(self) -> None:
        """Close the connection, in the middle of whatever is said."""
        self._transport.abort()

    def free(self, response: DirectResponse, *, is_over: bool) -> None:
        """Leave the connection to the next question; hang up if more is to come than the end, or that does not.

        Hang up too where the response came before the question was sent: the next would have to wait behind it.
        """
        if not self.is_open() or self._transport.get_write_buffer_size():
            self.hang_up()
        elif response.is_complete and response.is_reusable:
            self._forget(response)
            self._transport.resume_reading()
            self._keep(self)
        elif is_over and not response.is_complete:
            self._ending = self._loop.call_later(ENDING_S, self.hang_up)
        else:
            self.hang_up()

    def hold(self, *, is_held: bool) -> None:
        """Let the server wait, or go on."""
        if self.is_open():
            (self._transport.pause_reading if is_held else self._transport.resume_reading)()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to be asked."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take in what the server says; when nobody has asked, it says nothing."""
        if self._response is None:
            self.hang_up()
            return
        self._response.parse(data)
        if self._ending is not None and self._response.is_complete:
            self._ending.cancel()
            self._ending = None
            self.free(self._response, is_over=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the response know that nothing more comes."""
        if self._ending is not None:
            self._ending.cancel()
        if self._response is not None:
            self._response.feed_end(exc)
            self._forget(self._response)

    def _forget(self, response: DirectResponse) -> None:
        """Let go of what refers to itself in a circle, and would wait for the garbage collector."""
        response.parse_no_more()
        self._response = None


class DirectTransport:
    """Connections of our own, each kept for a while for the next question."""

    def __init__(self, url: URL, headers: Headers, *, tls: ssl.SSLContext, connect_timeout_s: float) -> None:
        self._host = url.raw_host.decode()
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = tls if url.scheme == "https" else None
        self._name = self._host.rstrip(".") if self._tls else None
        self._connect_timeout_s = connect_timeout_s
        self._head = b"POST %b HTTP/1.1\r\n%b" % (url.raw_path, _lines(_with_host(headers, url).raw))
        self._own_headers: Mapping[str, str] = {}
        self._own_lines = b""
        self._idle: dict[HttpConnection, float] = {}  # the oldest first, each with the time it is kept until
        self._expiry: asyncio.TimerHandle | None = None
        self._all: WeakSet[HttpConnection] = WeakSet()
        self._is_retired = False

    async def post(self, body: bytes, headers: Mapping[str, str]) -> DirectResponse:
        """Return the response once its head is there."""
        if headers != self._own_headers:  # as a rule the key alone, which is the same for hours
            lines = _lines([(name.encode(), value.encode()) for name, value in headers.items()])
            self._own_headers, self._own_lines = dict(headers), lines
        head = b"%b%bContent-Length: %d\r\n\r\n" % (self._head, self._own_lines, len(body))
        connection = self._kept() or await self._connected()
        try:
            return await connection.send(head + body)
        except BaseException:
            connection.hang_up()
            raise

    async def retire(self, then: Callable[[], Awaitable[None]]) -> None:
        """Close what nobody uses now, and the rest when it has come to its end."""
        self._is_retired = True
        self._let_go(until=math.inf)
        await then()

    async def close(self) -> None:
        """Close all connections."""
        self._let_go(until=math.inf)
        for connection in list(self._all):
            connection.hang_up()
        await asyncio.sleep(0)  # the event loop closes their sockets when it comes round

    def _keep(self, connection: HttpConnection) -> None:
        if self._is_retired:
            connection.hang_up()
            return
        self._idle[connection] = until = asyncio.get_running_loop().time() + IDLE_S
        if self._expiry is None:  # one for all, as a timer of its own for each question takes longer than to look here
            self._expire_at(until)

    def _expire_at(self, when: float) -> None:
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_at(when, self._let_go, when)

    def _let_go(self, until: float) -> None:
        """Close what was to be kept until then, and look again when the next is due."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        for connection in [connection for connection, due in self._idle.items() if due <= until]:
            del self._idle[connection]
            connection.hang_up()
        if self._idle:
            self._expire_at(next(iter(self._idle.values())))

    def _kept(self) -> HttpConnection | None:
        """Return the connection that was used last, if it is still open."""
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.is_open():
                return connection
        return None

    async def _connected(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                if is_loopback(self._host):
                    connection = await self._on_this_machine()
                else:
                    reached = await self._reached()
                    _, connection = await loop.create_connection(
                        self._new, sock=reached, ssl=self._tls, server_hostname=self._name
                    )
        except (RuntimeError, UnicodeError) as error:  # uvloop's, now and then; a name that no name server could know
            raise ConnectionError("The server cannot be reached.") from error
        self._all.add(connection)
        return connection

    async def _on_this_machine(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                self._new, self._host, self._port, ssl=self._tls, server_hostname=self._name
            )
        except ConnectionRefusedError:
            if self._host != "localhost":
                raise
            _, connection = await loop.create_connection(  # which /etc/hosts does not say everywhere
                self._new, "::1", self._port, ssl=self._tls, server_hostname=self._name
            )
        return connection

    def _new(self) -> HttpConnection:
        return HttpConnection(self._keep)

    async def _reached(self) -> socket.socket:
        """Return a socket to the first of the server's addresses that answers: one of several may be dead."""
        return await start_connection(await self._addresses(), happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S, interleave=1)

    async def _addresses(self) -> list[Any]:
        return await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)


def _with_host(headers: Headers, url: URL) -> Headers:
    return headers if "host" in headers else Headers({"Host": url.netloc.decode(), **headers})


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the lines of a head.

    Raises:
        ValueError: a header would be more than one line.
    """
    if any(_NO_HEADER.search(name + value) for name, value in headers):
        raise ValueError("a header with a line end")
    return b"".join([b"%b: %b\r\n" % header for header in headers])
