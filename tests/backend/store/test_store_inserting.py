"""Rows that are inserted many at a time: the database has them as if they had come one by one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from chatapp.backend.store import Store
from chatapp.backend.store.prepared import insert_rows
from chatapp.backend.store.schema import conversations, messages
from chatapp.protocol.messages import ReasoningPart, TextPart

WHOLE_SECOND = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ELSEWHERE = datetime(2026, 1, 2, 23, 4, 5, 600, timezone(timedelta(hours=-9, minutes=-30)))


def test_rows_are_stored_together_as_they_are_one_by_one(store: Store) -> None:
    person = {"owner": "ada", "pinned": True, "updated_at": ELSEWHERE, "archived_at": None}
    row = {"sequence": 1, "role": "user", "status": "complete", "parent_id": None, "created_at": WHOLE_SECOND}
    said: dict[str, Any] = {
        "content": "half \ud83d and \0",
        "reasoning": "",
        "parts": (TextPart("a"), ReasoningPart("b\ud83d")),
    }
    plain: dict[str, Any] = {"content": "é", "reasoning": "", "parts": None}
    with store.database.write() as connection:
        for name in ("together", "alone"):
            new = [{"id": name, "title": "T\0", "sampling": {"top_p": 1}, "created_at": WHOLE_SECOND, **person}]
            rows = [
                {
                    **row,
                    **texts,
                    "id": f"{name}{number}",
                    "conversation_id": name,
                    "sequence": number,
                    "prompt_tokens": n,
                }
                for number, (texts, n) in enumerate([(said, 2**40), (plain, 5)])
            ]
            if name == "together":
                insert_rows(connection, conversations, new)
                insert_rows(connection, messages, rows)
            else:
                connection.execute(insert(conversations), new)
                connection.execute(insert(messages), rows)
        of_conversations = connection.execute(
            text("SELECT owner, title, pinned, sampling, created_at, updated_at, archived_at FROM conversations")
        ).all()
        columns = "sequence, role, content, reasoning, parts, prompt_tokens, created_at"
        of_messages = connection.execute(text(f"SELECT {columns} FROM messages ORDER BY id")).all()
    assert of_conversations[0] == of_conversations[1]
    assert of_messages[:2] == of_messages[2:]


def test_many_rows_are_stored_in_their_order(sqlite_store: Store) -> None:
    row = {"owner": "ada", "pinned": False, "created_at": WHOLE_SECOND, "updated_at": WHOLE_SECOND}
    counts = (1, 3, 4, 16, 19, 55)  # by one statement each go 16 rows, or 4
    with sqlite_store.database.write() as connection:
        for count in counts:
            insert_rows(
                connection, conversations, [{**row, "id": f"{count} {n}", "title": str(n)} for n in range(count)]
            )
        found = connection.execute(text("SELECT id, title FROM conversations ORDER BY number")).all()
    assert [tuple(row) for row in found] == [(f"{count} {n}", str(n)) for count in counts for n in range(count)]


def test_of_rows_that_cannot_be_stored_none_is(sqlite_store: Store) -> None:
    row = {"owner": "ada", "pinned": False, "created_at": WHOLE_SECOND, "updated_at": WHOLE_SECOND}
    rows = [{**row, "id": str(number % 18)} for number in range(20)]
    with pytest.raises(IntegrityError), sqlite_store.database.write() as connection:
        insert_rows(connection, conversations, rows)
    with sqlite_store.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM conversations")).scalar() == 0
