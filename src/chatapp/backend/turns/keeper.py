"""Turns that are saved when they are over: those that end within moments of each other, in one transaction."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from chatapp.backend.store import Store, WholeTurn

GATHER_S = 0.005
"""How long a turn waits at most for others that may end: as PostgreSQL's `commit_delay`, which asks for siblings too.

A transaction for each costs as much again as what is written in it, and so do two threads that wake each other.
"""


class Keeper:
    """Saves turns, as many at a time as are waiting; there are `count` that are not saved yet.

    `has_others` tells whether any other may end soon.
    """

    def __init__(self, store: Store, *, has_others: Callable[[], bool]) -> None:
        self._store = store
        self._has_others = has_others
        self.count = 0
        self._waiting: list[tuple[WholeTurn, asyncio.Future[str]]] = []
        self._are_all_here = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def keep(self, turn: WholeTurn) -> str:
        """Return the conversation of `turn` once it is saved.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        if not self._store.database.is_sqlite:  # which writes one after the other anyway
            return (await asyncio.to_thread(self._store.turns.keep, [turn]))[0]()
        saved: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, saved))
        self.count += 1
        if self._task is None:
            self._task = asyncio.create_task(self._save())
        elif not self._has_others():
            self._are_all_here.set()
        try:
            return await saved
        finally:
            self.count -= 1

    async def _save(self) -> None:
        """Save all that wait, also what nobody waits for any more."""
        try:
            while self._waiting:
                await self._gather()
                batch, self._waiting = self._waiting, []
                await self._save_together(batch)
        finally:
            self._task = None
            for _, saved in self._waiting:  # who is ended from outside saves nothing more
                saved.cancel()
            self._waiting = []

    async def _gather(self) -> None:
        """Wait for those that may end soon, until all of them are here."""
        if self._has_others():
            self._are_all_here.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_S):
                    await self._are_all_here.wait()

    async def _save_together(self, batch: list[tuple[WholeTurn, "asyncio.Future[str]"]]) -> None:
        """Save them; what comes meanwhile waits for the next time."""
        try:
            results = await asyncio.to_thread(self._store.turns.keep, [turn for turn, _ in batch])
        except asyncio.CancelledError:
            for _, saved in batch:
                saved.cancel()
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            for _, saved in batch:
                if not saved.done():
                    saved.set_exception(error)
        else:
            for (_, saved), result in zip(batch, results, strict=True):
                _settle(saved, result)


def _settle(saved: "asyncio.Future[str]", result: Callable[[], str]) -> None:
    if saved.done():
        return
    try:
        saved.set_result(result())
    except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
        saved.set_exception(error)
