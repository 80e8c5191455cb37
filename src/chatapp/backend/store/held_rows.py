"""What is new in conversations that their clients hold: gathered, and saved with one statement a table.

A statement for each row took twice as long: SQLite's driver lets other threads go on at each, and waits for its turn
again; and the search index writes down what it has.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.conversations import GO_ON
from chatapp.backend.store.identity import new_id, now
from chatapp.backend.store.new_rows import (
    conversation_row,
    insert_conversations,
    insert_turns,
    message_rows,
    moment_at_the_top,
    save_messages,
)
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.schema import message_hashes
from chatapp.backend.store.search.index import indexed_when_saved
from chatapp.backend.store.titles import title_from
from chatapp.protocol.messages import Part
from chatapp.protocol.question import Question

Row = dict[str, Any]

_INSERT_HASHES = Prepared(insert(message_hashes), ("message_id", "owner", "hash", "is_answered"))
_FORGET = Prepared(
    delete(message_hashes).where(
        message_hashes.c.message_id == bindparam("question_id"), message_hashes.c.is_answered.is_(False)
    )
)
_A_MOMENT = timedelta(microseconds=1)


class HeldRows:
    """Rows that `save` writes. `touch` tells whether they change what was found before the first was added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tops: dict[str, datetime] = {}
        self._begin_of_ids = new_id()[:4]
        self._ids, self._digests = set[str](), set[str]()
        self._clear()

    def _clear(self) -> None:
        self._conversations, self._gone_on = list[Row](), list[Row]()
        self._messages, self._uses = list[Row](), list[tuple[str, list[Part]]]()
        self._forgotten, self._hashes, self._turns = list[Row](), list[Row](), list[Row]()

    def new_conversation_id(self) -> str:
        """Return an id that begins as the others do that are made here, so that they lie together in three indexes.

        With ids by chance alone, each of 16 conversations that are saved together changed pages of its own: 140 pages
        in all, and 90 so.
        """
        return self._begin_of_ids + new_id()[4:]

    def touch(self, digests: Iterable[str], conversation_ids: Iterable[str]) -> bool:
        """Return whether anything that was ever added is in these conversations, or is found by one of `digests`."""
        return not (self._digests.isdisjoint(digests) and self._ids.isdisjoint(conversation_ids))

    def begin(self, conversation_id: str, question: Question, said: Sequence[Row]) -> None:
        """Add the conversation of `said`, whose last message has its id.

        It is called after the last question: clients put examples before it.
        """
        asked = next((row["content"] for row in reversed(said) if row["role"] == "user"), "")
        row = conversation_row(
            id=conversation_id,
            owner=question.owner,
            updated_at=self._top(question.owner),
            system=question.system,
            model=question.model,
            title=title_from(asked),
            source=question.surface,
            client=question.client,
            leaf_id=said[-1]["id"],
        )
        self._conversations.append(row)

    def go_on(self, conversation_id: str, question: Question, leaf_id: str) -> None:
        """Let a conversation be talked in, and end in `leaf_id`."""
        changes = {"updated_at": self._top(question.owner), "leaf_id": leaf_id, "archived_at": None}
        self._gone_on.append({"its_id": conversation_id, **changes})

    def _top(self, owner: str) -> datetime:
        """Return what `moment_at_the_top` does, which knows nothing of the rows here."""
        last = self._tops.get(owner)
        top = moment_at_the_top(self._connection, owner) if last is None else max(now(), last + _A_MOMENT)
        self._tops[owner] = top
        return top

    def add_messages(
        self,
        conversation_id: str,
        parent_id: str | None,
        said: Iterable[Mapping[str, Any]],
        *,
        first: int,
        parts: list[Part],
    ) -> list[str]:
        """Add new messages, as `message_rows` makes them, and the files among their `parts`; return their ids."""
        rows = message_rows(conversation_id, parent_id, said, first=first)
        self._ids.add(conversation_id)
        self._messages += rows
        self._uses.append((conversation_id, parts))
        return [row["id"] for row in rows]

    def add_hashes(self, owner: str, hashes: Iterable[tuple[str, str]], *, is_answered: bool) -> None:
        """Add the hash of each message by its id. `is_answered`: an answer of ours is among what it stands for."""
        for message_id, digest in hashes:
            row = {"message_id": message_id, "owner": owner, "hash": digest, "is_answered": is_answered}
            self._hashes.append(row)
            self._digests.add(digest)

    def forget(self, question_id: str | None) -> None:
        """Let a question that is answered now not be found by itself any more.

        Asked thousands of times, it would be looked at as often with each.
        """
        self._forgotten.append({"question_id": question_id})

    def add_turn(self, row: Row) -> None:
        """Add a turn."""
        self._turns.append(row)

    def save(self) -> None:
        """Write what is here, and begin anew."""
        connection = self._connection
        if self._messages:
            self._save_messages()
        for conversation_id, parts in self._uses:
            note_uses(connection, conversation_id, parts)
        if self._forgotten:
            _FORGET.run_many(connection, self._forgotten)
        if self._hashes:
            _INSERT_HASHES.run_many(connection, self._hashes)
        if self._turns:
            insert_turns(connection, self._turns)
        self._clear()

    def _save_messages(self) -> None:
        with indexed_when_saved(self._connection, self._conversations, self._messages):
            if self._conversations:
                insert_conversations(self._connection, self._conversations)
            if self._gone_on:
                GO_ON.run_many(self._connection, self._gone_on)
            save_messages(self._connection, self._messages)
