"""The tree that the messages of a conversation form: up to the first question, down to the newest answer.

A message's sequence is greater than its parent's, so the newest message below another one is always a leaf.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import CTE, Connection, Row, and_, func, insert, literal, or_, select

from chatapp.backend.store.identity import new_id, now
from chatapp.backend.store.parts import parts_of
from chatapp.backend.store.schema import messages
from chatapp.errors import NotFoundError
from chatapp.protocol.messages import Message, Part, ReasoningPart


def insert_message(connection: Connection, *, conversation_id: str, parent_id: str | None, **values: Any) -> str:
    """Return the id of a new message below `parent_id`, last in its conversation, which the caller has locked."""
    last = select(func.coalesce(func.max(messages.c.sequence), 0)).where(messages.c.conversation_id == conversation_id)
    row = {
        "id": new_id(),
        "conversation_id": conversation_id,
        "parent_id": parent_id,
        "sequence": (connection.scalar(last) or 0) + 1,
        "content": "",
        "reasoning": "",
        "created_at": now(),
        **values,
    }
    connection.execute(insert(messages).values(row))
    return str(row["id"])


def message_in(connection: Connection, conversation_id: str, message_id: str) -> Row[Any]:
    """Return the row of one message.

    Raises:
        NotFoundError: the conversation has no such message.
    """
    is_it = (messages.c.id == message_id) & (messages.c.conversation_id == conversation_id)
    row = connection.execute(select(messages).where(is_it)).one_or_none()
    if row is None:
        raise NotFoundError("There is no such message in this conversation.")
    return row


def ancestors(leaf_id: str, *, limit: int | None = None) -> CTE:
    """Return the ids from `leaf_id` up, itself included, at most `limit` of them, as a table with one column `id`."""
    top = select(messages.c.id, messages.c.parent_id, literal(1).label("depth")).where(messages.c.id == leaf_id)
    up = top.cte("up", recursive=True)
    step = select(messages.c.id, messages.c.parent_id, up.c.depth + 1).join(up, messages.c.id == up.c.parent_id)
    return up.union_all(step if limit is None else step.where(up.c.depth < limit))


def newest_leaf(connection: Connection, message_id: str) -> str:
    """Return the id of the newest message below `message_id`, or `message_id` where nothing is."""
    top = select(messages.c.id, messages.c.sequence).where(messages.c.id == message_id)
    down = top.cte("down", recursive=True)
    step = select(messages.c.id, messages.c.sequence).join(down, messages.c.parent_id == down.c.id)
    below = down.union_all(step)
    return str(connection.scalar(select(below.c.id).order_by(below.c.sequence.desc()).limit(1)))


def history(connection: Connection, leaf_id: str) -> list[Message]:
    """Return the branch that ends in `leaf_id`, oldest first, without reasoning, and without what is empty then."""
    up = ancestors(leaf_id)
    columns = select(messages.c.role, messages.c.content, messages.c.parts)
    rows = connection.execute(columns.join(up, messages.c.id == up.c.id).order_by(messages.c.sequence))
    branch = (Message(role, _without_reasoning(parts_of(content, "", parts))) for role, content, parts in rows)
    return [message for message in branch if message.parts]


def _without_reasoning(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(part for part in parts if not isinstance(part, ReasoningPart))


def siblings(
    connection: Connection, conversation_id: str, parent_ids: Iterable[str | None]
) -> dict[str | None, tuple[str, ...]]:
    """Return the ids below each parent, oldest first; the parent of first messages is None."""
    parents = set(parent_ids)
    is_first = and_(messages.c.parent_id.is_(None), literal(None in parents))
    is_below = or_(messages.c.parent_id.in_(parents - {None}), is_first)
    query = select(messages.c.parent_id, messages.c.id).where(messages.c.conversation_id == conversation_id, is_below)
    below = defaultdict(list)
    for parent_id, message_id in connection.execute(query.order_by(messages.c.sequence)):
        below[parent_id].append(message_id)
    return {parent_id: tuple(ids) for parent_id, ids in below.items()}
