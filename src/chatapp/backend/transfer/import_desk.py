"""Imports take turns in threads of their own, one or two at a time: nobody else waits behind them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatapp.backend.transfer.importers import Imports, Receipt
from chatapp.errors import OverloadedError

AT_ONCE = 2
MAX_ADMITTED = 8
"""Imports that are being received, wait or are read. Their files are on our disk."""

RETRY_AFTER_S = 30
LOOKED_AFTER_S = 0.25
"""How often it is looked whether anybody still waits for the receipt."""

_STOPPING = "the backend was stopped: import the file again to have the rest"
_LEFT = "whoever sent it has left: import the file again to have the rest"


@dataclass(slots=True)
class _Reason:
    """Why an import ends early, if it does; asked by its thread."""

    is_closing: Callable[[], bool]
    has_left: bool = False

    def __call__(self) -> str | None:
        if self.has_left:
            return _LEFT
        return _STOPPING if self.is_closing() else None


class ImportDesk:
    """Admits imports and has them read. `is_closing` tells that the backend stops: then they end with what is in."""

    def __init__(self, imports: Imports, *, is_closing: Callable[[], bool]) -> None:
        self._imports, self._is_closing = imports, is_closing
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="import")
        self._admitted = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Keep a place for one import, from its first byte on.

        Raises:
            OverloadedError: there is none.
        """
        if self._admitted >= MAX_ADMITTED:
            hint = f"Try again in {RETRY_AFTER_S} seconds."
            raise OverloadedError("Too many imports are going on.", hint=hint, retry_after=RETRY_AFTER_S)
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    async def read(self, path: Path, *, owner: str, has_left: Callable[[], Awaitable[bool]]) -> Receipt:
        """Return the receipt for the file at `path`, which is not touched any more when this ends.

        `has_left` tells whether nobody waits any more; then the import ends, and what is in stays.

        Raises:
            InvalidRequestError: it is no export that we know.
            StoreUnavailableError: it cannot be saved.
        """
        reason = _Reason(self._is_closing)
        read = partial(self._imports.read, path, owner=owner, reason_to_stop=reason)
        reading = asyncio.get_running_loop().run_in_executor(self._pool, read)
        try:
            while not reading.done():
                await asyncio.wait([reading], timeout=LOOKED_AFTER_S)
                reason.has_left = reason.has_left or await has_left()
        finally:
            reason.has_left = True
            await asyncio.wait([reading])
        return reading.result()

    def close(self) -> None:
        """Begin no more imports."""
        self._pool.shutdown(wait=False, cancel_futures=True)
