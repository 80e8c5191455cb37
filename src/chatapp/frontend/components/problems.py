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
from chatapp.frontend.languages.words import said, t
from chatapp.protocol.wording import later

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
    _Row(BackendUnreachableError, later("Connection Error"), later("Start it with: chatapp serve")),
    _Row(
        BackendTimeoutError,
        later("Timeout Error"),
        later("Raise the request timeout in the settings, or REQUEST_TIMEOUT."),
        True,
    ),
    _Row(StreamCutError, later("SSE Stream Error"), later("Ask again, or turn streaming off in the settings."), True),
    _Row(
        BackendProtocolError,
        later("Invalid JSON"),
        later("Check that BACKEND_URL is the address of a chatapp backend."),
    ),
    _Row(UpstreamError, later("Backend error ({status})"), later("Check the backend's log and its API key.")),
    _Row(BudgetExceededError, later("Budget spent"), later("Ask again when it renews.")),
    _Row(RateLimitedError, later("Too many questions"), later("Wait a moment, then ask again.")),
    _Row(UnauthorizedError, later("Sign-in needed"), later("Sign in with a key that the backend knows."), True),
    _Row(
        NotFoundError,
        later("Not found"),
        later("It may have been deleted. Choose another conversation, or begin a new one."),
    ),
    _Row(ChatappError, later("Backend error ({status})"), later("Ask again; the backend's log says more.")),
)


def problem_of(error: ChatappError) -> Problem:
    """Return how `error` is shown: by the row of its nearest class."""
    row = next(row for row in _ROWS if isinstance(error, row.kind))
    next_step = said(row.next_step if row.overrides_hint else error.hint or row.next_step)
    is_budget = isinstance(error, BudgetExceededError)  # its hint says when it renews, or that it is but a moment
    if error.retry_after and error.retry_after < _WAITED_FOR_S and not is_budget:
        next_step = t("Ask again in {count} second.", plural="Ask again in {count} seconds.", count=error.retry_after)
    return Problem(t(row.title, status=error.status), said(error.detail), next_step)
