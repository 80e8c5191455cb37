"""The tree that the messages of a conversation form: up to the first question, down to the newest answer.

A message's sequence is greater than its parent's, so the newest message below another one is always a leaf.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CTE, BindParameter, Boolean, Connection, Row, Select, and_, bindparam, literal, or_, select

from chatapp.backend.store.parts import parts_of
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.records import Branch
from chatapp.backend.store.schema import messages
from chatapp.errors import NotFoundError
from chatapp.protocol.messages import CitationPart, Message, Part, ReasoningPart, Role, TurnStatus


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


def ancestors(leaf_id: str | BindParameter[str], *, limit: int | BindParameter[int] | None = None) -> CTE:
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


class Said(NamedTuple):
    """A message as far as models read it, and what stands for it there."""

    id: str
    role: Role
    content: str
    parts: tuple[Part, ...] | None
    status: TurnStatus
    summary: str | None
    summarised: int | None


def history(connection: Connection, leaf_id: str | None) -> Branch:
    """Return the branch that ends in `leaf_id`, without reasoning, and without what is empty then.

    It begins behind the last summary. None is the end of a branch in which nothing was said yet.
    """
    if leaf_id is None:
        return Branch([])
    branch = branch_above(connection, leaf_id)
    last = last_summary(branch)
    messages_behind = as_read(branch[last + 1 :])
    if last < 0:
        return Branch(messages_behind)
    return Branch(messages_behind, branch[last].summary, branch[last].summarised or last + 1)


def last_summary(branch: Sequence[Said]) -> int:
    """Return the place of the last message that a summary stands beside, -1 where there is none."""
    return next((place for place in reversed(range(len(branch))) if branch[place].summary), -1)


def branch_above(connection: Connection, leaf_id: str) -> list[Said]:
    """Return the messages of the branch that ends in `leaf_id`, oldest first."""
    return list(map(Said._make, _branch_above().rows(connection, {"leaf_id": leaf_id})))


def as_read(branch: Iterable[Said]) -> list[Message]:
    """Return messages as models read them: without reasoning, and without those that are empty then."""
    said = (Message(one.role, _without_reasoning(parts_of(one.content, "", one.parts))) for one in branch)
    return [message for message in said if message.parts]


@cache
def _branch_above() -> Prepared:
    up = ancestors(bindparam("leaf_id"))
    columns = select(*(messages.c[name] for name in Said._fields))
    return Prepared(columns.join(up, messages.c.id == up.c.id).order_by(messages.c.sequence))


def _without_reasoning(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return tuple(part for part in parts if not isinstance(part, ReasoningPart | CitationPart))


def siblings(
    connection: Connection, conversation_id: str, parent_ids: Iterable[str | None]
) -> dict[str | None, tuple[str, ...]]:
    """Return the ids below each parent, oldest first; the parent of first messages is None."""
    parents = set(parent_ids)
    wanted = {"conversation_id": conversation_id, "parents": list(parents - {None}), "wants_first": None in parents}
    below = defaultdict(list)
    for parent_id, message_id in connection.execute(_below(), wanted):
        below[parent_id].append(message_id)
    return {parent_id: tuple(ids) for parent_id, ids in below.items()}


@cache
def _below() -> Select[Any]:
    is_first = and_(messages.c.parent_id.is_(None), bindparam("wants_first", type_=Boolean))
    is_below = or_(messages.c.parent_id.in_(bindparam("parents", expanding=True)), is_first)
    is_here = messages.c.conversation_id == bindparam("conversation_id")
    return select(messages.c.parent_id, messages.c.id).where(is_here, is_below).order_by(messages.c.sequence)
