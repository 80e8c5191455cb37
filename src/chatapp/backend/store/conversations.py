"""Conversations: created, listed, changed, deleted and restored.

Every transaction that writes to more than one table does so in one order, or PostgreSQL would find two of them waiting
for each other: a turn, its chunks, its messages, its conversation. A conversation that is locked first only gets new
rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, select, tuple_, update

from chatapp.backend.store.cursors import decode_cursor, encode_cursor, moment_in
from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import now
from chatapp.backend.store.listing import (
    NO_PROJECT,
    ConversationState,
    conversation_of,
    is_in,
    is_of,
    select_conversations,
    select_listed,
)
from chatapp.backend.store.new_rows import insert_conversation
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.projects import require_project
from chatapp.backend.store.records import Conversation, Page
from chatapp.backend.store.removal import KEPT_AFTER_DELETION, locked_turns, remove_conversation, stop_answers
from chatapp.backend.store.schema import conversations, messages
from chatapp.errors import InvalidRequestError, NotFoundError

_AT_ONCE = 100

_UPDATE = update(conversations).where(conversations.c.id == bindparam("its_id"))
ASK_IN = Prepared(_UPDATE, ("updated_at", "title", "leaf_id"))
GO_ON = Prepared(_UPDATE, ("updated_at", "leaf_id", "archived_at"))
MOVE_UP = Prepared(_UPDATE, ("updated_at",))

_ORDER = (conversations.c.pinned, conversations.c.updated_at, conversations.c.id)
_NEWEST_FIRST = tuple(column.desc() for column in _ORDER)


class Changes(TypedDict, total=False):
    """What of a conversation can be changed; what is not named stays."""

    title: str | None
    pinned: bool
    archived: bool
    system: str | None
    model: str | None
    sampling: dict[str, Any] | None
    leaf_id: str | None
    project_id: str | None


@dataclass(frozen=True, slots=True)
class Conversations:
    """The conversations of every owner; those of others do not exist for a caller."""

    database: Database

    def create(self, *, owner: str, **values: Unpack[Changes]) -> Conversation:
        """Return a new, empty conversation.

        Raises:
            NotFoundError: no such project.
        """
        with self.database.write() as connection:
            require_project(connection, values.get("project_id"), owner)
            conversation_id = insert_conversation(connection, owner=owner, **values)
            return _one(connection, conversation_id, owner)

    def get(self, conversation_id: str, *, owner: str) -> Conversation:
        """Return the conversation, also an archived one.

        Raises:
            NotFoundError: there is none, it is deleted, or it belongs to another owner.
        """
        with self.database.read() as connection:
            return _one(connection, conversation_id, owner)

    def page(
        self,
        *,
        owner: str,
        state: ConversationState = "active",
        project: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Conversation]:
        """Return the conversations in one state, pinned ones first, then the one last talked in, without `system`.

        With `project` those of it, or with `NO_PROJECT` those of none.

        Raises:
            InvalidRequestError: the cursor is none of ours.
            NotFoundError: no such project.
        """
        query = select_listed().where(conversations.c.owner == owner, is_in(state))
        if project is not None:
            query = query.where(is_of(project))
        if cursor is not None:
            query = query.where(tuple_(*_ORDER) < _after(cursor))
        query = query.order_by(*_NEWEST_FIRST).limit(limit + 1)
        with self.database.read() as connection:
            if project not in {None, NO_PROJECT}:
                require_project(connection, project, owner)
            rows = connection.execute(query).all()
        items = [conversation_of(row) for row in rows[:limit]]
        return Page(items, next=_cursor(items[-1]) if len(rows) > limit else None)

    def each(self, *, owner: str) -> Iterator[Conversation]:
        """Return all that are not deleted in the order in which they came here, some of them read at a time.

        Those that come while they are read are left out: who reads slower than others write would never end.
        """
        columns, last = conversations.c, 0
        with self.database.read() as connection:
            newest = connection.scalar(select(func.max(columns.number)).where(columns.owner == owner)) or 0
        query = select_conversations().where(columns.owner == owner, columns.deleted_at.is_(None))
        while True:
            following = query.where(columns.number > last, columns.number <= newest)
            with self.database.read() as connection:
                rows = connection.execute(following.order_by(columns.number).limit(_AT_ONCE)).all()
            yield from map(conversation_of, rows)
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1].number

    def change(self, conversation_id: str, *, owner: str, **changes: Unpack[Changes]) -> Conversation:
        """Return the conversation after the changes. Its place in the list changes by pinning only.

        Raises:
            NotFoundError: no such conversation, or no such project.
            InvalidRequestError: `leaf_id` is not a message of this conversation.
        """
        with self.database.write() as connection:
            locked(connection, conversation_id, owner)
            values = _values(connection, conversation_id, owner, changes)
            if values:
                connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(values))
            return _one(connection, conversation_id, owner)

    def delete(self, conversation_id: str, *, owner: str) -> None:
        """Delete the conversation; it can be restored for 30 days. Answers that are being made are stopped.

        Raises:
            NotFoundError: no such conversation.
        """
        with self.database.write() as connection:
            require(connection, conversation_id, owner)
            is_it = conversations.c.id == conversation_id
            stop_answers(connection, is_it)
            connection.execute(update(conversations).where(is_it).values(deleted_at=now()))

    def restore(self, conversation_id: str, *, owner: str) -> Conversation:
        """Return the conversation, no longer deleted; one that was not stays as it is.

        Raises:
            NotFoundError: no such conversation, or it is gone for good.
        """
        with self.database.write() as connection:
            is_it = and_(conversations.c.id == conversation_id, conversations.c.owner == owner)
            connection.execute(update(conversations).where(is_it).values(deleted_at=None))
            return _one(connection, conversation_id, owner)

    def purge(self, conversation_id: str, *, owner: str) -> None:
        """Remove the conversation for good, deleted before or not.

        Raises:
            NotFoundError: no such conversation.
        """
        with self.database.write() as connection:
            is_it = and_(conversations.c.id == conversation_id, conversations.c.owner == owner)
            if connection.scalar(select(conversations.c.id).where(is_it)) is None:
                raise not_found()
            remove_conversation(connection, conversation_id)

    def purge_expired(self, *, kept: timedelta = KEPT_AFTER_DELETION, as_of: datetime | None = None) -> int:
        """Remove for good what was deleted longer than `kept` before `as_of`, which is now; return how many."""
        is_expired = conversations.c.deleted_at < (as_of or now()) - kept
        with self.database.read() as connection:
            expired = connection.scalars(select(conversations.c.id).where(is_expired)).all()
        return sum(self._purge_if(conversation_id, is_expired) for conversation_id in expired)

    def _purge_if(self, conversation_id: str, is_expired: ColumnElement[bool]) -> bool:
        """Remove a conversation unless it was restored since it was looked for, and return whether it is removed."""
        with self.database.write() as connection:
            locked_turns(connection, conversation_id)
            still = select(conversations.c.id).where(conversations.c.id == conversation_id, is_expired)
            if connection.scalar(still.with_for_update()) is None:
                return False
            remove_conversation(connection, conversation_id)
        return True


def locked(connection: Connection, conversation_id: str, owner: str) -> Row[Any]:
    """Return the row of a conversation that is not deleted; until the transaction ends no other writes to it.

    Raises:
        NotFoundError: no such conversation.
    """
    return _found(
        connection, select(conversations).where(_is_there(conversation_id, owner)).with_for_update(key_share=True)
    )


def require(connection: Connection, conversation_id: str, owner: str) -> Row[Any]:
    """Return the row of a conversation that is not deleted.

    Raises:
        NotFoundError: no such conversation.
    """
    return _found(connection, select(conversations).where(_is_there(conversation_id, owner)))


def _found(connection: Connection, query: Select[Any]) -> Row[Any]:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise not_found()
    return row


def not_found() -> NotFoundError:
    """Return the error about a conversation that is not there for this caller."""
    return NotFoundError("There is no such conversation.")


def _is_there(conversation_id: str, owner: str) -> ColumnElement[bool]:
    columns = conversations.c
    return and_(columns.id == conversation_id, columns.owner == owner, columns.deleted_at.is_(None))


def _one(connection: Connection, conversation_id: str, owner: str) -> Conversation:
    return conversation_of(_found(connection, select_conversations().where(_is_there(conversation_id, owner))))


def _cursor(last: Conversation) -> str:
    return encode_cursor(last.pinned, last.updated_at.isoformat(), last.id)


def _after(cursor: str) -> Any:
    pinned, updated_at, conversation_id = decode_cursor(cursor, bool, str, str)
    return tuple_(pinned, moment_in(updated_at), conversation_id, types=[column.type for column in _ORDER])


def _values(connection: Connection, conversation_id: str, owner: str, changes: Changes) -> dict[str, Any]:
    values: dict[str, Any] = dict(changes)
    require_project(connection, values.get("project_id"), owner)
    if "archived" in values:
        values["archived_at"] = now() if values.pop("archived") else None
    leaf_id = values.get("leaf_id")
    if leaf_id is not None:
        is_it = and_(messages.c.id == leaf_id, messages.c.conversation_id == conversation_id)
        if connection.scalar(select(messages.c.id).where(is_it)) is None:
            raise InvalidRequestError("leaf_id is not a message of this conversation.")
    return values
