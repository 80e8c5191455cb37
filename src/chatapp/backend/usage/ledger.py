"""Writes down every call to a model, behind the answers' back: in batches, by a task of its own.

What waits for it is in a journal, by which it outlives the process.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable

from chatapp.backend.store import ModelCall, ModelCalls
from chatapp.backend.turns.call_record import CallRecord
from chatapp.backend.usage.journal import Journal
from chatapp.backend.usage.left_behind import LeftBehind
from chatapp.errors import StoreUnavailableError

WRITE_EVERY_S = 1.0
MOST_WAITING = 100_000
"""Calls that wait while the store cannot be written; beyond it the oldest are given up, and the log says so."""

LOOK_EVERY = 5
"""Each how many rounds the ledger looks for what killed processes have left."""

_BATCH = 500

log = logging.getLogger(__name__)


class Ledger:
    """A `TurnObserver` that keeps calls in the store, at most `WRITE_EVERY_S` later.

    A killed process loses none of them where there is a `journal`; `on_lost` learns of those that another was making
    when it was killed.
    """

    def __init__(
        self,
        calls: ModelCalls,
        journal: Journal | None = None,
        *,
        left_behind: LeftBehind | None = None,
        on_lost: Callable[[ModelCall], None] = lambda call: None,
    ) -> None:
        self._calls = calls
        self._left_behind = left_behind
        self._on_lost = on_lost
        self._journal = journal
        self._waiting: deque[ModelCall] = deque()
        self._lost = 0
        self._batch_size = _BATCH
        self._writing = asyncio.Lock()

    def model_asked(self, call: CallRecord) -> None:
        """Take note of a call that is made now."""
        if self._journal is not None:
            self._journal.begin(call)

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call that has ended."""
        if self._journal is not None:
            self._journal.end(call)
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(call)

    def waiting_ids(self) -> list[str]:
        """The calls that are not written down yet."""
        return [call.id for call in self._waiting]

    async def keep(self) -> None:
        """Again and again, write what waits, and what killed processes have left. Never returns."""
        for number in itertools.count(1):
            await asyncio.sleep(WRITE_EVERY_S)
            if self._journal is not None:
                self._journal.follow()
            await self.flush()
            if number % LOOK_EVERY == 0:
                await self.recover()

    async def recover(self) -> None:
        """Write down what killed processes have left, each call once."""
        if self._left_behind is None:
            return
        try:
            lost = await asyncio.to_thread(self._left_behind.write_down)
        except StoreUnavailableError as error:
            log.warning("Calls of a process that is gone are not written down yet: %s", error.detail)
            return
        for call in lost:
            self._on_lost(call)

    async def close(self) -> None:
        """Write what waits; what cannot be written is for the next process."""
        await self.flush()
        if self._journal is not None:
            self._journal.close()

    async def flush(self) -> None:
        """Write what waits now; what cannot be written waits on. Whoever comes while others write waits for them.

        What is raised beside is a defect, in a call or in what writes it. Then the next flush writes one by one, and
        gives up the call that it still comes from: the others are not to wait behind it for ever.
        """
        async with self._writing:
            await self._flush()

    async def _flush(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._batch_size, len(self._waiting)))]
            try:
                await asyncio.to_thread(self._calls.add_many, batch)
            except asyncio.CancelledError:
                self._put_back(batch)  # what was written after all is not written twice
                raise
            except StoreUnavailableError as error:
                self._put_back(batch)
                log.warning("%d calls to models are not written down yet: %s", len(self._waiting), error.detail)
                return
            except BaseException:
                self._doubt(batch)
                raise
            self._batch_size = min(2 * self._batch_size, _BATCH)
        if self._journal is not None:
            self._journal.settle()
        if self._lost:
            log.error("%d calls to models could not be written down", self._lost)
            self._lost = 0

    def _put_back(self, batch: list[ModelCall]) -> None:
        """Let a batch wait before all others, of which there may be more by now; the oldest find no room."""
        room = min(MOST_WAITING - len(self._waiting), len(batch))
        self._lost += len(batch) - room
        self._waiting.extendleft(reversed(batch[len(batch) - room :]))

    def _doubt(self, batch: list[ModelCall]) -> None:
        if len(batch) == 1:
            self._lost += 1
        else:
            self._put_back(batch)
        self._batch_size = 1
