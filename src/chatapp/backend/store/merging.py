"""Putting a conversation from elsewhere into the store, once, however often it comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from chatapp.backend.store.conversations import insert_conversation
from chatapp.backend.store.identity import now
from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.schema import conversations, messages
from chatapp.backend.store.titles import shorten, title_from

MAX_TITLE_CHARS = 200

_NAMESPACE = UUID("6f0a6b0e-7f0e-4b7c-9d3c-1d6c1b1e5a5d")


@dataclass(frozen=True, slots=True)
class Added:
    """What came of one conversation. `lost` counts messages whose place in the tree could not be found."""

    is_new: bool = False
    messages: int = 0
    lost: int = 0
    is_deleted_here: bool = False


def add(connection: Connection, theirs: ImportedConversation, *, owner: str) -> Added:
    """Save what of `theirs` is not here yet; what somebody has said or changed here since stays."""
    mine = _existing(connection, theirs, owner)
    if mine is not None and mine.deleted_at is not None:
        return Added(is_deleted_here=True)
    conversation_id = mine.id if mine else stable_id(owner, theirs.source, theirs.id)
    known = _known_ids(connection, conversation_id)
    ids = {
        message.id: message.id if message.id in known else stable_id(conversation_id, message.id)
        for message in theirs.messages
    }
    ordered = list(in_order(theirs.messages))
    missing = [message for message in ordered if ids[message.id] not in known]
    if mine is None:
        _insert(connection, theirs, conversation_id, ids, owner)
    elif missing:
        _touch(connection, mine, theirs)
    _insert_messages(connection, theirs, conversation_id, ids, missing)
    return Added(is_new=mine is None, messages=len(missing), lost=len(theirs.messages) - len(ordered))


def stable_id(*names: str) -> str:
    """Return the id that the same names have every time."""
    return uuid5(_NAMESPACE, "\0".join(names)).hex


def in_order(theirs: list[ImportedMessage]) -> Iterator[ImportedMessage]:
    """Return the messages by time, but each after its parent; those that are their own ancestors are left out."""
    ids = {message.id for message in theirs}
    below: dict[str | None, list[tuple[float, int, ImportedMessage]]] = {}
    for number, message in enumerate(theirs):
        parent_id = message.parent_id if message.parent_id in ids else None
        moment_s = message.created_at.timestamp() if message.created_at else 0.0
        below.setdefault(parent_id, []).append((moment_s, number, message))
    ready = below.pop(None, [])
    heapify(ready)
    while ready:
        _, _, message = heappop(ready)
        yield message
        for following in below.pop(message.id, ()):
            heappush(ready, following)


def _existing(connection: Connection, theirs: ImportedConversation, owner: str) -> Row[Any] | None:
    """Return the conversation that `theirs` is already: by the id it got when it came, or its own if it is ours."""
    ids = [stable_id(owner, theirs.source, theirs.id)]
    if theirs.source == "chatapp":
        ids.append(theirs.id)
    is_it = and_(conversations.c.id.in_(ids), conversations.c.owner == owner)
    return connection.execute(select(conversations).where(is_it).limit(1).with_for_update()).one_or_none()


def _known_ids(connection: Connection, conversation_id: str) -> set[str]:
    return set(connection.scalars(select(messages.c.id).where(messages.c.conversation_id == conversation_id)))


def _insert(
    connection: Connection, theirs: ImportedConversation, conversation_id: str, ids: dict[str, str], owner: str
) -> None:
    created_at = theirs.created_at or _last_moment(theirs)
    updated_at = theirs.updated_at or _last_moment(theirs)
    question = next((message.content for message in theirs.messages if message.role == "user"), "")
    last = theirs.messages[-1].id
    insert_conversation(
        connection,
        id=conversation_id,
        owner=owner,
        title=shorten(theirs.title, MAX_TITLE_CHARS) if theirs.title else title_from(question),
        pinned=theirs.is_pinned,
        system=theirs.system,
        model=theirs.model if theirs.source == "chatapp" else None,
        leaf_id=ids[theirs.leaf_id if theirs.leaf_id in ids else last],
        created_at=created_at,
        updated_at=updated_at,
        archived_at=updated_at if theirs.is_archived else None,
    )


def _last_moment(theirs: ImportedConversation) -> datetime:
    return max(filter(None, (message.created_at for message in theirs.messages)), default=now())


def _touch(connection: Connection, mine: Row[Any], theirs: ImportedConversation) -> None:
    """Let a conversation that has grown elsewhere move up the list."""
    updated_at = max(mine.updated_at, theirs.updated_at or _last_moment(theirs))
    connection.execute(update(conversations).where(conversations.c.id == mine.id).values(updated_at=updated_at))


def _insert_messages(
    connection: Connection,
    theirs: ImportedConversation,
    conversation_id: str,
    ids: dict[str, str],
    missing: list[ImportedMessage],
) -> None:
    if not missing:
        return
    last = select(func.coalesce(func.max(messages.c.sequence), 0)).where(messages.c.conversation_id == conversation_id)
    first = (connection.scalar(last) or 0) + 1
    fallback = theirs.created_at or now()
    rows = [
        {
            "id": ids[message.id],
            "conversation_id": conversation_id,
            "parent_id": ids.get(message.parent_id) if message.parent_id else None,
            "sequence": sequence,
            "role": message.role,
            **(columns_of(message.parts) if message.parts else _plain(message)),
            "model": message.model,
            "status": message.status,
            "finish_reason": message.finish_reason,
            "prompt_tokens": message.prompt_tokens,
            "completion_tokens": message.completion_tokens,
            "created_at": message.created_at or fallback,
            "finished_at": message.created_at or fallback,
        }
        for sequence, message in enumerate(missing, first)
    ]
    connection.execute(insert(messages), rows)


def _plain(message: ImportedMessage) -> dict[str, Any]:
    return {"content": message.content, "reasoning": message.reasoning, "parts": None}
