"""SQLite files: the log of `llm`, and databases of other programs."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from chatapp.backend.store.imported import ImportedConversation, Unreadable
from chatapp.backend.transfer.importers import llm_logs, program_databases
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.llm_rows import Tables
from chatapp.backend.transfer.importers.program_databases import KnownDatabase

MAGIC = b"SQLite format 3\0"

LOG = "-wal"
"""How the name of the file goes on in which SQLite keeps what is not in the database yet."""

BESIDE = (LOG, "-shm")
"""What SQLite makes beside a database."""

_WITH_LOG = b"\2"
"""What the 19th byte of a database says that keeps a log: https://www.sqlite.org/fileformat.html#file_format_version_numbers"""

_STEPS = 50_000
_GENERATED = (2, 3)


class UnknownDatabaseError(Exception):
    """The database is of no program that is known.

    `tables` are the names of those it has, `why` is set where they cannot be read.
    """

    def __init__(self, tables: set[str], why: str | None = None) -> None:
        super().__init__()
        self.tables, self.why = tables, why


def read(path: Path, budget: ImportBudget) -> Iterator[ImportedConversation | Unreadable]:
    """Return the conversations of a database.

    Raises:
        UnknownDatabaseError: it is a database of something else.
        StoppedError: the budget is used up.
    """
    has_begun, fault = False, "that cannot be read"
    try:
        with closing(_opened(path, budget)) as log:
            tables = _tables(log)
            if not tables and _keeps_log(path):
                raise UnknownDatabaseError(set(), "a database of which all is in the file beside it (-wal)")
            program = None if llm_logs.is_log(tables) else program_databases.program_of(tables)
            fault = f"whose tables are not those of {program.source if program else 'llm'}"
            for piece in _conversations(log, tables, program, budget):
                yield piece
                has_begun = True
    except (sqlite3.Error, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
        budget.check()
        if not has_begun:
            raise UnknownDatabaseError(set(), f"a database {fault} ({error})") from None
        yield Unreadable("the database", f"the rest of it cannot be read ({error})")


def _opened(path: Path, budget: ImportBudget) -> sqlite3.Connection:
    """Open an untrusted file: to read alone, without running what its schema holds, and for no longer than allowed."""

    def is_over() -> bool:
        return budget.reason_to_stop() is not None or budget.is_late()

    as_it_is = "" if path.with_name(path.name + LOG).exists() else "&immutable=1"
    log = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{as_it_is}", uri=True)
    log.row_factory = sqlite3.Row
    log.text_factory = lambda text: text.decode(errors="replace")
    log.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ELEMENT_CHARS)
    log.set_progress_handler(is_over, _STEPS)
    log.execute("PRAGMA trusted_schema = OFF")
    log.execute("PRAGMA cell_size_check = ON")
    return log


def _conversations(
    log: sqlite3.Connection, tables: Tables, program: KnownDatabase | None, budget: ImportBudget
) -> Iterator[ImportedConversation | Unreadable]:
    if program is not None:
        yield from program_databases.conversations(program, log, tables, budget)
    elif llm_logs.is_log(tables):
        yield from llm_logs.conversations(log, tables, budget)
    else:
        raise UnknownDatabaseError(set(tables))


def _keeps_log(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(19)[-1:] == _WITH_LOG


def _tables(log: sqlite3.Connection) -> Tables:
    """Return the columns of each real table: no views, no virtual tables, none with columns that are computed."""
    tables = {}
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' AND length(name) < 100"
    for (table,) in log.execute(query).fetchall():
        columns = log.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (table,)).fetchall()
        if not any(column["hidden"] in _GENERATED for column in columns):
            tables[table] = {column["name"] for column in columns}
    return tables
