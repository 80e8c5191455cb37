"""What the store keeps of one turn. The store is synchronous, so every call runs in a thread."""

import asyncio

from chatapp.backend.store import FinalStatus, Store
from chatapp.backend.turns.turn import Turn
from chatapp.errors import ChatappError, IncompleteAnswerError, ShuttingDownError


class TurnRecord:
    """The rows of one turn."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(self, turn: Turn) -> bool:
        """Save the answer so far and say whether its maker should stop.

        Raises:
            StoreUnavailableError: it cannot be saved now.
        """
        text, reasoning, runs = turn.text, turn.reasoning, turn.runs()
        return await asyncio.to_thread(self._store.turns.save, turn.id, text=text, reasoning=reasoning, runs=runs)

    async def finish(self, turn: Turn, failure: ChatappError | None) -> None:
        """Save how the turn ends.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        await asyncio.to_thread(
            self._store.turns.finish,
            turn.id,
            status=_status(turn, failure),
            text=turn.text,
            reasoning=turn.reasoning,
            runs=turn.runs(),
            finish_reason=turn.finish_reason,
            usage=turn.usage,
            error=failure.as_dict() if failure else None,
            latency_ms=round(turn.elapsed_s * 1000),
        )


def _status(turn: Turn, failure: ChatappError | None) -> FinalStatus:
    if failure is None:
        return "stopped" if turn.finish_reason == "stopped" else "complete"
    if isinstance(failure, IncompleteAnswerError):
        return "incomplete"
    return "interrupted" if isinstance(failure, ShuttingDownError) else "failed"
