"""What answers in the making have to save, in rounds: one thread and one transaction for all that wait."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from chatapp.backend.store import BegunTurn, Job, Store
from chatapp.backend.store.failures import DEFECTS

GATHER_S = 0.05
"""How long what an answer has got to waits at most for that of others. From then on they go together: of a hundred
streams each round saves five or more. A thread and a transaction for each took twice as long as what is written."""

T = TypeVar("T")


class Rounds:
    """Does jobs of the store, as many at a time as are waiting."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._waiting: list[tuple[Job[Any], asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    async def begin(self, beginning: Callable[[], Job[BegunTurn]], *, is_urgent: bool = True) -> BegunTurn:
        """Return the turn that is begun; at the second try where another process began one there at the same moment.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        try:
            return await self.do(beginning(), is_urgent=is_urgent)
        except DEFECTS:
            return await self.do(beginning(), is_urgent=True)

    async def do(self, job: Job[T], *, is_urgent: bool = False) -> T:
        """Return what `job` gives, which begins at once if it `is_urgent`; one that nobody waits for is left out.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        if not self._database.is_sqlite:  # where transactions run side by side
            await asyncio.to_thread(self._database.do_all, [job])
            return job.result()
        loop = asyncio.get_running_loop()
        is_over = loop.create_future()
        self._waiting.append((job, is_over))
        if is_urgent:
            self.hurry()
        elif self._timer is None:
            self._timer = loop.call_later(GATHER_S, self.hurry)
        await is_over
        return job.result()

    def hurry(self) -> None:
        """Begin with what waits, if anything does."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None and self._waiting:
            self._task = asyncio.create_task(self._do_all())

    async def _do_all(self) -> None:
        try:
            while self._waiting:
                batch = [(job, is_over) for job, is_over in self._waiting if not is_over.done()]
                self._waiting = []
                if batch:
                    await self._do_round(batch)
        finally:
            self._task = None

    async def _do_round(self, batch: list[tuple[Job[Any], asyncio.Future[None]]]) -> None:
        try:
            await asyncio.to_thread(self._database.do_all, [job for job, _ in batch])
        finally:
            for _, is_over in batch:
                if not is_over.done():
                    is_over.set_result(None)
