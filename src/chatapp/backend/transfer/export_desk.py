"""Exports of everything are written in a thread of their own, piece by piece: nobody else waits behind them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from chatapp.backend.transfer.exporters import ExportedFile, Exports
from chatapp.errors import OverloadedError

MAX_ADMITTED = 4
"""Exports that are being sent. They take turns, a piece each; who reads slowly keeps only a place."""

RETRY_AFTER_S = 30


class ExportDesk:
    """Admits exports and has them written as fast as they are read. `is_closing` tells that the backend stops."""

    def __init__(self, exports: Exports, *, is_closing: Callable[[], bool]) -> None:
        self._exports = exports
        self.is_closing = is_closing
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="export")
        self._admitted = 0

    def open(self, *, owner: str, as_format: str, ids: Sequence[str] = ()) -> ExportedFile:
        """Return all conversations of `owner`, or those of `ids`, as a file that is not begun yet.

        Raises:
            InvalidRequestError: there is no such format.
        """
        return self._exports.everything(owner=owner, as_format=as_format, ids=ids)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Have one of the places for as long as the block lasts.

        Raises:
            OverloadedError: too many exports are going on.
        """
        if self._admitted >= MAX_ADMITTED:
            hint = f"Try again in {RETRY_AFTER_S} seconds."
            raise OverloadedError("Too many exports are going on.", hint=hint, retry_after=RETRY_AFTER_S)
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    async def send(self, file: ExportedFile) -> AsyncGenerator[bytes, None]:
        """Return the file piece by piece. Each is written when it is asked for."""
        loop = asyncio.get_running_loop()
        try:
            while (chunk := await loop.run_in_executor(self._pool, next, file.chunks, None)) is not None:
                yield chunk
        finally:
            with suppress(RuntimeError):  # the pool is closed, and the process about to end
                self._pool.submit(getattr(file.chunks, "close", int))  # behind the piece that is perhaps being written

    def close(self) -> None:
        """Begin no more exports."""
        self._pool.shutdown(wait=False, cancel_futures=True)
