"""Rows that are inserted many at a time: the database has them as if they had come one by one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import insert, text

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
