"""Which failures another server may do better, or the same one a moment later, and how long one is left alone."""

import time

from chatapp.errors import (
    ContextLengthExceededError,
    IncompleteAnswerError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamParameterRefusedError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from chatapp.providers.modalities import refused_medium

FIRST_S, LONGEST_S = 5.0, 60.0
"""How long a server is left alone that has failed once, and at most; each further failure doubles it."""

LIMITED_S, LONGEST_LIMITED_S = 30.0, 3600.0
"""The same for one that limits us: where it does not say how long, and at most."""

RETRY_PAUSE_S = 0.25
RETRY_AFTER_AT_MOST_S = 2

_FAILS = (UpstreamUnavailableError, UpstreamTimeoutError, IncompleteAnswerError)
_LIMITS = (UpstreamRateLimitedError, UpstreamQuotaError)


def another_may_do_better(error: UpstreamError) -> bool:
    """Return whether a question that met `error` may be answered elsewhere.

    It may where a server is not there, fails or limits us, its model reads too little or takes no pictures, or nobody
    has set its key. What is wrong with the question, a key or the model's name would be hidden by asking elsewhere.
    """
    if isinstance(error, UpstreamAuthError):
        return error.is_unsent
    if isinstance(error, UpstreamParameterRefusedError):
        return refused_medium(error.parameter) is not None
    return isinstance(error, (*_FAILS, *_LIMITS, ContextLengthExceededError))


def pause_before_retry(error: UpstreamError) -> float | None:
    """Return the seconds to wait before the one retry, or None where another try would fail the same way."""
    if isinstance(error, UpstreamUnavailableError | UpstreamRateLimitedError) and not error.is_lasting:
        wait_s = error.retry_after or RETRY_PAUSE_S
        return wait_s if wait_s <= RETRY_AFTER_AT_MOST_S else None
    return None


class CoolDown:
    """How one connection has done lately."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the connection is to be left alone where there is another."""
        return self._failures > 0 and time.monotonic() < self._until

    def note(self, error: UpstreamError | None) -> None:
        """Note how a question went: well, or with `error`."""
        if error is None:
            self._failures = 0
        elif isinstance(error, _LIMITS):
            self._failures += 1
            self._until = time.monotonic() + min(error.retry_after or LIMITED_S, LONGEST_LIMITED_S)
        elif isinstance(error, _FAILS):
            self._failures += 1
            self._until = time.monotonic() + min(FIRST_S * 2.0 ** min(self._failures - 1, 10), LONGEST_S)
