"""A turn as an HTTP response: whole, or as server-sent events while it is made."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chatapp.backend.access.authentication import unauthorized
from chatapp.backend.http.context import Credential, context_of, header, leaving_of
from chatapp.backend.turns.idle_timer import IdleTimer
from chatapp.backend.turns.reader import Reader
from chatapp.backend.turns.turn import Turn
from chatapp.errors import ChatappError
from chatapp.protocol import gathering, sse
from chatapp.protocol.events import DELTAS, Event, Text

Result = TypeVar("Result")
Encode = Callable[[list[tuple[Event, int]]], bytes]
"""Writes events, each with where a reader stands behind it; may give nothing."""

KEEP_ALIVE_S = 15.0
SLICE_BYTES = 64 * 1024
"""How much is sent at once. Of a larger piece nobody sees, through TLS, how far it has got with a slow reader."""

ACCEPTED_WITHIN_S = 5.0
"""How long a response waits for the model's yes or no before it commits itself to status 200."""

_GATHER_HEADER = gathering.HEADER.lower().encode()
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would hold the stream back
]


def answer_body(turn: Turn) -> dict[str, Any]:
    """Return the JSON of `POST /query`; citations only where there are some."""
    cited = [{"url": citation.url, "title": citation.title} for citation in turn.citations]
    return {
        "model": turn.model,
        "answer": turn.text,
        "conversation_id": turn.conversation_id,
        "turn_id": turn.id,
        "finish_reason": turn.finish_reason,
        "usage": turn.usage,
        "latency_ms": turn.latency_ms,
        "usage_details": turn.usage_details,
        **({"citations": cited} if cited else {}),
    }


class _OwnResponse(Response):
    """A response that sends its own head: what Starlette makes for one takes a fiftieth of a short answer's time."""

    def __init__(self) -> None:
        self.status_code, self.background, self.body, self.raw_headers = 200, None, b"", []


class WholeAnswer(_OwnResponse):
    """The JSON that `body` makes of a turn, once the answer is whole."""

    def __init__(self, turn: Turn, *, body: Callable[[Turn], dict[str, Any]] = answer_body) -> None:
        super().__init__()
        self._turn = turn
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        turn = self._turn
        with Reader(turn, wants_deltas=False) as reader, Meanwhile(scope, receive, reader):
            await reader.end()
        if reader.has_left and not turn.is_over:
            return  # nobody is there to answer
        body = to_json(self._body(turn))
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def encode_events(events: list[tuple[Event, int]]) -> bytes:
    """Return the events as `POST /query/stream` writes them; for the most part that is one word."""
    if len(events) == 1:
        event, position = events[0]
        if type(event) is Text:
            return sse.encode_text(event.text, position)
    return b"".join([sse.encode(event, position, as_json=to_json) for event, position in events])


class StreamedAnswer(_OwnResponse):
    """The events of a turn behind the position `after`, from its first word to its one end, as `encode` writes them.

    A task of its own sends them, past the middleware where that has nothing to do with them: to wake and to walk
    through all its layers costs a tenth of a word's way. So no layer may hold back the head, as Starlette's
    compression does before 1.8.
    """

    def __init__(self, turn: Turn, *, after: int = 0, encode: Encode = encode_events) -> None:
        super().__init__()
        self._turn = turn
        self._after = after
        self._encode = encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        with Reader(self._turn, after=self._after) as reader, Meanwhile(scope, receive, reader):
            direct_send = context_of(scope).direct_send
            gather_s = gathering.gather_s(header(scope, _GATHER_HEADER))
            sending = _send_events(reader, direct_send or send, self._encode, gather_s, send_head=send)
            await (sending if direct_send is None else asyncio.create_task(sending))


async def _send_events(reader: Reader, send: Send, encode: Encode, gather_s: float, *, send_head: Send) -> None:
    """Send the head once the model has accepted, all events, a comment whenever there is nothing to say, and the end.

    The first events go together with the head, by one call of the system. Words that follow others within `gather_s`
    seconds go together.

    Raises:
        ChatappError: the model refused.
    """
    await reader.turn.accepted(within_s=ACCEPTED_WITHIN_S)
    await send_head({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    data = b""
    with IdleTimer(reader.wake_idle) as quiet:
        quiet.reset(KEEP_ALIVE_S)
        while not reader.is_at_end():
            await reader.wait()
            events = reader.take()
            data = encode(events)
            if reader.is_at_end():  # what is left goes together with the end, by one call of the system
                break
            if not data and reader.is_idle:
                data = sse.KEEP_ALIVE
            if len(data) > SLICE_BYTES:
                data = await _send_slices(data, send)
            if data:
                await send({"type": "http.response.body", "body": data, "more_body": True})
                data = b""
            quiet.reset(KEEP_ALIVE_S)
            if gather_s and events and type(events[-1][0]) in DELTAS:
                await reader.gather(gather_s)
    data = await _send_slices(data, send)
    await send({"type": "http.response.body", "body": data, "more_body": False})


async def _send_slices(data: bytes, send: Send) -> bytes:
    """Send all but the last slice, and return that."""
    begin = 0
    while len(data) - begin > SLICE_BYTES:
        await send({"type": "http.response.body", "body": data[begin : begin + SLICE_BYTES], "more_body": True})
        begin += SLICE_BYTES
    return data[begin:]


class Departing(Protocol):
    """Somebody who waits for an answer, and may leave before it is whole."""

    def leave(self) -> None:
        """Wait no longer: nobody is there any more."""
        ...

    def abort(self, error: ChatappError) -> None:
        """Wait no longer; `error` is the answer."""
        ...


class Meanwhile:
    """Watches, for as long as the block lasts, for what could end a reader before its answer does."""

    def __init__(self, scope: Scope, receive: Receive, reader: Departing) -> None:
        self._reader = reader
        self._watches: list[Coroutine[Any, Any, None]] = []
        self._leaving = leaving_of(scope)
        if self._leaving is None:
            self._watches.append(_watch_disconnect(receive, reader))
        credential = context_of(scope).credential
        if credential is not None:
            self._watches.append(_watch_revocation(credential, reader))
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> None:
        """Begin to watch."""
        if self._leaving is not None:
            self._leaving.call(self._reader.leave)
        self._tasks = [asyncio.create_task(watch) for watch in self._watches]

    def __exit__(self, *_: object) -> None:
        """Watch no longer."""
        if self._leaving is not None:
            self._leaving.call_no_more(self._reader.leave)
        for task in self._tasks:
            task.cancel()


class ClientTask(Generic[Result]):
    """Work for one client, which is given up when nobody waits for it any more."""

    def __init__(self, work: Coroutine[Any, Any, Result], *, name: str) -> None:
        self._task = asyncio.create_task(work, name=name)
        self.error: ChatappError | None = None
        """Why it was given up, None where its client has left."""

    def leave(self) -> None:
        """Give the work up."""
        self._task.cancel()

    def abort(self, error: ChatappError) -> None:
        """Give the work up; `error` is the answer."""
        self.error = self.error or error
        self._task.cancel()

    async def result(self, scope: Scope, receive: Receive) -> Result:
        """Return what comes of it.

        Raises:
            ChatappError: what the work raises, or why its client may not have it any more.
            ClientDisconnect: its client has left, and is answered nothing.
        """
        try:
            with Meanwhile(scope, receive, self):
                await asyncio.wait([self._task])
        finally:
            self._task.cancel()
        if not self._task.cancelled():
            return self._task.result()
        if self.error is not None:
            raise self.error.fresh()
        raise ClientDisconnect


async def disconnected(receive: Receive) -> None:
    """Return once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _watch_disconnect(receive: Receive, reader: Departing) -> None:
    """Have the reader leave the turn when its client has left."""
    await disconnected(receive)
    reader.leave()


async def _watch_revocation(credential: Credential, reader: Departing) -> None:
    """Send the reader away when its key is revoked; a turn in a conversation goes on."""
    await credential.revoked()
    reader.abort(unauthorized())
