"""A timer that is put off far more often than it goes off."""

import asyncio
import math
from collections.abc import Callable
from types import TracebackType
from typing import Self

STILL_S = 1.0
"""How late a timer goes off where the process stood still: it was stopped, or its machine slept."""


class IdleTimer:
    """Calls `callback` once nobody has put it off for long enough. Putting it off later costs no new timer.

    Nobody can put it off for longer than `at_most_s` from now. One that `listens` goes by what others say: as long as
    the process stood still it heard nothing, so that it waits as long again, for what came meanwhile.
    """

    def __init__(self, callback: Callable[[], object], *, at_most_s: float = math.inf, listens: bool = False) -> None:
        self._callback = callback
        self._listens = listens
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._due = 0.0
        self._last = self._time() + at_most_s
        self._armed_for = math.inf
        self._handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.cancel()

    def reset(self, seconds: float) -> None:
        """Go off in `seconds` from now instead of at the time set before."""
        self._due = due = min(self._time() + seconds, self._last)
        if due < self._armed_for:
            self._arm()

    def cancel(self) -> None:
        """Never go off."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._armed_for = math.inf

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed_for = self._due
        self._handle = self._loop.call_at(self._due, self._check)

    def _check(self) -> None:
        now = self._time()
        still_s = now - self._armed_for
        if self._listens and still_s > STILL_S:
            self._last += still_s
            self._due = max(self._due, min(now + still_s, self._last))
        if now < self._due:
            self._arm()
        else:
            self.cancel()
            self._callback()
