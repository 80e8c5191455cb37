"""What went wrong, as the page says it: a name, a sentence, and what to do next."""

from typing import NamedTuple

from chatapp.errors import (
    BackendProtocolError,
    BackendTimeoutError,
    BackendUnreachableError,
    BudgetExceededError,
    ChatappError,
    NotFoundError,
    RateLimitedError,
    StreamCutError,
    UnauthorizedError,
    UpstreamError,
)

_WAITED_FOR_S = 3600
"""Nobody sits out more; what the error says of itself is told then."""


class Problem(NamedTuple):
    """One failure on screen. `title` names it, `sentence` says what happened, `next_step` what to do about it."""

    title: str
    sentence: str
    next_step: str


class _Row(NamedTuple):
    """How errors of a class are shown; `next_step` is for those without a hint, or for all if the page knows better."""

    kind: type[ChatappError]
    title: str
    next_step: str
    overrides_hint: bool = False


_ROWS = (
    _Row(BackendUnreachableError, "Connection Error", "Start it with: chatapp serve"),
    _Row(BackendTimeoutError, "Timeout Error", "Raise the request timeout in the settings, or REQUEST_TIMEOUT.", True),
    _Row(StreamCutError, "SSE Stream Error", "Ask again, or turn streaming off in the settings.", True),
    _Row(BackendProtocolError, "Invalid JSON", "Check that BACKEND_URL is the address of a chatapp backend."),
    _Row(UpstreamError, "Backend error ({status})", "Check the backend's log and its API key."),
    _Row(BudgetExceededError, "Budget spent", "Ask again when it renews."),
    _Row(RateLimitedError, "Too many questions", "Wait a moment, then ask again."),
    _Row(UnauthorizedError, "Sign-in needed", "Sign in with a key that the backend knows.", True),
    _Row(NotFoundError, "Not found", "It may have been deleted. Choose another conversation, or begin a new one."),
    _Row(ChatappError, "Backend error ({status})", "Ask again; the backend's log says more."),
)


def problem_of(error: ChatappError) -> Problem:
    """Return how `error` is shown: by the row of its nearest class."""
    row = next(row for row in _ROWS if isinstance(error, row.kind))
    next_step = row.next_step if row.overrides_hint else error.hint or row.next_step
    is_budget = isinstance(error, BudgetExceededError)  # its hint says when it renews, or that it is but a moment
    if error.retry_after and error.retry_after < _WAITED_FOR_S and not is_budget:
        next_step = f"Ask again in {error.retry_after} seconds."
    return Problem(row.title.format(status=error.status), error.detail, next_step)
