"""What the store keeps of one turn."""

import asyncio
import logging
from contextlib import suppress

from chatapp.backend.store import Ending, Segments, Store
from chatapp.backend.store.failures import DEFECTS
from chatapp.backend.turns.rounds import GATHER_S, Rounds
from chatapp.backend.turns.turn import Turn, final_status
from chatapp.errors import ChatappError, StoreUnavailableError
from chatapp.protocol.events import DELTAS, Text

log = logging.getLogger(__name__)


class TurnRecord:
    """The rows of one turn. It looks at each of its events once, however often it is saved."""

    def __init__(self, store: Store, rounds: Rounds | None = None) -> None:
        self._store = store
        self._rounds = rounds or Rounds(store)
        self._timer: asyncio.TimerHandle | None = None
        self._saving: asyncio.Task[None] | None = None
        self._is_recast = False
        self._begin()

    def _begin(self) -> None:
        self._seen = 0
        self._saved = (0, 0)
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._segments: Segments = []

    def save_along(self, turn: Turn, *, every_s: float) -> None:
        """Begin to save what there is again and again, which also says that we live; stop the turn where that is asked.

        Most answers are shorter than `every_s`, which is also when that begins: no task is made for them.
        """
        loop = asyncio.get_running_loop()
        pause_s = every_s - 2 * GATHER_S  # what is saved may be so old already, and the next time too

        def begin() -> None:
            self._saving = loop.create_task(self._save_along(turn, pause_s))

        self._timer = loop.call_later(pause_s, begin)

    async def _save_along(self, turn: Turn, pause_s: float) -> None:
        while True:
            with suppress(StoreUnavailableError):  # the next time may be better, and the end is reported
                if await self.save(turn):
                    turn.stop()
            await asyncio.sleep(pause_s)

    async def stop_saving(self) -> None:
        """Save no more along."""
        if self._timer is not None:
            self._timer.cancel()
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.wait([self._saving])

    async def save(self, turn: Turn) -> bool:
        """Save the answer so far and return whether its maker should stop. Not to be called while it still saves.

        Raises:
            StoreUnavailableError: it cannot be saved now.
        """
        is_recast_now = turn.is_recast and not self._is_recast
        if is_recast_now:
            self._begin()
        self._look_at(turn)
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        self._text, self._reasoning = [text], [reasoning]
        saving = self._store.turns.saving(
            turn.id,
            text=text,
            reasoning=reasoning,
            behind=self._saved,
            segments=self._segments,
            is_recast=is_recast_now,
        )
        is_to_stop = await self._rounds.do(saving)
        self._saved = self._saved[0] + len(text), self._saved[1] + len(reasoning)
        self._text, self._reasoning = [], []
        self._is_recast |= is_recast_now
        return is_to_stop

    async def finish(self, turn: Turn, failure: ChatappError | None, *, latency_ms: int) -> None:
        """Save how the turn ends; where something beside its text cannot be stored, without all that.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        ending = ending_of(turn, failure, latency_ms=latency_ms)
        ending["answer_hash"] = self._answer_hash(turn)
        try:
            await self._rounds.do(self._store.turns.finishing(turn.id, **ending), is_urgent=True)
        except DEFECTS as defect:  # which would cost the text that has come since it was last saved
            log.error("turn %s is saved without what stands beside its text: %s", turn.id, type(defect).__name__)
            await self._rounds.do(self._store.turns.finishing(turn.id, **said_alone(ending)), is_urgent=True)

    async def finish_later(self, turn: Turn, failure: ChatappError | None, *, latency_ms: int, every_s: float) -> None:
        """Do what `finish` could not do, as soon as that can be done."""
        while True:
            await asyncio.sleep(every_s)
            with suppress(StoreUnavailableError):
                return await self.finish(turn, failure, latency_ms=latency_ms)

    def _look_at(self, turn: Turn) -> None:
        """Take over what has come since the last look."""
        self._segments = turn.extended(self._segments, first=self._seen)
        for entry in turn.entries[self._seen :]:
            if isinstance(entry, DELTAS):
                (self._text if type(entry) is Text else self._reasoning).append(entry.text)
        self._seen = len(turn.entries)

    def _answer_hash(self, turn: Turn) -> str | None:
        """Return by what the conversation is found again, None where its id tells."""
        return None


def ending_of(turn: Turn, failure: ChatappError | None, *, latency_ms: int) -> Ending:
    """Return how `turn` ends with `failure`, or with none, as the store is told."""
    return {
        "model": turn.model,
        "status": final_status(turn, failure),
        "text": turn.text,
        "reasoning": turn.reasoning,
        "segments": turn.segments(),
        "is_recast": turn.is_recast,
        "finish_reason": turn.finish_reason,
        "usage": turn.usage,
        "usage_details": turn.usage_details,
        "error": failure.as_dict(turn.request_id) if failure else None,
        "latency_ms": latency_ms,
    }


def said_alone(ending: Ending) -> Ending:
    """Return the text of an ending, and whether it is whole."""
    return {
        "status": ending["status"],
        "text": ending["text"],
        "reasoning": ending["reasoning"],
        "segments": ending["segments"],
        "is_recast": ending["is_recast"],
    }
