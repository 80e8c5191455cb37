"""Errors as Anthropic words them, for what its clients ask.

https://docs.anthropic.com/en/api/errors
"""

from typing import Any

from starlette.types import Scope

from chatapp.backend.http.context import header
from chatapp.errors import (
    ChatappError,
    ContextLengthExceededError,
    OverloadedError,
    ShuttingDownError,
    UpstreamQuotaError,
    UpstreamTimeoutError,
)

PATH = "/v1/messages"

_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}
_KINDS_OF_OURS: dict[type[ChatappError], str] = {
    UpstreamQuotaError: "billing_error",
    UpstreamTimeoutError: "timeout_error",
    OverloadedError: "overloaded_error",
    ShuttingDownError: "overloaded_error",
}

TOO_LONG = "prompt is too long: "
"""What Anthropic's own sentence begins with: its clients shorten a conversation by these words, there is no code."""


def speaks_anthropic(scope: Scope) -> bool:
    """Return whether a request under `/v1` is one of Anthropic's API: by its path, or as all its clients say."""
    path: str = scope["path"]
    return path == PATH or path.startswith(f"{PATH}/") or header(scope, b"anthropic-version") is not None


def anthropic_error(error: ChatappError, *, status: int) -> dict[str, Any]:
    """Return the body for `error`, which has that status."""
    usual = _KINDS.get(status) or ("invalid_request_error" if status < 500 else "api_error")  # noqa: PLR2004
    message = error.sentence()
    if isinstance(error, ContextLengthExceededError):
        message = f"{TOO_LONG}{message}"
    return {"type": "error", "error": {"type": _KINDS_OF_OURS.get(type(error), usual), "message": message}}
