"""Forks: a conversation of its own that begins as another one does, up to a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.conversations import require
from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import new_id, new_timed_id
from chatapp.backend.store.listing import conversation_of, select_conversations
from chatapp.backend.store.new_rows import insert_conversation
from chatapp.backend.store.records import Conversation
from chatapp.backend.store.schema import conversations, messages, turns
from chatapp.backend.store.titles import shorten
from chatapp.backend.store.tree import ancestors, message_in
from chatapp.errors import InvalidRequestError

_MOST_TITLE_CHARS = 200
_NOT_TAKEN_ALONG = {
    "number", "id", "owner", "title", "pinned", "leaf_id", "created_at", "updated_at", "archived_at", "deleted_at",
    "source", "client",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forks:
    """Begins conversations as others begin."""

    database: Database

    def fork(self, conversation_id: str, *, owner: str, up_to: str) -> Conversation:
        """Return a new conversation with the messages from the first one to `up_to`, and how they are answered.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
            InvalidRequestError: the message is an answer that is being made.
        """
        with self.database.write() as connection:
            original = require(connection, conversation_id, owner)
            if message_in(connection, conversation_id, up_to).status == "streaming":
                raise InvalidRequestError("This answer is still being made.", hint="Wait for its end, or stop it.")
            begun = insert_conversation(connection, owner=owner, **_as_in(original))
            up = ancestors(up_to)
            branch = select(messages).join(up, messages.c.id == up.c.id).order_by(messages.c.sequence)
            said = connection.execute(branch).all()
            made = connection.execute(select(turns).where(turns.c.answer_message_id.in_(select(up.c.id)))).all()
            leaf_id = _copy(connection, begun, said=said, made=made)
            is_it = conversations.c.id == begun
            connection.execute(update(conversations).where(is_it).values(leaf_id=leaf_id))
            return conversation_of(connection.execute(select_conversations().where(is_it)).one())


def _as_in(original: Row[Any]) -> dict[str, Any]:
    """Return what a fork has of the conversation that it is of."""
    taken = {name: value for name, value in original._mapping.items() if name not in _NOT_TAKEN_ALONG}
    title = shorten(f"Fork of {original.title}", _MOST_TITLE_CHARS) if original.title else None
    return {**taken, "title": title}


def _copy(connection: Connection, conversation_id: str, *, said: Sequence[Row[Any]], made: Sequence[Row[Any]]) -> str:
    """Copy messages and the turns that made them, and return the id of the last message."""
    ids = {row.id: new_id() for row in said}
    copies = [
        {
            **row._mapping,
            "id": ids[row.id],
            "conversation_id": conversation_id,
            "parent_id": ids.get(row.parent_id),
            "sequence": sequence,
        }
        for sequence, row in enumerate(said, 1)
    ]
    connection.execute(insert(messages), copies)
    note_uses(connection, conversation_id, [part for row in said for part in row.parts or ()])
    if made:
        connection.execute(insert(turns), [_turn(row, ids, conversation_id) for row in made])
    return str(copies[-1]["id"])


def _turn(row: Row[Any], ids: dict[str, str], conversation_id: str) -> dict[str, Any]:
    """Return the copy of a turn. What it took stays on record for the first alone: the ledger goes by its id."""
    own = {"id": new_timed_id(), "conversation_id": conversation_id, "idempotency_key": None, "body_hash": None}
    place = {name: ids.get(getattr(row, name)) for name in ("user_message_id", "answer_message_id")}
    return {**row._mapping, **own, **place}
