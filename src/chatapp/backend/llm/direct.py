"""The straight way to a model server: connections of our own."""

import asyncio
import socket
import ssl
from collections.abc import Mapping

from aiohappyeyeballs import start_connection
from httpx2 import URL

from chatapp.backend.llm.connection import Connection
from chatapp.backend.llm.transports import IDLE_S
from chatapp.hosts import is_loopback

EYEBALLS_S = 0.25
"""How long one address of several may take to be reached before the next is tried too (RFC 8305)."""


class DirectTransport:
    """Connections of our own, each kept for a while for the next question."""

    def __init__(self, url: URL, headers: Mapping[str, str], *, tls: ssl.SSLContext, connect_timeout_s: float) -> None:
        self._host = url.raw_host.decode()
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = tls if url.scheme == "https" else None
        self._connect_timeout_s = connect_timeout_s
        self._head = f"POST {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n{_lines(headers)}"
        self._idle: dict[Connection, asyncio.TimerHandle] = {}

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Connection:
        """Give the response once its head is there."""
        head = f"{self._head}{_lines(headers)}Content-Length: {len(body)}\r\n\r\n"
        connection = self._kept() or await self._connected()
        try:
            await connection.ask(head.encode() + body)
        except BaseException:
            connection.hang_up()
            raise
        return connection

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        for connection in list(self._idle):
            self._let_go(connection)
        await asyncio.sleep(0)  # the event loop closes their sockets when it comes round

    def _keep(self, connection: Connection) -> None:
        self._idle[connection] = asyncio.get_running_loop().call_later(IDLE_S, self._let_go, connection)

    def _let_go(self, connection: Connection) -> None:
        self._idle.pop(connection).cancel()
        connection.hang_up()

    def _kept(self) -> Connection | None:
        """Give the connection that was used last, if it is still open."""
        while self._idle:
            connection, expiry = self._idle.popitem()
            expiry.cancel()
            if connection.is_open():
                return connection
        return None

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_timeout_s):
            if is_loopback(self._host):
                _, connection = await loop.create_connection(self._new, self._host, self._port, ssl=self._tls)
            else:
                name = self._host if self._tls else None
                reached = await self._reached()
                _, connection = await loop.create_connection(
                    self._new, sock=reached, ssl=self._tls, server_hostname=name
                )
        return connection

    def _new(self) -> Connection:
        return Connection(self._keep)

    async def _reached(self) -> socket.socket:
        """Give a socket to the first of the server's addresses that answers: one of several may be dead."""
        addresses = await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return await start_connection(addresses, happy_eyeballs_delay=EYEBALLS_S, interleave=1)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
