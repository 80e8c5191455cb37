"""How a coroutine waits for an answer that another thread reads."""

import asyncio
from contextlib import suppress


class GrowthWatch:
    """Wakes one coroutine of the event loop it is made in when an answer has grown or ended; any thread may `tell`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.create_future()
        self._is_armed = False

    def arm(self) -> None:
        """Let `wait` return for what comes from now on: before one looks, so that nothing comes in between."""
        if self._next.done():
            self._next = self._loop.create_future()
        self._is_armed = True

    def tell(self) -> None:
        """Say that the answer has grown or ended; until it is armed again, more of that costs nothing."""
        if self._is_armed:
            self._is_armed = False
            with suppress(RuntimeError):  # the loop has ended, and whoever waited in it
                self._loop.call_soon_threadsafe(self._settle)

    async def wait(self, timeout_s: float) -> None:
        """Return when the answer has grown or ended since it was armed, at the latest after `timeout_s` seconds."""
        timer = self._loop.call_later(timeout_s, self._settle)
        try:
            await self._next
        finally:
            timer.cancel()

    def _settle(self) -> None:
        if not self._next.done():
            self._next.set_result(None)
