"""Request bodies: in time, no larger than allowed, JSON by the letter of RFC 8259; and the routes that take them."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from collections.abc import Set as AbstractSet
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from chatapp.backend.http.context import LEAVING, Leaving, header, headers
from chatapp.errors import BodyTooLargeError, RequestTimeoutError, UnsupportedMediaTypeError

BODY_TIMEOUT_S = 30.0
LEAST_BYTES_PER_S = 4096
"""What a body may take beside `BODY_TIMEOUT_S`: who sends one byte a second holds a connection for nothing.

Who sends faster saves up no more than `BODY_TIMEOUT_S`.
"""

_JSON = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)


class Arriving:
    """The pieces of a request's body as they come in. Most bodies are one.

    `Request.stream` yields it and then an empty one, and to wait for each with a deadline of its own took as long as to
    parse a question. It is no generator, as the event loop keeps a list of those.
    """

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        self._leaving: Leaving | None = request.scope.get(LEAVING)
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + BODY_TIMEOUT_S
        self._has_more = True

    async def read(self) -> bytes:
        """Return the next piece, nothing at the end.

        Raises:
            ClientDisconnect: the client left before the end.
            HTTPException: with status 408, for a body that comes in too slowly.
        """
        while self._has_more:
            if self._leaving is not None and self._leaving.has_sent_all:
                message = await self._receive()
            else:
                message = await self._received_in_time()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece: bytes = message.get("body", b"")
            if has_more := message.get("more_body", False):
                saved_up = self._deadline + len(piece) / LEAST_BYTES_PER_S
                self._deadline = min(saved_up, self._loop.time() + BODY_TIMEOUT_S)
            self._has_more = has_more
            if piece:
                return piece
        return b""

    async def _received_in_time(self) -> Message:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._receive()
        except TimeoutError:
            raise HTTPException(RequestTimeoutError.status, headers={"Connection": "close"}) from None


class BoundedJsonRequest(Request):
    """A request whose body is measured while it arrives, and read by pydantic's parser.

    The standard library's parser accepts UTF-16, NaN and lone surrogates, and fails on deep nesting and huge numbers.
    """

    times_larger = 1
    """How many times MAX_BODY_BYTES the body may be."""

    async def body(self) -> bytes:
        """Return the whole body.

        Raises:
            HTTPException: with status 413, as soon as the body is known to be larger than MAX_BODY_BYTES, or with 408.
        """
        if not hasattr(self, "_body"):
            self._body = await self._read(self.app.state.settings.max_body_bytes * self.times_larger)
        return self._body

    @property
    def read_body(self) -> bytes | None:
        """The body, None while it is not read."""
        return getattr(self, "_body", None)

    async def json(self) -> Any:
        """Return the parsed body.

        Raises:
            json.JSONDecodeError: FastAPI makes a 422 of it.
            HTTPException: with status 415, for a body that is compressed.
        """
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            if (header(self.scope, b"content-encoding") or "identity").lower() != "identity":
                raise HTTPException(UnsupportedMediaTypeError.status) from None
            # which says what is wrong and where, and nothing of what was sent
            raise json.JSONDecodeError(str(error), "", 0) from None

    async def _read(self, limit: int) -> bytes:
        declared = header(self.scope, b"content-length") or ""
        is_larger = declared.isdecimal() and int(declared) > limit
        arriving, body = Arriving(self), bytearray()
        while not is_larger and (piece := await arriving.read()):
            body += piece
            is_larger = len(body) > limit
        if is_larger:
            raise HTTPException(BodyTooLargeError.status)
        return bytes(body)


class BoundedJsonRoute(APIRoute):
    """A route whose requests are `BoundedJsonRequest`s, and say that they are JSON where the endpoint wants a body."""

    request_class: type[BoundedJsonRequest] = BoundedJsonRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()

        async def handle_bounded(request: Request) -> Response:
            if self.body_field is not None and not is_json(request):
                raise UnsupportedMediaTypeError(
                    "The body must be sent as JSON.", hint="Send it with the header Content-Type: application/json."
                )
            return await handle(self.request_class(request.scope, request.receive))

        return handle_bounded


class StraightRoute(BoundedJsonRoute):
    """A route whose endpoint asks for its request and its body, and for no other headers than `special_headers`.

    FastAPI's way there takes as long as all that we do for a short answer. What is special about a request, or wrong
    with it, takes that way, and so does every request once the endpoint asks for more: FastAPI's dependencies always
    hold.
    """

    special_headers: AbstractSet[bytes] = frozenset()
    """Headers that make a request special."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["method"] in (self.methods or ()) and not self._asks_for_more():
            request = self.request_class(scope, receive)
            is_usual = is_json(request) and self.special_headers.isdisjoint(headers(scope))
            body = await self._read(request) if is_usual else None
            if body is not None:
                response: Response = await self.endpoint(request, body)
                await response(scope, receive, send)
                return
            receive = _receive_again(request, receive)
        await super().handle(scope, receive, send)

    async def _read(self, request: BoundedJsonRequest) -> Any:
        """Return the body, None where FastAPI will say what is wrong."""
        field = self.body_field
        try:
            return field.field_info.annotation.model_validate(await request.json())  # type: ignore[union-attr]
        except ValueError:
            return None

    def _asks_for_more(self) -> bool:
        wanted = self.dependant
        others = wanted.dependencies or wanted.path_params or wanted.query_params or wanted.cookie_params
        is_more = bool(others) or self.body_field is None
        return is_more or any(each.alias.encode() not in self.special_headers for each in wanted.header_params)


def is_json(request: Request) -> bool:
    """Return whether a request says that its body is JSON."""
    return bool(_JSON.fullmatch(header(request.scope, b"content-type") or ""))


def _receive_again(request: BoundedJsonRequest, receive: Receive) -> Receive:
    """Return what first gives the body of `request` once more, if it was read, and then what `receive` does."""
    bodies = [request.read_body] if request.read_body is not None else []

    async def again() -> Message:
        return {"type": "http.request", "body": bodies.pop(), "more_body": False} if bodies else await receive()

    return again
