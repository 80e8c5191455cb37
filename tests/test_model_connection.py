"""The straight way to a model server: HTTP however it is cut, connections that are used again, and those that break."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from httpx2 import URL, create_ssl_context

import scripts
from chatapp.backend.llm import direct
from chatapp.backend.llm.connection import HELD_BYTES, MAX_HEAD_BYTES, Connection
from chatapp.backend.llm.direct import DirectTransport
from chatapp.backend.llm.transports import Response
from chatapp.errors import IncompleteAnswerError, UpstreamBadResponseError
from stub_model import StubModel
from wires import Wire

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
IN_CHUNKS = CHUNKED + b"5\r\nHello\r\n7;of=it\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 12\r\n\r\nHello, world"
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + IN_CHUNKS
OLD = b"HTTP/1.0 200 OK\nContent-Type: text/event-stream\n\nHello, world"


class Talk:
    """A connection on a wire, with a question asked and everything read that comes."""

    def __init__(self) -> None:
        self.wire, self.kept = Wire(), list[Connection]()
        self.connection = Connection(self.kept.append)
        self.connection.connection_made(self.wire)
        self.body = b""
        self._reading = asyncio.create_task(self._read())

    async def hear(self, *parts: bytes) -> None:
        """Let the server say `parts`, one read each."""
        for part in parts:
            await asyncio.sleep(0)
            self.connection.data_received(part)

    async def end(self, error: Exception | None = None) -> None:
        """Let the server hang up."""
        await asyncio.sleep(0)
        self.connection.connection_lost(error)

    async def whole_body(self) -> bytes:
        await asyncio.wait_for(self._reading, 5)
        return self.body

    async def _read(self) -> None:
        await self.connection.ask(b"question")
        while part := await self.connection.read():
            self.body += part
        await self.connection.release()


@pytest.mark.parametrize("said", [IN_CHUNKS, SIZED, HINTED], ids=["chunked", "sized", "behind a hint"])
def test_a_response_is_read_wherever_it_is_cut(said: bytes) -> None:
    async def cut_at(position: int) -> None:
        talk = Talk()
        await talk.hear(said[:position], said[position:])
        assert await talk.whole_body() == b"Hello, world"
        assert (talk.connection.status, talk.connection.headers["content-type"]) == (200, "text/event-stream")
        assert talk.kept == [talk.connection]

    for position in range(1, len(said)):
        asyncio.run(cut_at(position))


def test_one_connection_carries_one_question_after_the_other() -> None:
    async def ask_twice() -> None:
        talk = Talk()
        await talk.hear(IN_CHUNKS)
        await talk.whole_body()
        second = asyncio.create_task(talk.connection.ask(b"another"))
        await talk.hear(SIZED)
        await second
        assert await talk.connection.read() == b"Hello, world"
        assert talk.wire.written == b"questionanother"

    asyncio.run(ask_twice())


def test_a_response_without_a_length_ends_with_the_connection() -> None:
    async def until_the_end() -> None:
        talk = Talk()
        await talk.hear(OLD)
        await talk.end()
        assert await talk.whole_body() == b"Hello, world"
        assert talk.kept == []

    asyncio.run(until_the_end())


@pytest.mark.parametrize(
    ("said", "error"),
    [(IN_CHUNKS[:-2], None), (SIZED[:-1], None), (OLD, ConnectionResetError())],
    ids=["chunked", "sized", "reset"],
)
def test_a_response_that_breaks_off_is_told_from_one_that_ends(said: bytes, error: Exception | None) -> None:
    async def broken() -> None:
        talk = Talk()
        await talk.hear(said)
        await talk.end(error)
        with pytest.raises(IncompleteAnswerError):
            await talk.whole_body()
        assert b"Hello, world".startswith(talk.body)

    asyncio.run(broken())


@pytest.mark.parametrize(
    "said",
    [
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n", *[b"X-Header: " + b"x" * 60_000 + b"\r\n"] * (MAX_HEAD_BYTES // 60_000 + 1)],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ],
    ids=["another protocol", "an upgrade", "a head without an end", "two lengths"],
)
def test_what_is_no_response_is_refused(said: list[bytes]) -> None:
    async def refuse() -> None:
        talk = Talk()
        await talk.hear(*said)
        with pytest.raises(UpstreamBadResponseError):
            await talk.whole_body()
        assert talk.wire.is_closed

    asyncio.run(refuse())


def test_trailers_without_an_end_end_the_answer() -> None:
    async def endless() -> None:
        talk = Talk()
        await talk.hear(CHUNKED + b"0\r\n", *[b"X-Trailer: " + b"x" * 60_000 + b"\r\n"] * 10)
        with pytest.raises(IncompleteAnswerError):
            await talk.whole_body()
        assert talk.wire.is_closed

    asyncio.run(endless())


def test_a_server_that_speaks_first_is_hung_up_on() -> None:
    async def unasked() -> None:
        wire, connection = Wire(), Connection(lambda _: None)
        connection.connection_made(wire)
        connection.data_received(SIZED)
        assert wire.is_closed
        assert not connection.is_open()

    asyncio.run(unasked())


@pytest.mark.parametrize("together", [True, False], ids=["in the same read", "later"])
def test_what_nobody_asked_for_is_no_answer_to_the_next_question(together: bool) -> None:
    async def unasked() -> None:
        talk = Talk()
        await talk.hear(*([SIZED + SIZED] if together else [SIZED, SIZED]))
        assert await talk.whole_body() == b"Hello, world"
        assert not talk.connection.is_open()

    asyncio.run(unasked())


def test_no_more_is_taken_than_is_read() -> None:
    async def unread() -> None:
        wire, connection = Wire(), Connection(lambda _: None)
        connection.connection_made(wire)
        asking = asyncio.create_task(connection.ask(b"question"))
        await asyncio.sleep(0)
        connection.data_received(CHUNKED + b"%x\r\n" % (4 * HELD_BYTES))
        await asking
        connection.data_received(b"x" * (HELD_BYTES + 1))
        assert wire.is_paused
        assert len(await connection.read()) == HELD_BYTES + 1
        assert not wire.is_paused

    asyncio.run(unread())


Visit = Callable[[DirectTransport], Coroutine[Any, Any, None]]


def with_transport(url: str, visit: Visit) -> None:
    async def go() -> None:
        address = URL(f"{url}/chat/completions")
        transport = DirectTransport(address, {}, tls=create_ssl_context(), connect_timeout_s=5)
        await visit(transport)
        await transport.close()

    asyncio.run(asyncio.wait_for(go(), 20))


async def body_of(response: Response) -> bytes:
    body = b""
    while part := await response.read():
        body += part
    await response.release()
    return body


def test_a_connection_is_kept_for_the_next_question(stub: StubModel) -> None:
    async def visit(transport: DirectTransport) -> None:
        first, second = await transport.post(b"{}", {}), await transport.post(b"{}", {})
        assert second is not first
        await body_of(first)
        third = await transport.post(b"{}", {})
        assert third is first
        await body_of(second)
        await body_of(third)

    with_transport(stub.url, visit)
    assert stub.wait_until_idle()


def test_an_answer_that_is_not_read_to_its_end_gives_its_connection_up(stub: StubModel) -> None:
    stub.default = scripts.answer("word", scripts.silence)

    async def visit(transport: DirectTransport) -> None:
        response = await transport.post(b'{"stream": true}', {})
        await response.read()
        await response.release()
        assert await asyncio.to_thread(stub.calls[0].wait_until_left, timeout_s=5)
        assert not response.is_open()

    with_transport(stub.url, visit)


@pytest.mark.parametrize("end", [b"Connection: close\r\n", b""], ids=["announced", "by surprise"])
def test_a_connection_that_the_server_closes_is_not_used_again(end: bytes, stub: StubModel) -> None:
    stub.default = scripts.raw(SIZED.replace(b"Content-Type", end + b"Content-Type"))

    async def visit(transport: DirectTransport) -> None:
        first = await transport.post(b"{}", {})
        assert await body_of(first) == b"Hello, world"
        while first.is_open():  # noqa: ASYNC110 - nobody else tells
            await asyncio.sleep(0.01)
        assert await body_of(await transport.post(b"{}", {})) == b"Hello, world"

    with_transport(stub.url, visit)
    assert stub.hits == 2


def test_a_connection_that_nobody_uses_is_closed_after_a_while(
    stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "IDLE_S", 0.05)

    async def visit(transport: DirectTransport) -> None:
        await body_of(await transport.post(b"{}", {}))
        assert await asyncio.to_thread(stub.wait_until_idle)

    with_transport(stub.url, visit)


def test_of_several_addresses_one_may_be_dead(stub: StubModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "EYEBALLS_S", 0.05)
    port = URL(stub.url).port

    async def visit(transport: DirectTransport) -> None:
        loop = asyncio.get_running_loop()
        dead = await loop.getaddrinfo("192.0.2.1", port, type=1)  # RFC 5737: nobody is there
        live = await loop.getaddrinfo("127.0.0.1", port, type=1)

        async def addresses(*_: object, **__: object) -> Any:
            return [*dead, *live]

        monkeypatch.setattr(loop, "getaddrinfo", addresses)
        assert await body_of(await transport.post(b"{}", {}))

    with_transport(f"http://models.invalid:{port}/v1", visit)


@pytest.mark.parametrize("is_trusted", [True, False], ids=["trusted", "not trusted"])
def test_a_server_with_https_has_to_be_the_one_it_says(is_trusted: bool, certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate if is_trusted else None)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SIZED)
        await writer.drain()
        writer.close()

    async def go() -> None:
        async with await asyncio.start_server(answer, "localhost", 0, ssl=serving) as server:
            url = URL(f"https://localhost:{server.sockets[0].getsockname()[1]}/v1/chat/completions")
            transport = DirectTransport(url, {}, tls=trusting, connect_timeout_s=5)
            if is_trusted:
                assert await body_of(await transport.post(b"{}", {})) == b"Hello, world"
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    await transport.post(b"{}", {})
            await transport.close()

    asyncio.run(go())
