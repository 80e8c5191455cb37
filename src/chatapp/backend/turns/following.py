"""A turn that another process makes, or has made, read from the store: the database is the bus between them."""

import asyncio

from chatapp.backend.store import Store
from chatapp.backend.store import Turn as StoredTurn
from chatapp.backend.turns.turn import Turn
from chatapp.errors import ChatappError, IncompleteAnswerError, InternalError, StoreUnavailableError, error_from_dict
from chatapp.events import Event, Notice, Reasoning, Text

POLL_S = 0.5


def followed(stored: StoredTurn, *, owner: str) -> Turn:
    """Give an empty turn for `follow` to fill."""
    return Turn(
        stored.model,
        turn_id=stored.id,
        owner=owner,
        conversation_id=stored.conversation_id,
        outlives_readers=False,
    )


async def follow(turn: Turn, store: Store) -> None:
    """Fill `turn` with what is saved of it, and go on until it has ended there too."""
    turn.accept()
    try:
        while (stored := await asyncio.to_thread(store.turns.get, turn.id, owner=turn.owner)).status == "streaming":
            _append_new(turn, stored)
            await asyncio.sleep(POLL_S)
    except StoreUnavailableError as error:
        turn.end(error)
        return
    _append_new(turn, stored)
    turn.usage, turn.finish_reason = stored.usage, stored.finish_reason
    turn.end(_failure(stored), latency_ms=stored.latency_ms)


def _append_new(turn: Turn, stored: StoredTurn) -> None:
    """Append what the store has beyond the end of `turn`."""
    begin = 0
    at = {"text": 0, "reasoning": 0}
    texts = {"text": stored.text, "reasoning": stored.reasoning}
    for kind, size in stored.runs:
        piece = texts[kind][at[kind] : at[kind] + size] if kind in texts else ""
        if kind in at:
            at[kind] += size
        if begin + size > turn.ends[-1] and (event := _event(kind, piece[max(0, turn.ends[-1] - begin) :])):
            turn.append(event)
        begin += size


def _event(kind: str, piece: str) -> Event | None:
    if kind == "notice":
        return Notice("earlier_notice", "There was a notice here.")
    if not piece:
        return None
    return Text(piece) if kind == "text" else Reasoning(piece)


def _failure(stored: StoredTurn) -> ChatappError | None:
    if stored.error is not None:
        return error_from_dict(stored.error) or InternalError("The answer failed.")
    if stored.status == "interrupted":
        return IncompleteAnswerError("the backend was stopped while it answered.", hint="Ask again.")
    return None
