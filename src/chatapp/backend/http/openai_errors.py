"""Errors as OpenAI words them, for whatever is asked under `/v1`: the clients of its API know no other shape.

https://platform.openai.com/docs/guides/error-codes/api-errors
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

from chatapp.backend.http.anthropic_errors import anthropic_error, speaks_anthropic
from chatapp.errors import (
    AnswerTooLongError,
    BudgetExceededError,
    ChatappError,
    ContextLengthExceededError,
    InvalidRequestError,
    UnauthorizedError,
    UpstreamAuthError,
    UpstreamBadResponseError,
    UpstreamModelNotFoundError,
    UpstreamParameterRefusedError,
    UpstreamQuotaError,
    UpstreamUnavailableError,
)

_STATUSES: dict[type[ChatappError], int] = {
    InvalidRequestError: 400,
    ContextLengthExceededError: 400,
    UpstreamParameterRefusedError: 400,
    UpstreamModelNotFoundError: 404,
    UpstreamQuotaError: 429,
    UpstreamAuthError: 502,
    UpstreamBadResponseError: 502,
    UpstreamUnavailableError: 502,
}
"""Where ours is another: OpenAI's clients tell by the status what went wrong, and whether to ask again.

A key that the model server refuses is not the client's: with 401 it would look for the fault in its own.
"""

_CODES: dict[type[ChatappError], str] = {
    UnauthorizedError: "invalid_api_key",
    UpstreamModelNotFoundError: "model_not_found",
    UpstreamQuotaError: "insufficient_quota",
}
_KINDS = {401: "authentication_error", 429: "rate_limit_error"}

_SHOW_KEYS = {b"authorization", b"x-api-key"}

_FINAL = (
    UnauthorizedError,  # which Claude Code takes for a session that may be renewed, and asks again for minutes
    UpstreamAuthError,
    UpstreamQuotaError,
    UpstreamBadResponseError,
    AnswerTooLongError,
    BudgetExceededError,
)
"""What the same question meets again, although its status says otherwise, or a client asks again all the same."""


def is_openai_path(path: str) -> bool:
    """Return whether the path belongs to OpenAI's API."""
    return path.startswith("/v1/") or path == "/v1"


def openai_error(error: ChatappError, *, parameter: str | None = None) -> dict[str, Any]:
    """Return the error object; `parameter` is the field of the request that is wrong."""
    status = _status(error)
    kind = _KINDS.get(status) or ("invalid_request_error" if status < 500 else "server_error")  # noqa: PLR2004
    if isinstance(error, UpstreamQuotaError):
        kind = "insufficient_quota"
    return {
        "message": error.sentence(),
        "type": kind,
        "param": parameter or getattr(error, "parameter", None),
        "code": _CODES.get(type(error), error.code),
    }


def anthropic_body(error: ChatappError) -> dict[str, Any]:
    """Return the body for `error` as Anthropic words it."""
    return anthropic_error(error, status=_status(error))


def gateway_response(
    error: ChatappError, *, scope: Scope, parameter: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the response for `error` under `/v1`, with its headers but for Retry-After."""
    if isinstance(error, UnauthorizedError) and not _SHOW_KEYS.isdisjoint(name for name, _ in scope["headers"]):
        error = UnauthorizedError("The backend does not know this API key.", hint="It has to be one of its API_KEYS.")
    body = anthropic_body(error) if speaks_anthropic(scope) else {"error": openai_error(error, parameter=parameter)}
    response = JSONResponse(body, status_code=_status(error), headers=headers)
    if isinstance(error, _FINAL):
        response.headers["x-should-retry"] = "false"  # OpenAI's and Anthropic's own clients read it
    return response


def _status(error: ChatappError) -> int:
    return _STATUSES.get(type(error), error.status)
