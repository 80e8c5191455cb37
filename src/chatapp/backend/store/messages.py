"""The messages of a conversation, branch by branch, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, bindparam, select

from chatapp.backend.store.chunks import saved_chunks
from chatapp.backend.store.conversations import require
from chatapp.backend.store.database import Database
from chatapp.backend.store.parts import notices_in, parts_of
from chatapp.backend.store.records import Page, StoredMessage
from chatapp.backend.store.schema import messages, turns
from chatapp.backend.store.tree import ancestors, message_in, newest_leaf, siblings
from chatapp.protocol.events import Usage


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of every conversation."""

    database: Database

    def page(
        self, conversation_id: str, *, owner: str, branch: str | None = None, before: str | None = None, limit: int = 50
    ) -> Page[StoredMessage]:
        """Return the last messages of a branch, oldest first; `next` is the `before` of the page with earlier ones.

        `branch` is a message: the branch goes through it, down to the newest message below. None is the branch on show.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
        """
        with self.database.read() as connection:
            conversation = require(connection, conversation_id, owner)
            if before is not None:
                end = message_in(connection, conversation_id, before).parent_id
            else:
                end = _end(connection, conversation, branch)
            return _page(connection, conversation_id, end, limit) if end else Page([], next=None)

    def whole_branch(self, conversation_id: str, *, owner: str, branch: str | None = None) -> list[StoredMessage]:
        """Return every message of a branch, oldest first; `branch` as in `page`.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
        """
        with self.database.read() as connection:
            end = _end(connection, require(connection, conversation_id, owner), branch)
            return _page(connection, conversation_id, end, limit=None).items if end else []

    def all(self, conversation_id: str, *, owner: str) -> list[StoredMessage]:
        """Return every message of every branch in the order they were made: each one after its parent.

        Raises:
            NotFoundError: no such conversation.
        """
        with self.database.read() as connection:
            require(connection, conversation_id, owner)
            query = _selected().where(messages.c.conversation_id == conversation_id).order_by(messages.c.sequence)
            return _records(connection, conversation_id, connection.execute(query).all())


def _end(connection: Connection, conversation: Row[Any], branch: str | None) -> str | None:
    if branch is not None:
        return newest_leaf(connection, message_in(connection, conversation.id, branch).id)
    return str(conversation.leaf_id) if conversation.leaf_id else None


def _page(connection: Connection, conversation_id: str, end: str, limit: int | None) -> Page[StoredMessage]:
    rows = connection.execute(_selected_branch(is_whole=limit is None), {"leaf_id": end, "limit": limit}).all()
    items = _records(connection, conversation_id, rows)
    return Page(items, next=items[0].id if items[0].parent_id else None)


@cache
def _selected_branch(*, is_whole: bool) -> Select[Any]:
    """Return the query for the branch that ends in `leaf_id`, of which the last `limit` unless it `is_whole`."""
    up = ancestors(bindparam("leaf_id"), limit=None if is_whole else bindparam("limit", type_=Integer))
    return _selected().join(up, messages.c.id == up.c.id).order_by(messages.c.sequence)


@cache
def _selected() -> Select[Any]:
    told = (turns.c.error, turns.c.usage, turns.c.usage_details, turns.c.latency_ms, turns.c.segments)
    return select(messages, turns.c.id.label("turn_id"), *told).outerjoin(
        turns, turns.c.answer_message_id == messages.c.id
    )


def _records(connection: Connection, conversation_id: str, rows: Sequence[Row[Any]]) -> list[StoredMessage]:
    below = siblings(connection, conversation_id, (row.parent_id for row in rows))
    return [_record(connection, row, below[row.parent_id]) for row in rows]


def _record(connection: Connection, row: Row[Any], alternatives: tuple[str, ...]) -> StoredMessage:
    values = dict(row._mapping)
    values["siblings"] = alternatives
    values["usage"] = row.usage or _usage(values.pop("prompt_tokens"), values.pop("completion_tokens"))
    if row.status == "streaming" and row.turn_id:
        values["content"], values["reasoning"] = saved_chunks(connection, row.turn_id)
    values["parts"] = parts_of(values["content"], values["reasoning"], row.parts)
    values["notices"] = notices_in(row.segments or [])
    return StoredMessage(**{name: values[name] for name in StoredMessage.__dataclass_fields__})


def _usage(prompt_tokens: int | None, completion_tokens: int | None) -> Usage | None:
    if prompt_tokens is None or completion_tokens is None:
        return None
    total = prompt_tokens + completion_tokens
    return Usage(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, total_tokens=total)
