"""The log of the command line tool `llm`: since 0.32 threads of messages, before that a list of responses.

The tables are those of https://github.com/simonw/llm/blob/main/llm/migrations.py. A file that an upgraded `llm` goes on
with holds both, and the threads repeat what the responses of the same conversation say.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage, Unreadable
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.llm_responses import Responses
from chatapp.backend.transfer.importers.llm_threads import Threads

MAGIC = b"SQLite format 3\0"

_STEPS = 50_000
_GENERATED = (2, 3)


class NoLogError(Exception):
    """The database is none of `llm`; `tables` are the names of those it has, `why` is set where they cannot be read."""

    def __init__(self, tables: set[str], why: str | None = None) -> None:
        super().__init__()
        self.tables, self.why = tables, why


def read(path: Path, budget: ImportBudget) -> Iterator[ImportedConversation | Unreadable]:
    """Return the conversations of a log, those of older tables first.

    Raises:
        NoLogError: it is a database of something else.
        StoppedError: the budget is used up.
    """
    has_begun = False
    try:
        with closing(_opened(path, budget)) as log:
            for piece in _conversations(log, budget):
                yield piece
                has_begun = True
    except (sqlite3.Error, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
        budget.check()
        if not has_begun:
            raise NoLogError(set(), f"a database whose tables are not those of llm ({error})") from None
        yield Unreadable("the log", f"the rest of it cannot be read ({error})")


def _opened(path: Path, budget: ImportBudget) -> sqlite3.Connection:
    """Open an untrusted file: to read alone, without running what its schema holds, and for no longer than allowed."""

    def is_over() -> bool:
        return budget.reason_to_stop() is not None or budget.is_late()

    log = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    log.row_factory = sqlite3.Row
    log.text_factory = lambda text: text.decode(errors="replace")
    log.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ELEMENT_CHARS)
    log.set_progress_handler(is_over, _STEPS)
    log.execute("PRAGMA trusted_schema = OFF")
    log.execute("PRAGMA cell_size_check = ON")
    return log


def _conversations(log: sqlite3.Connection, budget: ImportBudget) -> Iterator[ImportedConversation | Unreadable]:
    tables = _tables(log)
    old = Responses(log, tables, budget) if tables.keys() >= Responses.TABLES else None
    new = Threads(log, tables, budget) if tables.keys() >= Threads.TABLES else None
    if old is None and new is None:
        raise NoLogError(set(tables))
    continued = set(new.ids) if new else set()
    for conversation_id in old.ids if old else ():
        if conversation_id not in continued and old:
            yield old.conversation(conversation_id)
    for thread_id in new.ids if new else ():
        theirs = new.conversation(thread_id) if new else Unreadable(thread_id, "")
        before = old.conversation(thread_id) if old and thread_id in old.ids else None
        both = isinstance(theirs, ImportedConversation) and isinstance(before, ImportedConversation)
        yield _continued(before, theirs) if both else theirs  # type: ignore[arg-type]


def _tables(log: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the columns of each real table: no views, no virtual tables, none with columns that are computed."""
    tables = {}
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' AND length(name) < 100"
    for (table,) in log.execute(query).fetchall():
        columns = log.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (table,)).fetchall()
        if not any(column["hidden"] in _GENERATED for column in columns):
            tables[table] = {column["name"] for column in columns}
    return tables


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
