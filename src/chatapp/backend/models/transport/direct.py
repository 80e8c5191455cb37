"""The straight way to a model server: connections of our own."""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from weakref import WeakSet

from aiohappyeyeballs import start_connection
from httpx2 import URL, Headers

from chatapp.backend.models.transport.base import IDLE_S
from chatapp.backend.models.transport.connection import DirectResponse, HttpConnection
from chatapp.hosts import is_loopback

NEXT_ADDRESS_AFTER_S = 0.25
"""How long one address of several may take to be reached before the next is tried too (RFC 8305)."""

_NO_HEADER = re.compile(rb"[\0\r\n]")


class DirectTransport:
    """Connections of our own, each kept for a while for the next question."""

    def __init__(self, url: URL, headers: Headers, *, tls: ssl.SSLContext, connect_timeout_s: float) -> None:
        self._host = url.raw_host.decode()
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = tls if url.scheme == "https" else None
        self._name = self._host.rstrip(".") if self._tls else None
        self._connect_timeout_s = connect_timeout_s
        self._head = b"POST %b HTTP/1.1\r\n%b" % (url.raw_path, _lines(_with_host(headers, url).raw))
        self._idle: dict[HttpConnection, asyncio.TimerHandle] = {}
        self._all: WeakSet[HttpConnection] = WeakSet()
        self._is_retired = False

    async def post(self, body: bytes, headers: Mapping[str, str]) -> DirectResponse:
        """Return the response once its head is there."""
        own = _lines([(name.encode(), value.encode()) for name, value in headers.items()])
        connection = self._kept() or await self._connected()
        try:
            return await connection.send(b"%b%bContent-Length: %d\r\n\r\n%b" % (self._head, own, len(body), body))
        except BaseException:
            connection.hang_up()
            raise

    async def retire(self, then: Callable[[], Awaitable[None]]) -> None:
        """Close what nobody uses now, and the rest when it has come to its end."""
        self._is_retired = True
        for connection in list(self._idle):
            self._let_go(connection)
        await then()

    async def close(self) -> None:
        """Close all connections."""
        for expiry in self._idle.values():
            expiry.cancel()
        self._idle.clear()
        for connection in list(self._all):
            connection.hang_up()
        await asyncio.sleep(0)  # the event loop closes their sockets when it comes round

    def _keep(self, connection: HttpConnection) -> None:
        if self._is_retired:
            connection.hang_up()
            return
        self._idle[connection] = asyncio.get_running_loop().call_later(IDLE_S, self._let_go, connection)

    def _let_go(self, connection: HttpConnection) -> None:
        self._idle.pop(connection).cancel()
        connection.hang_up()

    def _kept(self) -> HttpConnection | None:
        """Return the connection that was used last, if it is still open."""
        while self._idle:
            connection, expiry = self._idle.popitem()
            expiry.cancel()
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
