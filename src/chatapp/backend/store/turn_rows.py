"""Rows of turns: new ones, and what whoever goes on with one, or ends it, asks of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select

from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.records import BegunTurn
from chatapp.backend.store.schema import turns

_COLUMNS = tuple(column.name for column in turns.c)
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(_COLUMNS),
    "status": "streaming",
    "cancel_requested": False,
    "segments": [],
    "saved_text": 0,
    "saved_reasoning": 0,
}
_INSERT = Prepared(insert(turns), _COLUMNS)


class Place(NamedTuple):
    """Where in the tree a turn is: its question and the answer to come."""

    conversation_id: str | None
    user_message_id: str | None
    answer_message_id: str


class Maker(NamedTuple):
    """The process that makes a turn, and its first sign of life."""

    process_id: str
    heartbeat_at: datetime | ColumnElement[datetime]


def insert_turn(
    connection: Connection,
    owner: str,
    maker: Maker,
    *,
    model: str,
    system: str | None,
    place: Place | None = None,
    turn_id: str | None = None,
    **columns: Any,
) -> BegunTurn:
    """Return the turn, saved as begun, with what else `columns` say; without what was said before."""
    where = place._asdict() if place else dict.fromkeys(Place._fields)
    row = turn_values(owner, maker, model=model, turn_id=turn_id, **where, **columns)
    insert_turns(connection, [row])
    return BegunTurn(turn_id=str(row["id"]), model=model, system=system, history=[], **where)


def turn_values(owner: str, maker: Maker, *, model: str, turn_id: str | None = None, **columns: Any) -> dict[str, Any]:
    """Return the row of a turn that has just begun, unless `columns` say otherwise; they say its `Place` too."""
    return {
        **_EMPTY,
        "id": turn_id or new_timed_id(),
        "owner": owner,
        "model": model,
        "process_id": maker.process_id,
        "heartbeat_at": maker.heartbeat_at,
        "created_at": now(),
        **columns,
    }


def insert_turns(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Save turns, all by one maker. Its sign of life may be what the database says that the time is."""
    if all(isinstance(row["heartbeat_at"], datetime) for row in rows):
        _INSERT.run_many(connection, rows)
        return
    for row in rows:
        given = {name: value for name, value in row.items() if name != "heartbeat_at"}
        connection.execute(insert(turns).values(heartbeat_at=row["heartbeat_at"]), given)


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
