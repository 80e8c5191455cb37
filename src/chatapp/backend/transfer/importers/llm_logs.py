"""The log of the command line tool `llm`: since 0.36 threads of messages, before that a list of responses.

The tables are those of https://github.com/simonw/llm/blob/main/llm/migrations.py; a file can hold both kinds.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatapp.backend.store.imported import ImportedConversation, Unreadable
from chatapp.backend.transfer.importers import llm_responses, llm_threads

MAGIC = b"SQLite format 3\0"


def read(path: Path) -> Iterator[ImportedConversation | Unreadable]:
    """Return the conversations of a log, older tables first."""
    try:
        with closing(_opened(path)) as log:
            tables = {row["name"] for row in log.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            readers = [reader for reader in (llm_responses, llm_threads) if tables >= reader.TABLES]
            for reader in readers:
                yield from reader.read(log)
            if not readers:
                yield Unreadable(path.name, "it is a database, but no log of llm")
    except (sqlite3.Error, IndexError, ValueError) as error:
        yield Unreadable(path.name, f"its tables are not those of llm ({error})")


def _opened(path: Path) -> sqlite3.Connection:
    """Open a stranger's file: to read alone, and without running what its schema holds."""
    log = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    log.row_factory = sqlite3.Row
    log.execute("PRAGMA trusted_schema = OFF")
    return log
