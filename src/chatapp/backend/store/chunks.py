"""The text of an answer in the making. Each save appends what is new: to write all of it each time costs its square."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from chatapp.backend.store.prepared import Prepared, insert_rows
from chatapp.backend.store.schema import chunks, turns
from chatapp.backend.store.turn_rows import TurnRow

_DROP = Prepared(delete(chunks).where(chunks.c.turn_id == bindparam("turn_id")))


def append_chunk(
    connection: Connection,
    turn: TurnRow,
    *,
    text: str,
    reasoning: str,
    behind: tuple[int, int] = (0, 0),
    is_recast: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Save what `text` and `reasoning` have beyond what was saved before, and what else `changes` of the turn.

    They are what lies `behind` so many characters of each, which were saved: perhaps more was, by a save that seemed to
    fail. `is_recast`: they do not go on where they were, and what was saved before is dropped.
    """
    text_begin, reasoning_begin = behind
    saved = dict(changes or {})
    if is_recast:
        drop_chunks(connection, turn.id)
        new_text, new_reasoning = text, reasoning
    else:
        new_text, new_reasoning = (
            text[max(0, turn.saved_text - text_begin) :],
            reasoning[max(0, turn.saved_reasoning - reasoning_begin) :],
        )
    if new_text or new_reasoning:
        position = 1 + (0 if is_recast else turn.saved_text + turn.saved_reasoning)  # each chunk adds to these
        row = {"turn_id": turn.id, "position": position, "text": new_text, "reasoning": new_reasoning}
        insert_rows(connection, chunks, [row])
        saved |= {"saved_text": text_begin + len(text), "saved_reasoning": reasoning_begin + len(reasoning)}
    if saved:
        _updating(tuple(saved)).run(connection, {"its_id": turn.id, **saved})


def saved_chunks(connection: Connection, turn_id: str) -> tuple[str, str]:
    """Return the text and the reasoning saved so far."""
    query = select(chunks.c.text, chunks.c.reasoning).where(chunks.c.turn_id == turn_id).order_by(chunks.c.position)
    rows = connection.execute(query).all()
    return "".join(row.text for row in rows), "".join(row.reasoning for row in rows)


def drop_chunks(connection: Connection, turn_id: str) -> None:
    """Forget the chunks, once the whole is somewhere else."""
    _DROP.run(connection, {"turn_id": turn_id})


@cache
def _updating(columns: tuple[str, ...]) -> Prepared:
    return Prepared(update(turns).where(turns.c.id == bindparam("its_id")), columns)
