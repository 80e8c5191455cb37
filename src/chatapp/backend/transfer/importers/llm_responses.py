"""The tables of `llm` before 0.36: one row for each response, with its prompt."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage, moment

TABLES = {"conversations", "responses"}


def read(log: sqlite3.Connection) -> Iterator[ImportedConversation]:
    """Return each conversation as one line of questions and answers."""
    names = {row["id"]: row["name"] for row in log.execute("SELECT id, name FROM conversations")}
    of: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in log.execute("SELECT * FROM responses ORDER BY datetime_utc, id"):
        of[row["conversation_id"] or row["id"]].append(row)
    for conversation_id, rows in of.items():
        messages = list(_chained(rows))
        yield ImportedConversation(
            source="llm",
            id=conversation_id,
            title=names.get(conversation_id),
            messages=messages,
            leaf_id=messages[-1].id if messages else None,
            system=next((row["system"] for row in rows if row["system"]), None),
            model=rows[-1]["model"],
            created_at=moment(rows[0]["datetime_utc"]),
            updated_at=moment(rows[-1]["datetime_utc"]),
        )


def _chained(rows: list[sqlite3.Row]) -> Iterator[ImportedMessage]:
    """Return a question and an answer for each response, each below the one before."""
    parent_id = None
    for row in rows:
        for message in (_question(row), _answer(row)):
            if message.content:
                yield replace(message, parent_id=parent_id)
                parent_id = message.id


def _question(row: sqlite3.Row) -> ImportedMessage:
    return ImportedMessage(
        id=f"{row['id']}-prompt",
        parent_id=None,
        role="user",
        content=row["prompt"] or "",
        created_at=moment(row["datetime_utc"]),
    )


def _answer(row: sqlite3.Row) -> ImportedMessage:
    return ImportedMessage(
        id=row["id"],
        parent_id=None,
        role="assistant",
        content=row["response"] or "",
        reasoning=_value(row, "reasoning") or "",
        model=_value(row, "resolved_model") or row["model"],
        prompt_tokens=_value(row, "input_tokens"),
        completion_tokens=_value(row, "output_tokens"),
        created_at=moment(row["datetime_utc"]),
    )


def _value(row: sqlite3.Row, column: str) -> Any:
    """Return what newer logs have and older ones do not."""
    return row[column] if column in row.keys() else None  # noqa: SIM118 - a Row iterates over its values
