"""Writes down every call to a model, behind the answers' back: in batches, by a task of its own."""

import asyncio
import logging
from collections import deque

from chatapp.backend.store import ModelCall
from chatapp.backend.store.model_calls import ModelCalls
from chatapp.errors import StoreUnavailableError

WRITE_EVERY_S = 1.0
MOST_WAITING = 100_000
"""Calls that wait while the store cannot be written; beyond it the oldest are given up, and the log says so."""

_BATCH = 500

log = logging.getLogger(__name__)


class Ledger:
    """A `TurnObserver` that keeps calls in the store, at most `WRITE_EVERY_S` later; a killed process loses those."""

    def __init__(self, calls: ModelCalls) -> None:
        self._calls = calls
        self._waiting: deque[ModelCall] = deque(maxlen=MOST_WAITING)
        self._lost = 0

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call."""
        if len(self._waiting) == MOST_WAITING:
            self._lost += 1
        self._waiting.append(call)

    async def keep(self) -> None:
        """Again and again, write what waits. Never returns."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits now; what cannot be written waits on."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                await asyncio.to_thread(self._calls.add_many, batch)
            except asyncio.CancelledError:
                self._waiting.extendleft(reversed(batch))  # what was written after all is not written twice
                raise
            except StoreUnavailableError as error:
                self._waiting.extendleft(reversed(batch))
                log.warning("%d calls to models are not written down yet: %s", len(self._waiting), error.detail)
                return
        if self._lost:
            log.error("%d calls to models could not be written down", self._lost)
            self._lost = 0
