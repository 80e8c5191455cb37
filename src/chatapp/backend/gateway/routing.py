"""Routes under `/v1`: larger bodies, OpenAI's errors, and the shortest way to the endpoint."""

from typing import Any

from fastapi import Response
from starlette.types import Message, Receive, Scope, Send

from chatapp.backend.gateway.anthropic_schemas import AnthropicErrorResponse
from chatapp.backend.gateway.schemas import OpenAIErrorResponse
from chatapp.backend.http.bodies import BoundedJsonRequest, BoundedJsonRoute, is_json
from chatapp.backend.http.errors import documented_errors

_MEANINGS = {
    400: "The request breaks a rule, or is longer than the model can read.",
    401: "No API key, or an unknown one.",
    404: "No such model.",
    408: "The body took too long to arrive.",
    409: "The conversation is still answering.",
    413: "The body is larger than 32 times MAX_BODY_BYTES.",
    415: "The body is not JSON.",
    429: "Too many requests, here or at the model server.",
    500: "A defect of the backend.",
    502: "The model server refuses us, or fails.",
    503: "Overloaded, or shutting down.",
    504: "The model was silent for too long.",
}

ERRORS = documented_errors(OpenAIErrorResponse, _MEANINGS)
ANTHROPIC_ERRORS = documented_errors(AnthropicErrorResponse, _MEANINGS)


class GatewayRequest(BoundedJsonRequest):
    """A request whose body may be larger: it holds all that was said before, and pictures as text."""

    times_larger = 32


class GatewayRoute(BoundedJsonRoute):
    """A route that is documented by FastAPI from its endpoint, and goes straight there where the body is well formed.

    What is wrong with a body, FastAPI finds out. An endpoint here asks for its request and its body alone; one that
    asks for more is always called FastAPI's way, which takes a tenth of a whole answer.
    """

    request_class = GatewayRequest

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if self.body_field is not None and scope["method"] in (self.methods or ()) and not self._asks_for_more():
            request = self.request_class(scope, receive)
            body = await self._read(request) if is_json(request) else None
            if body is not None:
                response: Response = await self.endpoint(request, body)
                await response(scope, receive, send)
                return
            receive = _receive_again(request, receive)
        await super().handle(scope, receive, send)

    async def _read(self, request: BoundedJsonRequest) -> Any:
        field = self.body_field
        try:
            return field.field_info.annotation.model_validate(await request.json())  # type: ignore[union-attr]
        except ValueError:
            return None

    def _asks_for_more(self) -> bool:
        wanted = self.dependant
        parameters = (wanted.path_params, wanted.query_params, wanted.header_params, wanted.cookie_params)
        return bool(wanted.dependencies or any(parameters))


def _receive_again(request: BoundedJsonRequest, receive: Receive) -> Receive:
    """Return what first gives the body of `request` once more, if it was read, and then what `receive` does."""
    bodies = [request.read_body] if request.read_body is not None else []

    async def again() -> Message:
        return {"type": "http.request", "body": bodies.pop(), "more_body": False} if bodies else await receive()

    return again
