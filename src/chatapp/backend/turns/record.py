"""What the store keeps of one turn. The store is synchronous, so every call runs in a thread."""

import asyncio

from chatapp.backend.store import Store
from chatapp.backend.turns.turn import Turn, final_status
from chatapp.errors import ChatappError


class TurnRecord:
    """The rows of one turn."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(self, turn: Turn) -> bool:
        """Save the answer so far and say whether its maker should stop.

        Raises:
            StoreUnavailableError: it cannot be saved now.
        """
        text, reasoning, segments = turn.text, turn.reasoning, turn.segments()
        return await asyncio.to_thread(
            self._store.turns.save,
            turn.id,
            text=text,
            reasoning=reasoning,
            segments=segments,
            is_recast=turn.is_recast,
        )

    async def finish(self, turn: Turn, failure: ChatappError | None, *, latency_ms: int) -> None:
        """Save how the turn ends.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        await asyncio.to_thread(
            self._store.turns.finish,
            turn.id,
            status=final_status(turn, failure),
            text=turn.text,
            reasoning=turn.reasoning,
            segments=turn.segments(),
            is_recast=turn.is_recast,
            finish_reason=turn.finish_reason,
            usage=turn.usage,
            error=failure.as_dict(turn.request_id) if failure else None,
            latency_ms=latency_ms,
        )
