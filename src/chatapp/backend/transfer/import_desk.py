"""Imports take turns in threads of their own, one or two at a time: nobody else waits behind them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

from chatapp.backend.fair_pool import FairPool
from chatapp.backend.store.identity import new_id, now
from chatapp.backend.transfer.import_board import ImportBoard, ImportState
from chatapp.backend.transfer.importers import Imports, Progress, Receipt
from chatapp.errors import NotFoundError, OverloadedError

AT_ONCE = 2
MAX_ADMITTED = 8
"""Imports that are being received, wait or are read. Their files are on our disk."""

RETRY_AFTER_S = 30
LOOKED_AFTER_S = 0.25
"""How often it is looked whether an import is to go on."""

_STOPPING = "the backend was stopped: import the file again to have the rest"
_LEFT = "whoever sent it has left: import the file again to have the rest"
_CANCELLED = "it was cancelled: import the file again to have the rest"


@dataclass(slots=True, kw_only=True)
class RunningImport:
    """An import from its first byte on. `size` is what its sender says it has, None where it does not."""

    owner: str
    is_closing: Callable[[], bool]
    size: int | None = None
    id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=now)
    state: Literal["receiving", "waiting", "reading"] = "receiving"
    bytes_received: int = 0
    progress: Progress = field(default_factory=Progress)
    has_left: bool = False
    is_cancelled: bool = False

    @property
    def receipt(self) -> Receipt:
        """What is in, and what is not."""
        return self.progress.receipt

    @property
    def bytes_total(self) -> int | None:
        """The size of the file; while it arrives, of all that arrives."""
        return self.size if self.state == "receiving" else self.bytes_received

    def told(self) -> ImportState:
        """Return how far it is now."""
        receipt = self.receipt
        return ImportState(
            id=self.id,
            owner=self.owner,
            state=self.state,
            started_at=self.started_at,
            bytes_total=self.bytes_total,
            bytes_received=self.bytes_received,
            bytes_read=self.progress.bytes_read,
            conversations_read=receipt.conversations_read,
            conversations_added=receipt.conversations_added,
            messages_added=receipt.messages_added,
        )

    def receive(self, size: int) -> None:
        """Count what has arrived."""
        self.bytes_received += size

    def reason_to_stop(self) -> str | None:
        """Return the sentence to end with, if it is to end; asked by its thread."""
        if self.has_left:
            return _LEFT
        if self.is_cancelled:
            return _CANCELLED
        return _STOPPING if self.is_closing() else None


class ImportDesk:
    """Admits imports and has them read. `is_closing` tells that the backend stops: then they end with what is in.

    By the `board` the workers of one backend know of each other's.
    """

    def __init__(self, imports: Imports, *, is_closing: Callable[[], bool], board: ImportBoard | None = None) -> None:
        self._imports, self._is_closing = imports, is_closing
        self._board = board or ImportBoard(None)
        self._pool = FairPool(AT_ONCE, of_one=1, name="import")
        self._running: dict[str, RunningImport] = {}

    @asynccontextmanager
    async def admitted(self, *, owner: str, size: int | None = None) -> AsyncIterator[RunningImport]:
        """Return a new import, for as long as the block lasts. What arrives is waited for in it, then `read`.

        When there is a reason to stop while it still arrives, the block is left, and the receipt says why.

        Raises:
            OverloadedError: there are too many.
        """
        if len(self._running) >= MAX_ADMITTED:
            hint = f"Try again in {RETRY_AFTER_S} seconds."
            raise OverloadedError("Too many imports are going on.", hint=hint, retry_after=RETRY_AFTER_S)
        running = RunningImport(owner=owner, size=size, is_closing=self._is_closing)
        self._running[running.id] = running
        try:
            async with asyncio.timeout(None) as deadline:
                watch = asyncio.create_task(self._watch(running, deadline))
                try:
                    yield running
                finally:
                    watch.cancel()
        except TimeoutError:
            reason = running.reason_to_stop()
            if reason is None:
                raise
            running.receipt.stop(reason)
        finally:
            del self._running[running.id]
            self._board.tell(self._states())

    async def read(self, running: RunningImport, path: Path, *, has_left: Callable[[], Awaitable[bool]]) -> None:
        """Read the file at `path`, which is not touched any more when this ends; the receipt says what is in.

        `has_left` tells whether nobody waits any more; then the import ends, and what is in stays.

        Raises:
            InvalidRequestError: it is no export that we know.
            StoreUnavailableError: it cannot be saved.
        """
        running.state = "waiting"
        of_one = running.owner or running.id  # without keys nobody knows whose it is
        reading = asyncio.wrap_future(self._pool.submit(partial(self._read, running, path), owner=of_one))
        try:
            while not reading.done():
                await asyncio.wait([reading], timeout=LOOKED_AFTER_S)
                running.has_left = running.has_left or await has_left()
        finally:
            running.has_left = True
            await asyncio.wait([reading])
        reading.result()

    def _read(self, running: RunningImport, path: Path) -> None:
        running.state = "reading"
        self._imports.read(path, owner=running.owner, reason_to_stop=running.reason_to_stop, progress=running.progress)

    def running(self, *, owner: str) -> list[ImportState]:
        """Return the imports of `owner` that are going on in all workers, oldest first."""
        states = [state for state in (*self._states(), *self._board.others()) if state.owner == owner]
        return sorted(states, key=lambda state: state.started_at)

    def cancel(self, import_id: str, *, owner: str) -> None:
        """End an import; what is in stays, and its sender gets the receipt.

        Raises:
            NotFoundError: `owner` has no such import going on.
        """
        if not any(state.id == import_id for state in self.running(owner=owner)):
            raise NotFoundError("There is no such import.")
        if import_id in self._running:
            self._running[import_id].is_cancelled = True
        else:
            self._board.cancel(import_id)

    def _states(self) -> list[ImportState]:
        return [running.told() for running in self._running.values()]

    async def _watch(self, running: RunningImport, deadline: asyncio.Timeout) -> None:
        """Tell other workers how far an import is, and end the wait for bytes when there is a reason.

        What is read ends by itself.
        """
        while True:
            running.is_cancelled = running.is_cancelled or self._board.is_cancelled(running.id)
            if running.state == "receiving" and running.reason_to_stop() is not None:
                deadline.reschedule(asyncio.get_running_loop().time())
                return
            self._board.tell(self._states())
            await asyncio.sleep(LOOKED_AFTER_S)

    def close(self) -> None:
        """Begin no more imports."""
        self._pool.close()
