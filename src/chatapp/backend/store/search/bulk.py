"""Many new conversations at once: SQLite's index takes them together, not row by row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, text

_ROWS = text(
    """
    INSERT INTO search (rowid, body)
    SELECT number << 20, coalesce(title, '') FROM conversations WHERE id IN :ids
    UNION ALL
    SELECT (number << 20) + sequence, content FROM messages JOIN conversations ON conversations.id = conversation_id
    WHERE conversation_id IN :ids
    ORDER BY 1
    """
).bindparams(bindparam("ids", expanding=True))
"""In the order of the index, which begins a new part of itself where a number is smaller than the last."""

_NEW_ROWS = """
    INSERT INTO search (rowid, body)
    SELECT number << 20, coalesce(title, '') FROM conversations WHERE id IN (SELECT value FROM json_each(?))
    UNION ALL
    SELECT (number << 20) + sequence, content FROM messages JOIN conversations ON conversations.id = conversation_id
    WHERE messages.id IN (SELECT value FROM json_each(?))
    ORDER BY 1
"""
"""The same for rows by their ids; a list of any length is one text."""

_SEVERAL = 8
"""From how many messages on that takes less than the triggers do."""


@contextmanager
def indexed_when_saved(
    connection: Connection, conversations: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> Iterator[None]:
    """Index these rows, which the block inserts, when it ends; as `indexed_together` does whole conversations."""
    if connection.dialect.name != "sqlite" or len(messages) < _SEVERAL:
        yield
        return
    connection.exec_driver_sql("INSERT INTO search_pause DEFAULT VALUES")
    yield
    ids = tuple(json.dumps([row["id"] for row in rows]) for rows in (conversations, messages))
    connection.exec_driver_sql(_NEW_ROWS, ids)
    connection.exec_driver_sql("DELETE FROM search_pause")


@contextmanager
def indexed_together(connection: Connection, conversation_ids: Sequence[str]) -> Iterator[None]:
    """Index the conversations that are inserted in the block, with their messages, when it ends.

    A trigger does it row by row, and FTS5 writes down what it has at the begin of each statement (`xSavepoint`): that
    takes three times as long as all else about the row. PostgreSQL makes its columns by itself.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("INSERT INTO search_pause DEFAULT VALUES")
    yield
    connection.execute(_ROWS, {"ids": conversation_ids})
    connection.exec_driver_sql("DELETE FROM search_pause")
