"""What a store does by itself: its triggers, views and virtual tables, and which of them are ours."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from chatapp.backend.store.database import Database
from chatapp.backend.store.migration import MIGRATIONS, fill

_QUERY = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'"


def foreign_names(connection: sqlite3.Connection, version: str) -> list[str]:
    """Return the names of those that chatapp's tables of `version` do not have, or not in these words.

    A trigger runs whenever a row is written, as whoever writes: it could hand one person's messages to another.
    """
    return sorted({name for name, _ in _found(connection) - _own(version)})


def _own(version: str) -> set[tuple[str, str]]:
    """Return what our migrations make up to `version`; nothing where there is no such version."""
    if not (version.isdecimal() and any(MIGRATIONS.glob(f"versions/{version}_*.py"))):
        return set()
    with tempfile.TemporaryDirectory(prefix="chatapp-") as folder:
        path = Path(folder) / "own.db"
        path.touch(mode=0o600)
        database = Database(URL.create("sqlite", database=str(path)), path=path)
        try:
            with database.write(survives_power_cut=False) as connection:
                fill(connection, version)
        finally:
            database.close()
        with closing(sqlite3.connect(path)) as made:
            return _found(made)


def _found(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return {(str(name), " ".join(str(sql).split())) for name, sql in connection.execute(_QUERY)}
