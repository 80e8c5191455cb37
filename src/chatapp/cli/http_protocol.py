"""Uvicorn's protocol for HTTP, with our answer to what never becomes a request: there is no application to ask yet."""

import json
import re
import uuid
from asyncio import AbstractEventLoop, TimerHandle
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from chatapp.backend.http.context import LEAVING, Leaving
from chatapp.errors import ChatappError, OverloadedError, RequestError
from chatapp.processes.descriptors import is_nearly_last_descriptor

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Protocol
else:
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Protocol
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol as _Protocol

HEAD_S = 30.0
"""How long a connection without a request to answer is kept, from its beginning or the first byte after an answer."""

MAX_HEAD_BYTES = 512 * 1024
"""Of a head, or of trailers; more than one read brings of a body. httptools has no limit of its own, h11 has."""

SENDING_BYTES = 64 * 1024
"""What may wait to be sent; by its becoming less we see that a client reads. The default is more with TLS."""

TAKING_S = 60.0
"""How long a client is kept of which we see nothing taken.

We see it when the system has room for more, on Linux after up to 1.6 MB (measured): of an answer that is larger than
the system's buffers, a client has to read some 30 KB/s.
"""

MOST_WAITING = 8
"""So many requests may wait behind another before nothing more is read, not even that the client leaves."""

HALF_CLOSED_S = 0.25
"""How long who sends no more is taken for somebody who still reads: models are to stop within a second of leaving."""

_INTERIM = b"HTTP/1.1 100"
"""How an answer begins that another follows."""

_OFFER = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)


def without_offer(data: bytes) -> bytes:
    """Return the beginning of a request without an offer to speak HTTP/2, which Java's client makes with each.

    We take none, and httptools takes what comes behind one for that protocol: the request would have no body.
    """
    if b"pgrade:" not in data:
        return data
    head, end, body = data.partition(b"\r\n\r\n")
    return _OFFER.sub(b"", head) + end + body


class JoinedHead:
    """The transport as an answer has it: its head and the first of its body leave together, by one call of the system.

    What is said in one step goes together. A head that nothing follows at once goes when the event loop comes round.
    """

    def __init__(self, transport: Any, loop: AbstractEventLoop) -> None:
        self.is_closing = transport.is_closing
        self._transport, self._loop = transport, loop
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send what is said, the head of the answer with what comes next."""
        if self._head:
            self.write = self._transport.write  # type: ignore[method-assign]
            self.write(self._head + data)
            self._head = b""
        elif data.startswith(_INTERIM):
            self._transport.write(data)
        else:
            self._head = data
            self._loop.call_soon(self._send_head)

    def close(self) -> None:
        """Hang up."""
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head and not self.is_closing():
            self.write(b"")


class LastAnswer(JoinedHead):
    """The same for the last answer on a connection: hanging up waits until the request is there as a whole.

    With something left to read, the system resets the connection, and clients that still send never see the answer.
    https://www.rfc-editor.org/rfc/rfc9112#section-9.6
    """

    def __init__(self, transport: Any, loop: AbstractEventLoop, cycle: Any) -> None:
        super().__init__(transport, loop)
        self._cycle = cycle

    def close(self) -> None:
        """Hang up, or leave it to `HttpProtocol.on_message_complete`."""
        self._send_head()
        if not (self._cycle.response_complete and self._cycle.more_body):
            self._transport.close()


class UntilClosed:
    """How the answer to a request of HTTP/1.0 is sent whose length nobody knows: its end is the end of the connection.

    Uvicorn with httptools would send it in chunks, which such a client takes for its words.
    https://www.rfc-editor.org/rfc/rfc9112#section-6.1
    """

    def __init__(self, cycle: Any) -> None:
        self._cycle, self._send = cycle, cycle.send
        self._has_length = False

    async def __call__(self, message: Any) -> None:
        """Send on, past what uvicorn makes of a length that is not told."""
        if message["type"] == "http.response.start":
            self._has_length = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
            self._cycle.chunked_encoding = None if self._has_length else False
        elif not self._has_length:
            self._cycle.expected_content_length = len(message.get("body", b""))
        await self._send(message)


class HttpProtocol(_Protocol):
    """Answers what cannot be read as HTTP in the shape of every other error, and hangs up on who keeps us waiting."""

    _head_due: TimerHandle | None = None
    _head_bytes: int | None = None
    _is_in_body = False
    _taking_due: TimerHandle | None = None
    _is_too_many = False
    _leaving: Leaving | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request."""
        super().connection_made(transport)
        self._is_too_many = is_nearly_last_descriptor(transport.get_extra_info("socket"))
        transport.set_write_buffer_limits(high=SENDING_BYTES)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more, and let go of what knows each other: its memory is free for the next question."""
        self._stop_waiting()
        if self._taking_due is not None:
            self._taking_due.cancel()
        super().connection_lost(exc)
        if self.cycle is not None:
            self.cycle.transport = self.transport
            vars(self.cycle).pop("send", None)
        if self._leaving is not None:
            self._leaving.tell()

    def eof_received(self) -> bool:  # type: ignore[override]  # which asyncio asks for
        """Answer on for a moment: some close their side behind a request, as `nc -N` does. So do all who leave."""
        is_asked = self.cycle is not None and not (self._is_in_body or self.cycle.response_complete)
        if is_asked and self.transport.get_extra_info("sslcontext") is None:  # TLS has no such half
            self.loop.call_later(HALF_CLOSED_S, self.transport.close)
            return True
        return False

    def data_received(self, data: bytes) -> None:
        """Read on, and wait for the next request if there is none to answer: uvicorn stops waiting at any byte."""
        if self._is_too_many:
            self._refuse(
                OverloadedError("Too many connections are open.", hint="Ask again in a moment.", retry_after=1)
            )
            return
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("")
                return
        if not self._is_in_body and (self.cycle is None or self.cycle.response_complete):
            data = without_offer(data)
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()
        else:
            self._stop_waiting()

    def on_message_begin(self) -> None:
        """Measure the head, and let the request be told when its client leaves."""
        super().on_message_begin()
        self._leaving = self._leaving or Leaving(self.flow.resume_reading)
        self._leaving.has_sent_all = False
        self.scope[LEAVING] = self._leaving  # type: ignore[literal-required]
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Keep trailers from becoming headers, which only fields may that are defined for that.

        https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1
        """
        super().on_headers_complete()
        if 0 < len(self.pipeline) <= MOST_WAITING:
            self.flow.resume_reading()  # which uvicorn stops where one has to wait
        self._is_in_body = True
        self.headers = [*self.headers]  # those of the scope are the ones before
        if self.cycle.keep_alive:
            self.cycle.transport = JoinedHead(self.transport, self.loop)  # type: ignore[assignment]
        else:
            self.cycle.transport = LastAnswer(self.transport, self.loop, self.cycle)  # type: ignore[assignment]
        if self.parser.get_http_version() == "1.0":
            self.cycle.send = UntilClosed(self.cycle)  # type: ignore[method-assign]

    def on_message_complete(self) -> None:
        """Hang up behind the last request, if it is answered already."""
        self._is_in_body = False
        if self._leaving is not None:
            self._leaving.has_sent_all = True
        super().on_message_complete()
        if self.cycle.response_complete and not self.cycle.keep_alive:
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Measure what comes after it: trailers are kept as headers are."""
        super().on_body(body)
        self._head_bytes = 0

    def pause_writing(self) -> None:
        """Wait for the client to take what is sent."""
        super().pause_writing()
        self._watch_taking()

    def resume_writing(self) -> None:
        """Send on."""
        if self._taking_due is not None:
            self._taking_due.cancel()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse it, and hang up."""
        self._refuse(RequestError("The request cannot be read as HTTP."))

    def _refuse(self, error: ChatappError) -> None:
        request_id = uuid.uuid4().hex
        body = json.dumps(error.as_dict(request_id)).encode()
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\n"
            + (f"retry-after: {error.retry_after}\r\n" if error.retry_after is not None else "")
            + "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
        self._head_due = None

    def _watch_taking(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._taking_due = self.loop.call_later(TAKING_S, self._look_at_taking, left)

    def _look_at_taking(self, left_before: int) -> None:
        """Cut the connection if nothing was taken: closing it would wait for ever for that."""
        if self.transport.get_write_buffer_size() < left_before:
            self._watch_taking()
        else:
            self.transport.abort()
