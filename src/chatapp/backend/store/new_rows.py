"""New rows of conversations, of messages in them, and of turns."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select

from chatapp.backend.store.identity import new_id, new_timed_id, now
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.records import BegunTurn
from chatapp.backend.store.schema import conversations, messages, turns

_OF_CONVERSATION = tuple(column.name for column in conversations.c if column.name != "number")
_EMPTY_CONVERSATION = dict.fromkeys(_OF_CONVERSATION)
_INSERT_CONVERSATION = Prepared(insert(conversations), _OF_CONVERSATION)
_NEWEST = Prepared(select(func.max(conversations.c.updated_at)).where(conversations.c.owner == bindparam("owner")))

_OF_MESSAGE = tuple(column.name for column in messages.c if column.name not in {"summary", "summarised"})
_EMPTY_MESSAGE = {**dict.fromkeys(_OF_MESSAGE), "content": "", "reasoning": ""}
_INSERT_MESSAGE = Prepared(insert(messages), _OF_MESSAGE)
_LAST = Prepared(
    select(func.max(messages.c.sequence)).where(messages.c.conversation_id == bindparam("conversation_id"))
)

_OF_TURN = tuple(column.name for column in turns.c)
_EMPTY_TURN: dict[str, Any] = {
    **dict.fromkeys(_OF_TURN),
    "status": "streaming",
    "cancel_requested": False,
    "segments": [],
    "saved_text": 0,
    "saved_reasoning": 0,
}
_INSERT_TURN = Prepared(insert(turns), _OF_TURN)


def insert_conversation(connection: Connection, *, owner: str, **values: Any) -> str:
    """Return the id of a new row; what `values` do not name is empty, and new now."""
    row = conversation_row(owner=owner, updated_at=moment_at_the_top(connection, owner), **values)
    insert_conversations(connection, [row])
    return str(row["id"])


def conversation_row(*, owner: str, updated_at: datetime, **values: Any) -> dict[str, Any]:
    """Return a new row; what `values` do not name is empty, and new now."""
    begun = {"id": new_id(), "owner": owner, "pinned": False, "created_at": now(), "updated_at": updated_at}
    return {**_EMPTY_CONVERSATION, **begun, **values}


def insert_conversations(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Save new rows, all of whose columns are named."""
    _INSERT_CONVERSATION.run_many(connection, rows)


def moment_at_the_top(connection: Connection, owner: str) -> datetime:
    """Return when `owner` talks, which is now: but always later than ever before, or a clock that was set back would
    hide what is new behind what is old.
    """
    moment = now()
    (newest,) = _NEWEST.first(connection, {"owner": owner}) or (None,)
    return moment if newest is None or newest < moment else newest + timedelta(microseconds=1)


def insert_messages(
    connection: Connection,
    conversation_id: str,
    parent_id: str | None,
    said: Iterable[Mapping[str, Any]],
    *,
    is_new: bool,
) -> list[str]:
    """Return the ids of new messages, one below the other and the first below `parent_id`, last in their conversation.

    The caller has locked that, or has just made it: then it `is_new`.
    """
    (last,) = (0,) if is_new else _LAST.first(connection, {"conversation_id": conversation_id}) or (0,)
    rows = message_rows(conversation_id, parent_id, said, first=(last or 0) + 1)
    save_messages(connection, rows)
    return [row["id"] for row in rows]


def message_rows(
    conversation_id: str, parent_id: str | None, said: Iterable[Mapping[str, Any]], *, first: int
) -> list[dict[str, Any]]:
    """Return the rows of new messages, one below the other, which are numbered from `first` on."""
    moment, rows = now(), list[dict[str, Any]]()
    for sequence, values in enumerate(said, first):
        place = {"conversation_id": conversation_id, "parent_id": parent_id, "sequence": sequence}
        parent_id = values.get("id") or new_timed_id()
        rows.append({**_EMPTY_MESSAGE, "created_at": moment, **place, **values, "id": parent_id})
    return rows


def save_messages(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Save the rows of new messages, parents first."""
    _INSERT_MESSAGE.run_many(connection, rows)


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
        **_EMPTY_TURN,
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
        _INSERT_TURN.run_many(connection, rows)
        return
    for row in rows:
        given = {name: value for name, value in row.items() if name != "heartbeat_at"}
        connection.execute(insert(turns).values(heartbeat_at=row["heartbeat_at"]), given)
