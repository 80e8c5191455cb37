"""The text of an answer in the making. Each save appends what is new: to write all of it each time costs its square."""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from chatapp.backend.store.schema import chunks, turns


def append_chunk(
    connection: Connection,
    turn: Row[Any],
    *,
    text: str,
    reasoning: str,
    behind: tuple[int, int] = (0, 0),
    is_recast: bool = False,
) -> None:
    """Save what `text` and `reasoning` have beyond what was saved before.

    They are what lies `behind` so many characters of each, which were saved: perhaps more was, by a save that seemed to
    fail. `is_recast`: they do not go on where they were, and what was saved before is dropped.
    """
    text_begin, reasoning_begin = behind
    if is_recast:
        drop_chunks(connection, turn.id)
        new_text, new_reasoning = text, reasoning
    else:
        new_text, new_reasoning = (
            text[max(0, turn.saved_text - text_begin) :],
            reasoning[max(0, turn.saved_reasoning - reasoning_begin) :],
        )
    if not new_text and not new_reasoning:
        return
    last = select(func.coalesce(func.max(chunks.c.position), 0)).where(chunks.c.turn_id == turn.id)
    position = (connection.scalar(last) or 0) + 1
    connection.execute(
        insert(chunks).values(turn_id=turn.id, position=position, text=new_text, reasoning=new_reasoning)
    )
    saved = {"saved_text": text_begin + len(text), "saved_reasoning": reasoning_begin + len(reasoning)}
    connection.execute(update(turns).where(turns.c.id == turn.id).values(saved))


def saved_chunks(connection: Connection, turn_id: str) -> tuple[str, str]:
    """Return the text and the reasoning saved so far."""
    query = select(chunks.c.text, chunks.c.reasoning).where(chunks.c.turn_id == turn_id).order_by(chunks.c.position)
    rows = connection.execute(query).all()
    return "".join(row.text for row in rows), "".join(row.reasoning for row in rows)


def drop_chunks(connection: Connection, turn_id: str) -> None:
    """Forget the chunks, once the whole is somewhere else."""
    connection.execute(delete(chunks).where(chunks.c.turn_id == turn_id))
