"""First words of answers come before all else that a process of the page draws, in whichever session."""

import threading
import time
from collections.abc import Callable
from functools import cache


class FirstWords:
    """Counts the script runs that wait for one."""

    def __init__(self) -> None:
        self._awaited = 0
        self._changed = threading.Condition()

    def wait(self, wait_for_own: Callable[[float], object], timeout_s: float) -> None:
        """Wait for one's own by `wait_for_own`, and then for those of all others; at most `timeout_s` seconds."""
        until_s = time.monotonic() + timeout_s
        self._count(1)
        try:
            wait_for_own(timeout_s)
        finally:
            self._count(-1)
        with self._changed:
            self._changed.wait_for(lambda: not self._awaited, max(0.0, until_s - time.monotonic()))

    def _count(self, by: int) -> None:
        with self._changed:
            self._awaited += by
            if not self._awaited:
                self._changed.notify_all()


@cache
def first_words() -> FirstWords:
    """Return those of this process."""
    return FirstWords()
