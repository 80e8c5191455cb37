"""How a coroutine waits for an answer that another thread reads."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


class GrowthWatch:
    """Wakes one coroutine of the event loop it is made in when an answer has grown or ended.

    While it is armed, the thread that says so looks at the growth itself, by `look`: it is awake, and the loop is to
    serve others. At any time one of both looks: the loop only after `disarm`, or when it was woken.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.create_future()
        self._is_armed = False
        self._lock = threading.Lock()

    def arm(self) -> None:
        """Be told from now on, once."""
        if self._next.done():
            self._next = self._loop.create_future()
        with self._lock:
            self._is_armed = True

    def disarm(self) -> bool:
        """Be told no more; return whether nobody was about to, so that one may look oneself."""
        with self._lock:
            was_armed, self._is_armed = self._is_armed, False
        return was_armed

    def tell(self) -> None:
        """Say, in any thread but the loop's, that the answer has grown or ended."""
        if self._is_armed and self.disarm():  # mostly it is not, and a lock takes its time
            try:
                self._look()
            finally:
                with suppress(RuntimeError):  # the loop has ended, and whoever waited in it
                    self._loop.call_soon_threadsafe(self._settle)

    async def wait(self, timeout_s: float) -> None:
        """Return when it was told, or after `timeout_s` seconds; afterwards it is not armed."""
        timer = self._loop.call_later(timeout_s, self._give_up)
        try:
            await self._next
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        if self.disarm():
            self._settle()

    def _settle(self) -> None:
        if not self._next.done():
            self._next.set_result(None)
