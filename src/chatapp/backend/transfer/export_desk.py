"""Exports of everything are written in a thread of their own, piece by piece, and pages behind links in another.

Nobody else waits behind them, and no export behind those who read without a key.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from chatapp.backend.transfer.exporters import ExportedFile, Exports
from chatapp.errors import OverloadedError

MAX_ADMITTED = 4
"""Exports that are being sent. They take turns, a piece each; who reads slowly keeps only a place."""

OF_ONE = 2
"""Of these, those of one owner: who reads slowly leaves places to others."""

MAX_SHARED, OF_ONE_LINK = 16, 8
"""The same for pages behind links: whoever reads them has no key, and keeps nobody from an export."""

RETRY_AFTER_S = 30


class ExportDesk:
    """Admits exports and has them written as fast as they are read. `is_closing` tells that the backend stops."""

    def __init__(self, exports: Exports, *, is_closing: Callable[[], bool]) -> None:
        self._exports = exports
        self.is_closing = is_closing
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._shared_pool = ThreadPoolExecutor(1, thread_name_prefix="shared")
        self._admitted: Counter[str] = Counter()
        self._shared: Counter[str] = Counter()

    def open(self, *, owner: str, as_format: str, ids: Sequence[str] = ()) -> ExportedFile:
        """Return all conversations of `owner`, or those of `ids`, as a file that is not begun yet.

        Raises:
            InvalidRequestError: there is no such format.
        """
        return self._exports.everything(owner=owner, as_format=as_format, ids=ids)

    @contextmanager
    def admitted(self, whose: str, *, is_shared: bool = False) -> Iterator[None]:
        """Have one of the places for as long as the block lasts; `whose` is the owner, or the link, that it counts for.

        Raises:
            OverloadedError: too many exports are going on.
        """
        taken, most, of_one = (
            (self._shared, MAX_SHARED, OF_ONE_LINK) if is_shared else (self._admitted, MAX_ADMITTED, OF_ONE)
        )
        if taken.total() >= most or taken[whose] >= of_one:
            hint = f"Try again in {RETRY_AFTER_S} seconds."
            raise OverloadedError("Too many exports are going on.", hint=hint, retry_after=RETRY_AFTER_S)
        taken[whose] += 1
        try:
            yield
        finally:
            taken[whose] -= 1
            taken += Counter()  # without those that have none any more

    async def send(self, file: ExportedFile, *, is_shared: bool = False) -> AsyncGenerator[bytes, None]:
        """Return the file piece by piece. Each is written when it is asked for."""
        loop, pool = asyncio.get_running_loop(), self._shared_pool if is_shared else self._pool
        try:
            while (chunk := await loop.run_in_executor(pool, next, file.chunks, None)) is not None:
                yield chunk
        finally:
            with suppress(RuntimeError):  # the pool is closed, and the process about to end
                pool.submit(getattr(file.chunks, "close", int))  # behind the piece that is perhaps being written

    def close(self) -> None:
        """Begin no more exports."""
        for pool in (self._pool, self._shared_pool):
            pool.shutdown(wait=False, cancel_futures=True)
