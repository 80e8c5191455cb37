"""Whose tables a database has: those of another program, or of a newer chatapp, are left alone."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from chatapp.backend.store.failures import reason_of, unavailable
from chatapp.backend.store.schema import SCHEMA_VERSION, metadata
from chatapp.errors import StoreTooNewError, StoreUnavailableError

_OURS = ("alembic_version", "conversations")


def require_our_file(path: Path, *, busy_timeout_s: float) -> None:
    """Refuse a SQLite file that we have not made, or not yet, which is only read for it; there may be no file yet.

    Raises:
        StoreTooNewError: a newer chatapp has written it.
        StoreUnavailableError: it is another program's, no database, or locked for longer than `busy_timeout_s` seconds.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    how = "mode=ro" if has_log else "mode=ro&immutable=1"  # or SQLite makes one, and leaves it there
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", busy_timeout_s, uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            has_ours = tables.issuperset(_OURS)
            versions = connection.execute("SELECT version_num FROM alembic_version").fetchall() if has_ours else []
    except sqlite3.DatabaseError as error:
        is_locked = getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")  # perhaps by whose it is
        if isinstance(error, sqlite3.OperationalError) and not is_locked:
            return  # it cannot be read now, which is told when it is opened
        raise unavailable(reason_of(error)) from error
    if tables and not has_ours:
        raise _of_another_program(str(path))
    for (version,) in versions:
        require_known_version(str(version), str(path))


def has_our_tables(tables: Collection[str], where: str) -> bool:
    """Return whether our tables are there.

    Raises:
        StoreUnavailableError: another program's have a name of theirs.
    """
    has_ours = set(_OURS) <= set(tables)
    if not has_ours and not {"alembic_version", *metadata.tables}.isdisjoint(tables):
        raise _of_another_program(where)
    return has_ours


def require_known_version(version: str, where: str) -> None:
    """Refuse tables of a version that we do not know.

    Raises:
        StoreTooNewError: a newer chatapp has written them.
        StoreUnavailableError: it is none of chatapp's.
    """
    if not version.isdecimal():
        raise _of_another_program(where)
    if version > SCHEMA_VERSION:
        raise StoreTooNewError(
            f"The conversations were written by a newer chatapp (version {version} of its tables, this one knows "
            f"{SCHEMA_VERSION}).",
            hint="Update chatapp, or set DATA_DIR to another folder.",
        )


def _of_another_program(where: str) -> StoreUnavailableError:
    hint = "Set DATA_DIR to another folder, or DATABASE_URL to another database."
    return unavailable(f"{where} is another program's database", hint=hint)
