"""Rows of turns: what whoever goes on with one, or ends it, asks of it."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.schema import turns


class TurnRow(NamedTuple):
    """A turn as it is saved, without what its readers want of it."""

    id: str
    owner: str
    conversation_id: str | None
    user_message_id: str | None
    answer_message_id: str | None
    status: str
    model: str
    cancel_requested: bool
    saved_text: int
    saved_reasoning: int


TURN_ROW = tuple(turns.c[name] for name in TurnRow._fields)
_LOCK = Prepared(select(*TURN_ROW).where(turns.c.id == bindparam("turn_id")).with_for_update())


def locked_turn(connection: Connection, turn_id: str) -> TurnRow | None:
    """Return the turn, which nobody else writes to until the transaction ends; None where there is none."""
    row = _LOCK.first(connection, {"turn_id": turn_id})
    return None if row is None else TurnRow._make(row)
