"""A connection to a model server on a wire of the test's: HTTP however it is cut, and what is none."""

import asyncio

import pytest

from chatapp.backend.models.transport.direct import HttpConnection
from chatapp.backend.models.transport.response import HELD_BYTES, MAX_HEAD_BYTES, DirectResponse
from chatapp.errors import IncompleteAnswerError, UpstreamBadResponseError
from support.fake_transports import Wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
IN_CHUNKS = CHUNKED + b"5\r\nHello\r\n7;of=it\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"
SIZED = HEAD + b"Content-Length: 12\r\n\r\nHello, world"
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" + IN_CHUNKS
OLD = b"HTTP/1.0 200 OK\nContent-Type: text/event-stream\n\nHello, world"
PADDED = CHUNKED + b"c  \r\nHello, world\r\n0\r\n\r\n"
FOLDED = HEAD + b"X-Note: one\r\n two\r\nContent-Length: 12\r\n\r\nHello, world"


class Talk:
    """A connection on a wire, with a question asked and everything read that comes."""

    def __init__(self) -> None:
        self.wire, self.kept = Wire(), list[HttpConnection]()
        self.connection = HttpConnection(self.kept.append)
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

    async def response(self) -> DirectResponse:
        """Return the response once it has been read."""
        return await asyncio.wait_for(self._reading, 5)

    async def _read(self) -> DirectResponse:
        response = await self.connection.send(b"question")
        while part := await response.read():
            self.body += part
        await response.release()
        return response


@pytest.mark.parametrize("said", [IN_CHUNKS, SIZED, HINTED], ids=["chunked", "sized", "behind a hint"])
def test_a_response_is_read_wherever_it_is_cut(said: bytes) -> None:
    async def cut_at(position: int) -> None:
        talk = Talk()
        await talk.hear(said[:position], said[position:])
        response = await talk.response()
        assert talk.body == b"Hello, world"
        assert (response.status, response.headers["content-type"]) == (200, "text/event-stream")
        assert talk.kept == [talk.connection]

    for position in range(1, len(said)):
        asyncio.run(cut_at(position))


@pytest.mark.parametrize("said", [PADDED, FOLDED], ids=["padded", "folded"])
def test_what_is_not_quite_http_is_read_all_the_same(said: bytes) -> None:
    async def read() -> None:
        talk = Talk()
        await talk.hear(said)
        await talk.response()
        assert talk.body == b"Hello, world"

    asyncio.run(read())


def test_one_connection_carries_one_question_after_the_other() -> None:
    async def ask_twice() -> None:
        talk = Talk()
        await talk.hear(IN_CHUNKS)
        await talk.response()
        second = asyncio.create_task(talk.connection.send(b"another"))
        await talk.hear(SIZED)
        assert await (await second).read() == b"Hello, world"
        assert talk.wire.written == b"questionanother"

    asyncio.run(ask_twice())


def test_a_response_that_was_released_has_nothing_to_do_with_the_next() -> None:
    async def release_late() -> None:
        talk = Talk()
        await talk.hear(SIZED)
        first = await talk.response()
        second = asyncio.create_task(talk.connection.send(b"another"))
        await talk.hear(CHUNKED)
        await first.release()
        await second
        assert talk.connection.is_open()

    asyncio.run(release_late())


def test_a_response_that_nobody_has_read_does_not_hold_up_the_next() -> None:
    async def leave_unread() -> None:
        wire, kept = Wire(), list[HttpConnection]()
        connection = HttpConnection(kept.append)
        connection.connection_made(wire)
        asking = asyncio.create_task(connection.send(b"question"))
        await asyncio.sleep(0)
        connection.data_received(HEAD + b"Content-Length: %d\r\n\r\n" % (HELD_BYTES + 1) + b"x" * (HELD_BYTES + 1))
        assert wire.is_paused
        await (await asking).release()
        assert kept == [connection]
        assert not wire.is_paused

    asyncio.run(leave_unread())


def test_a_response_without_a_length_ends_with_the_connection() -> None:
    async def until_the_end() -> None:
        talk = Talk()
        await talk.hear(OLD)
        await talk.end()
        await talk.response()
        assert talk.body == b"Hello, world"
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
            await talk.response()
        assert b"Hello, world".startswith(talk.body)

    asyncio.run(broken())


@pytest.mark.parametrize(
    "said",
    [
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [b"HTTP/1.1 001 What\r\n\r\n"],
        [b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n", *[b"X-Header: " + b"x" * 60_000 + b"\r\n"] * (MAX_HEAD_BYTES // 60_000 + 1)],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ],
    ids=["another protocol", "no status", "an upgrade", "a head without an end", "two lengths"],
)
def test_what_is_no_response_is_refused(said: list[bytes]) -> None:
    async def refuse() -> None:
        talk = Talk()
        await talk.hear(*said)
        with pytest.raises(UpstreamBadResponseError):
            await talk.response()
        assert talk.wire.is_closed

    asyncio.run(refuse())


def test_a_server_that_goes_on_behind_the_end_is_hung_up_on() -> None:
    async def go_on() -> None:
        wire = Wire()
        connection = HttpConnection(lambda _: None)
        connection.connection_made(wire)
        asking = asyncio.create_task(connection.send(b"question"))
        await asyncio.sleep(0)
        connection.data_received(CHUNKED + b"6\r\n[DONE]\r\n")
        await (await asking).release(is_over=True)
        assert connection.is_open()
        connection.data_received(b"5\r\nHello\r\n")
        assert not connection.is_open()
        connection.connection_lost(None)

    asyncio.run(go_on())


def test_trailers_without_an_end_end_the_answer() -> None:
    async def endless() -> None:
        talk = Talk()
        trailer = b"X-Trailer: " + b"x" * 60_000 + b"\r\n"
        await talk.hear(CHUNKED + b"0\r\n", *[trailer] * (MAX_HEAD_BYTES // len(trailer) + 1))
        with pytest.raises(IncompleteAnswerError):
            await talk.response()
        assert talk.wire.is_closed

    asyncio.run(endless())


def test_a_server_that_speaks_first_is_hung_up_on() -> None:
    async def unasked() -> None:
        wire, fresh = Wire(), HttpConnection(lambda _: None)
        fresh.connection_made(wire)
        fresh.data_received(SIZED)
        assert not fresh.is_open()

    asyncio.run(unasked())


@pytest.mark.parametrize("together", [True, False], ids=["in the same read", "later"])
def test_what_nobody_asked_for_is_no_answer_to_the_next_question(together: bool) -> None:
    async def unasked() -> None:
        talk = Talk()
        await talk.hear(*([SIZED + SIZED] if together else [SIZED, SIZED]))
        await talk.response()
        assert talk.body == b"Hello, world"
        assert not talk.connection.is_open()

    asyncio.run(unasked())
