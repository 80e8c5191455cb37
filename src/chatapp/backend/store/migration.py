"""Bringing the tables to the version this chatapp knows, with a copy of the file beside it before anything changes."""

import glob
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from chatapp.backend.store.database import Database
from chatapp.backend.store.deadlines import be_patient
from chatapp.backend.store.schema import SCHEMA_VERSION
from chatapp.backend.store.whose_tables import has_our_tables, require_known_version
from chatapp.errors import StoreUnavailableError

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
NEW_FILE = MIGRATIONS / "new_file.sql"
"""What all migrations make of an empty file, one statement a paragraph: a first start need not run them one by one."""

_LOCK = 0x63686174


def bring_up_to_date(database: Database) -> None:
    """Leave `database` at `SCHEMA_VERSION`, whatever it was; of several processes one does it, the others wait.

    Raises:
        StoreTooNewError: a newer chatapp has written it.
        StoreUnavailableError: it cannot be read or written; nothing has changed then.
    """
    with database.read() as connection:
        if _version(connection) == SCHEMA_VERSION:
            return
    with ExitStack() as before, database.write() as connection:
        _lock(connection)
        version = _version(connection)
        if version == SCHEMA_VERSION:
            return
        if database.path and _is_empty(connection):
            fill(connection, SCHEMA_VERSION)
            return
        if version and database.path:
            before.enter_context(_copy_of(database.path, version))
        upgrade(connection)


def _is_empty(connection: Connection) -> bool:
    return not connection.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM sqlite_master)").scalar_one()


def fill(connection: Connection, version: str) -> None:
    """Make all that a SQLite file of `version` has, in one that is empty."""
    if version != SCHEMA_VERSION:
        upgrade(connection, version)
        return
    for statement in NEW_FILE.read_text(encoding="utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to `revision` in the transaction that is open on `connection`."""
    from alembic import command  # noqa: PLC0415 - 0.1 s, only when there is something to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _version(connection: Connection) -> str | None:
    """Return the version the tables have, or None where there are none.

    Raises:
        StoreTooNewError: a newer chatapp has written them.
        StoreUnavailableError: they are another program's.
    """
    name = connection.engine.url.database or ""
    if not has_our_tables(inspect(connection).get_table_names(), name):
        return None
    version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version is None:
        return None
    require_known_version(str(version), name)
    return str(version)


def _lock(connection: Connection) -> None:
    """Make other processes wait. With SQLite the transaction does it."""
    if connection.dialect.name == "postgresql":
        be_patient(connection)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


@contextmanager
def _copy_of(path: Path, version: str) -> Iterator[None]:
    """Make a copy of the file beside it, and give it its name when the block has brought the file up to date.

    An update that fails or is killed has changed nothing, so its copy goes: with the next update at the latest.
    """
    _remove_unfinished_copies(path)
    copy = path.with_name(f"{path.stem}-{version}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db")
    part = copy.with_suffix(".part")
    try:
        _copy(path, part, final=copy)
        yield
        part.replace(copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    logger.warning("the conversations before this update are kept in %s", copy)


def _copy(path: Path, part: Path, *, final: Path) -> None:
    try:
        part.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailableError(f"The conversations cannot be copied to {final} before the update.") from error


def _remove_unfinished_copies(path: Path) -> None:
    """Remove what killed processes left. The caller holds the write lock, so no other process is copying."""
    for part in path.parent.glob(f"{glob.escape(path.stem)}-*.part"):
        part.unlink(missing_ok=True)
