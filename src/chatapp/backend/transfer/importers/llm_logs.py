"""The log of the command line tool `llm`: since 0.32 threads of messages, before that a list of responses.

The tables are those of https://github.com/simonw/llm/blob/main/llm/migrations.py. A file that an upgraded `llm` goes on
with holds both, and the threads repeat what the responses of the same conversation say.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage, Unreadable
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.llm_responses import Responses
from chatapp.backend.transfer.importers.llm_rows import Tables
from chatapp.backend.transfer.importers.llm_threads import Threads


def is_log(tables: Tables) -> bool:
    """Return whether a database with these tables is a log of `llm`."""
    return tables.keys() >= Responses.TABLES or tables.keys() >= Threads.TABLES


def conversations(
    log: sqlite3.Connection, tables: Tables, budget: ImportBudget
) -> Iterator[ImportedConversation | Unreadable]:
    """Return the conversations of a log, those of older tables first.

    Raises:
        StoppedError: the budget is used up.
    """
    old = Responses(log, tables, budget) if tables.keys() >= Responses.TABLES else None
    new = Threads(log, tables, budget) if tables.keys() >= Threads.TABLES else None
    continued = set(new.ids) if new else set()
    for conversation_id in old.ids if old else ():
        if conversation_id not in continued and old:
            yield _read(old, conversation_id)
    for thread_id in new.ids if new else ():
        theirs = _read(new, thread_id) if new else Unreadable(thread_id, "")
        before = _read(old, thread_id) if old and thread_id in old.ids else None
        both = isinstance(theirs, ImportedConversation) and isinstance(before, ImportedConversation)
        yield _continued(before, theirs) if both else theirs  # type: ignore[arg-type]


def _read(log: Responses | Threads, conversation_id: str) -> ImportedConversation | Unreadable:
    try:
        return log.conversation(conversation_id)
    except sqlite3.DataError:  # SQLite's word for a field that is
        return Unreadable(conversation_id, "it is too large")


def _continued(before: ImportedConversation, theirs: ImportedConversation) -> ImportedConversation:
    """Return a conversation of the older tables with what was said in a thread since.

    The thread begins with the same messages under other ids, and without what was attached to them.
    """
    ids: dict[str, str] = {}
    for old, new in zip(before.messages, _path(theirs), strict=False):
        if old.role != new.role or (old.role == "assistant" and old.content != new.content):
            break
        ids[new.id] = old.id
    since = [
        replace(message, parent_id=ids.get(message.parent_id or "", message.parent_id))
        for message in theirs.messages
        if message.id not in ids
    ]
    return replace(
        theirs,
        title=before.title or theirs.title,
        messages=[*before.messages, *since],
        leaf_id=ids.get(theirs.leaf_id or "", theirs.leaf_id),
        system=theirs.system or before.system,
        created_at=before.created_at or theirs.created_at,
        left_out=before.left_out + theirs.left_out,
    )


def _path(theirs: ImportedConversation) -> list[ImportedMessage]:
    """Return the messages from the first one down to the leaf."""
    by_id = {message.id: message for message in theirs.messages}
    path: dict[str, ImportedMessage] = {}
    message = by_id.get(theirs.leaf_id or "")
    while message is not None and message.id not in path:
        path[message.id] = message
        message = by_id.get(message.parent_id or "")
    return list(reversed(path.values()))
