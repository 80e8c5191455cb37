"""Many new conversations at once: SQLite's index takes them together, not row by row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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
