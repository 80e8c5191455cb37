"""A turn that another process makes, or has made, read from the store: the database is the bus between them."""

import asyncio

from chatapp.backend.store import Store, StoredTurn, TurnStatus
from chatapp.backend.tasks import defect_of
from chatapp.backend.turns.turn import Listener, Turn
from chatapp.errors import ChatappError, IncompleteAnswerError, StoreUnavailableError
from chatapp.protocol.events import Citation, Event, Notice, Reasoning, Text, ToolCallDelta
from chatapp.protocol.received_errors import failure_from_dict

POLL_S = 0.5

UNREADABLE_S = 15.0
"""How long the store may be away before a reader is told; who makes the answer goes on meanwhile."""


class RemoteTurn(Turn):
    """A turn as far as it is saved; it grows for as long as somebody reads it."""

    def __init__(self, stored: StoredTurn, store: Store, *, owner: str) -> None:
        super().__init__(stored.model, turn_id=stored.id, owner=owner, conversation_id=stored.conversation_id)
        self.asked_at = stored.created_at
        self._store = store
        self._saved_status = stored.status
        self._follower: asyncio.Task[None] | None = None
        self._unreadable_since: float | None = None
        self.accept()
        self._catch_up(stored)

    @property
    def status(self) -> TurnStatus:
        """How far it is, or how it ended."""
        return self._saved_status

    def join(self, listener: Listener) -> None:
        """Let `listener` know of every event from now on."""
        super().join(listener)
        if self._follower is None and not self.is_over:
            self._follower = asyncio.create_task(self._follow(), name=f"turn {self.id}, followed")
            self._follower.add_done_callback(self._end_with_follower)

    def _end_with_follower(self, follower: "asyncio.Task[None]") -> None:
        """Let no reader wait for ever where following has ended with a defect."""
        if not self.is_over:
            self.end(defect_of(follower, what="Following a turn"))

    async def _follow(self) -> None:
        self.filled_by(asyncio.current_task())
        try:
            while not self.is_over:
                await asyncio.sleep(POLL_S)
                if stored := await self._stored():
                    self._catch_up(stored)
        except ChatappError as error:
            self.end(error)
        except asyncio.CancelledError:
            self.end(self.stop_error)

    async def _stored(self) -> StoredTurn | None:
        """Return the turn as it is now, None where the store cannot be read for the moment.

        Raises:
            StoreUnavailableError: the moment lasts too long.
        """
        try:
            stored = await asyncio.to_thread(self._store.turns.get, self.id, owner=self.owner)
        except StoreUnavailableError:
            now = asyncio.get_running_loop().time()
            self._unreadable_since = self._unreadable_since or now
            if now - self._unreadable_since >= UNREADABLE_S:
                raise
            return None
        self._unreadable_since = None
        return stored

    def _catch_up(self, stored: StoredTurn) -> None:
        for event, size in _beyond(self.ends[-1], stored):
            self.append(event, size=size)
        self._saved_status = stored.status
        if stored.status != "streaming":
            self.usage, self.finish_reason = stored.usage, stored.finish_reason
            self.usage_details = stored.usage_details
            self.end(_failure(stored), latency_ms=stored.latency_ms or 0)


def _beyond(position: int, stored: StoredTurn) -> list[tuple[Event, int]]:
    """Return what is saved behind `position`, each with how many steps it is, as far as it is there without a gap."""
    events: list[tuple[Event, int]] = []
    texts = {"text": stored.text, "reasoning": stored.reasoning}
    taken = dict.fromkeys(texts, 0)  # where the next segment begins; to cut off what is taken would copy all the rest
    begin = 0
    for kind, size, *content in stored.segments:
        if kind in _DELTAS:
            first, taken[kind] = taken[kind] + max(0, position - begin), taken[kind] + size
            if taken[kind] > len(texts[kind]):
                break
            if begin + size > position:
                missing = texts[kind][first : taken[kind]]
                events.append((_DELTAS[kind](missing), len(missing)))
        elif begin + size > position and kind in _WHOLE:
            events.append((_WHOLE[kind](*content), size))
        elif begin + size > position and kind == "tool_call":
            if stored.status == "streaming":
                break  # it may still grow, and comes as one
            events.append((ToolCallDelta(*content), size))
        begin += size
    return events


_DELTAS: dict[str, type[Text | Reasoning]] = {"text": Text, "reasoning": Reasoning}
_WHOLE: dict[str, type[Notice | Citation]] = {"notice": Notice, "citation": Citation}


def _failure(stored: StoredTurn) -> ChatappError | None:
    if stored.error is not None:
        return failure_from_dict(stored.error)
    if stored.status == "interrupted":
        return IncompleteAnswerError("the backend was stopped while it answered.", hint="Ask again.")
    return None
