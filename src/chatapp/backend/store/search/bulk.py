"""Many new conversations at once: SQLite's index takes them together, not row by row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, text

from chatapp.backend.store.prepared import Prepared

_ROWS = """
    INSERT INTO search (rowid, body)
    SELECT number << 20, coalesce(title, '') FROM conversations WHERE id IN (SELECT value FROM json_each(:begun))
    UNION ALL
    SELECT (number << 20) + sequence, content FROM messages JOIN conversations ON conversations.id = conversation_id
    WHERE %s IN (SELECT value FROM json_each(:said))
    ORDER BY 1
"""
"""In the order of the index, which begins a new part of itself where a number is smaller than the last; ids as JSON."""

_BY_MESSAGE, _BY_CONVERSATION = Prepared(text(_ROWS % "messages.id")), Prepared(text(_ROWS % "conversation_id"))
_PAUSE, _GO_ON = Prepared(text("INSERT INTO search_pause DEFAULT VALUES")), Prepared(text("DELETE FROM search_pause"))

_SEVERAL = 8
"""From how many messages on that takes less than the triggers do."""


def indexed_when_saved(
    connection: Connection, conversations: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> AbstractContextManager[None]:
    """Index these rows, which the block inserts, when it ends; as `indexed_together` does whole conversations."""
    if connection.dialect.name != "sqlite" or len(messages) < _SEVERAL:
        return nullcontext()
    begun, said = ([row["id"] for row in rows] for rows in (conversations, messages))
    return _indexed(connection, _BY_MESSAGE, begun=begun, said=said)


def indexed_together(connection: Connection, conversation_ids: Sequence[str]) -> AbstractContextManager[None]:
    """Index the conversations that are inserted in the block, with their messages, when it ends.

    A trigger does it row by row, and FTS5 writes down what it has at the begin of each statement (`xSavepoint`): that
    takes three times as long as all else about the row. PostgreSQL makes its columns by itself.
    """
    if connection.dialect.name != "sqlite":
        return nullcontext()
    return _indexed(connection, _BY_CONVERSATION, begun=conversation_ids, said=conversation_ids)


@contextmanager
def _indexed(connection: Connection, statement: Prepared, **ids: Sequence[str]) -> Iterator[None]:
    _PAUSE.run(connection, {})
    yield
    statement.run(connection, {name: json.dumps(list(those)) for name, those in ids.items()})
    _GO_ON.run(connection, {})
