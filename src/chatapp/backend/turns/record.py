"""What the store keeps of one turn. The store is synchronous, so every call runs in a thread."""

import asyncio

from chatapp.backend.store import Segments, Store
from chatapp.backend.turns.turn import Turn, final_status
from chatapp.errors import ChatappError
from chatapp.protocol.events import DELTAS, Text
from chatapp.protocol.messages import Message, TextPart
from chatapp.protocol.question import HeldConversation


class TurnRecord:
    """The rows of one turn. It looks at each of its events once, however often it is saved.

    `held` is the conversation it answers in, where its client holds it.
    """

    def __init__(self, store: Store, *, held: HeldConversation | None = None) -> None:
        self._store = store
        self._held = held
        self._is_recast = False
        self._begin()

    def _begin(self) -> None:
        self._seen = 0
        self._saved = (0, 0)
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._segments: Segments = []

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
        is_to_stop = await asyncio.to_thread(
            self._store.turns.save,
            turn.id,
            text=text,
            reasoning=reasoning,
            behind=self._saved,
            segments=self._segments,
            is_recast=is_recast_now,
        )
        self._saved = self._saved[0] + len(text), self._saved[1] + len(reasoning)
        self._text, self._reasoning = [], []
        self._is_recast |= is_recast_now
        return is_to_stop

    async def finish(self, turn: Turn, failure: ChatappError | None, *, latency_ms: int) -> None:
        """Save how the turn ends.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        await asyncio.to_thread(
            self._store.turns.finish,
            turn.id,
            answer_hash=self._answer_hash(turn),
            model=turn.model,
            status=final_status(turn, failure),
            text=turn.text,
            reasoning=turn.reasoning,
            segments=turn.segments(),
            is_recast=turn.is_recast,
            finish_reason=turn.finish_reason,
            usage=turn.usage,
            usage_details=turn.usage_details,
            error=failure.as_dict(turn.request_id) if failure else None,
            latency_ms=latency_ms,
        )

    def _look_at(self, turn: Turn) -> None:
        """Take over what has come since the last look."""
        self._segments = turn.extended(self._segments, first=self._seen)
        for entry in turn.entries[self._seen :]:
            if isinstance(entry, DELTAS):
                (self._text if type(entry) is Text else self._reasoning).append(entry.text)
        self._seen = len(turn.entries)

    def _answer_hash(self, turn: Turn) -> str | None:
        """Return by what the answer is found again; one that says nothing never comes back."""
        text, calls = turn.text, turn.tool_calls
        if self._held is None or not (text or calls):
            return None
        return self._held.hash_behind(Message("assistant", (TextPart(text), *calls)))
