"""A route that FastAPI documents, and that goes straight to its endpoint where a request is as most are."""

from collections.abc import Set as AbstractSet
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from chatapp.backend.http.bodies import BoundedJsonRequest, BoundedJsonRoute, is_json
from chatapp.backend.http.context import headers


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


def _receive_again(request: BoundedJsonRequest, receive: Receive) -> Receive:
    """Return what first gives the body of `request` once more, if it was read, and then what `receive` does."""
    bodies = [request.read_body] if request.read_body is not None else []

    async def again() -> Message:
        return {"type": "http.request", "body": bodies.pop(), "more_body": False} if bodies else await receive()

    return again
