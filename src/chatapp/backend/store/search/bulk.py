"""Many new conversations at once: SQLite's index takes them together, not row by row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, text

from chatapp.backend.store.prepared import Prepared

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

_NEW_ROWS = Prepared(
    text(
        """
    INSERT INTO search (rowid, body)
    SELECT number << 20, coalesce(title, '') FROM conversations WHERE id IN (SELECT value FROM json_each(:begun))
    UNION ALL
    SELECT (number << 20) + sequence, content FROM messages JOIN conversations ON conversations.id = conversation_id
    WHERE messages.id IN (SELECT value FROM json_each(:said))
    ORDER BY 1
    """
    )
)
"""The same for rows by their ids; a list of any length is one text."""

_PAUSE, _GO_ON = Prepared(text("INSERT INTO search_pause DEFAULT VALUES")), Prepared(text("DELETE FROM search_pause"))

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
    _PAUSE.run(connection, {})
    yield
    rows = {"begun": conversations, "said": messages}
    _NEW_ROWS.run(connection, {name: json.dumps([row["id"] for row in of_one]) for name, of_one in rows.items()})
    _GO_ON.run(connection, {})


@contextmanager
def indexed_together(connection: Connection, conversation_ids: Sequence[str]) -> Iterator[None]:
    """Index the conversations that are inserted in the block, with their messages, when it ends.

    A trigger does it row by row, and FTS5 writes down what it has at the begin of each statement (`xSavepoint`): that
    takes three times as long as all else about the row. PostgreSQL makes its columns by itself.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    _PAUSE.run(connection, {})
    yield
    connection.execute(_ROWS, {"ids": conversation_ids})
    _GO_ON.run(connection, {})
