"""Routes under `/v1`: larger bodies, and OpenAI's errors."""

from chatapp.backend.gateway.anthropic_schemas import AnthropicErrorResponse
from chatapp.backend.gateway.schemas import OpenAIErrorResponse
from chatapp.backend.http.bodies import BoundedJsonRequest, StraightRoute
from chatapp.backend.http.errors import documented_errors

_MEANINGS = {
    400: "The request breaks a rule, or is longer than the model can read.",
    401: "No API key, or an unknown one.",
    404: "No such model, or no such response.",
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


class GatewayRoute(StraightRoute):
    """A route under `/v1`."""

    request_class = GatewayRequest
