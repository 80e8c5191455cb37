"""A timer that is put off far more often than it goes off."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self


class IdleTimer:
    """Calls `callback` once nobody has put it off for long enough. Putting it off later costs no new timer."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.cancel()

    def reset(self, seconds: float) -> None:
        """Go off in `seconds` from now instead of at the time set before."""
        self._due = self._loop.time() + seconds
        if self._handle is None or self._due < self._handle.when():
            self._arm()

    def cancel(self) -> None:
        """Never go off."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        self.cancel()
        self._handle = self._loop.call_at(self._due, self._check)

    def _check(self) -> None:
        if self._loop.time() < self._due:
            self._arm()
        else:
            self._handle = None
            self._callback()
