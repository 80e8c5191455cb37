"""One database, SQLite or PostgreSQL: how it is opened, how it is read and written."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Column, ColumnElement, Connection, create_engine, event, exc, func, make_url, or_, text

from chatapp.backend.store.column_types import json_text
from chatapp.backend.store.deadlines import STATEMENT_S, connect_with_deadline
from chatapp.backend.store.failures import reason_of, store_errors, unavailable
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.schema import complete_for_postgres
from chatapp.backend.store.whose_tables import require_our_file
from chatapp.backend.store.write_lane import Job, WriteLane, do_together
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError

BUSY_TIMEOUT_S = 10
"""How long a write waits for another process's write."""

PING_TIMEOUT_S = 1
"""How long a sign of life waits for another process's write, which is one itself."""

CACHE_KB, MANY_WRITES_CACHE_KB = 500, 24_000
"""Of a SQLite connection: as fast as its default of 2000 but for searches, which take a sixth longer, and what pays
where many transactions follow each other."""

USUAL_CONNECTIONS = 4
"""To a SQLite file, kept open for whoever comes next: each takes its cache in the end, and 2 descriptors."""

CHECKPOINT_PAGES, MANY_WRITES_CHECKPOINT_PAGES = 1000, 4000
"""How long SQLite's write-ahead log gets before it goes into the file: its default, and what spares pages that many
transactions change, as those of the index, most ways there. Both are within `WAL_BYTES`."""

WAL_BYTES = 32 * 1024**2
"""What stays of SQLite's write-ahead log when all of it is in the database; it would keep its largest size."""

FILE_NAME = "chatapp.db"

_BEGIN, _BEGIN_TO_WRITE = Prepared(text("BEGIN")), Prepared(text("BEGIN IMMEDIATE"))

T = TypeVar("T")


class Database:
    """Connections for many threads. `path` is the file, or None with PostgreSQL."""

    def __init__(self, url: URL, *, path: Path | None = None) -> None:
        self.path = path
        self._file = _identity(path) if path else None
        options: dict[str, Any] = _sqlite_options() if path else _postgres_options()
        self._engine = create_engine(url, hide_parameters=True, json_serializer=json_text, **options)
        if path:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        else:
            complete_for_postgres()
            event.listen(self._engine, "do_connect", connect_with_deadline)
        self._safe_engine = self._engine.execution_options(synchronous="FULL")
        self._quick_engine = self._engine.execution_options(synchronous="NORMAL")
        self._lane = WriteLane()

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is a file of ours."""
        return self.path is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Return a connection that sees one state of things (with SQLite) and changes nothing.

        Raises:
            StoreUnavailableError: the database cannot be read.
        """
        self._require_same_file()
        with store_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, survives_power_cut: bool = True) -> Iterator[Connection]:
        """Return a connection whose changes are committed together when the block ends, or not at all.

        What is committed survives the death of this process in any case. SQLite's `synchronous=NORMAL`, which
        `survives_power_cut=False` chooses, saves a wait for the disk: https://www.sqlite.org/pragma.html#pragma_synchronous

        Raises:
            StoreUnavailableError: the database cannot be written: disk full, read-only, away, or busy for too long.
        """
        engine = self._safe_engine if survives_power_cut else self._quick_engine
        self._require_same_file()
        with store_errors(), engine.begin() as connection:
            yield connection
        self._require_same_file()

    def write_together(self, work: Callable[[Connection], T], *, survives_power_cut: bool = True) -> T:
        """Return what `work` gives within a transaction like `write`'s, which other works that wait may share.

        It may be called twice, and be the first to see that it cannot be: all that it changes is in the database.

        Raises:
            StoreUnavailableError: the database cannot be written.
        """
        job = Job(work, survives_power_cut=survives_power_cut)
        self.do_all([job])
        return job.result()

    def do_all(self, jobs: Sequence[Job[Any]]) -> None:
        """Do `jobs`, one at least, each as `write_together` does its work: its `result` is what that returns."""
        if self.is_sqlite:
            self._lane.run(jobs, self.write)
            return
        for job in jobs:
            do_together([job], self.write)

    @contextmanager
    def writes(self, *, are_many: bool = True) -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
        """Return what begins transactions like `write`, for somebody who needs several: they share a connection.

        Where they `are_many`, its cache keeps the pages that each of them changes; a few would fill it with pages that
        nobody needs again. What is committed survives the death of this process, but perhaps no power cut.

        Raises:
            StoreUnavailableError: the database cannot be written; by each transaction too.
        """
        with store_errors(), self._quick_engine.connect() as connection:
            if are_many:
                self._tune(connection, cache_kb=MANY_WRITES_CACHE_KB, checkpoint_pages=MANY_WRITES_CHECKPOINT_PAGES)
            try:
                yield partial(self._transaction, connection)
            finally:
                if are_many:
                    self._tune(connection, cache_kb=CACHE_KB, checkpoint_pages=CHECKPOINT_PAGES)

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[Connection]:
        self._require_same_file()
        with store_errors(), connection.begin():
            yield connection
        self._require_same_file()

    def _tune(self, connection: Connection, *, cache_kb: int, checkpoint_pages: int) -> None:
        if self.is_sqlite:
            with connection.begin():
                connection.exec_driver_sql(f"PRAGMA cache_size = -{cache_kb}")
                connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}").close()

    def pulse(self) -> datetime | ColumnElement[datetime]:
        """Return the moment of a sign of life, by a clock that all processes share and nobody sets.

        It is PostgreSQL's, or that of this machine, which begins anew with it and stands still while it sleeps.
        """
        return datetime.fromtimestamp(time.monotonic(), UTC) if self.is_sqlite else func.clock_timestamp()

    def is_long_ago(self, pulse: Column[datetime], *, seconds: float) -> ColumnElement[bool]:
        """Return the condition that `pulse` is older than that, or from before this machine was started.

        To be asked for within the transaction that uses it: what is written before it begins would seem to lie ahead.
        """
        silence = timedelta(seconds=seconds)
        if self.is_sqlite:
            present = datetime.fromtimestamp(time.monotonic(), UTC)
            return or_(pulse < present - silence, pulse > present)
        return pulse < func.clock_timestamp() - silence

    def ping(self) -> None:
        """Read and write the smallest things there are. That another process writes just now is no fault.

        Raises:
            StoreUnavailableError: the database does not answer, or cannot be written.
        """
        self._require_same_file()
        with store_errors():
            if self.path is None:
                with self._engine.begin() as connection:
                    is_read_only = text("SELECT current_setting('transaction_read_only') = 'on'")
                    if connection.scalar(is_read_only):
                        raise unavailable("the database is read-only")
                    connection.execute(text("SELECT txid_current()"))  # writes that there is a transaction
            else:
                _ping_sqlite(self.path)

    def _require_same_file(self) -> None:
        """Refuse to go on with a file that is gone or another one by now: what is kept in it nobody would find again.

        Raises:
            StoreUnavailableError: it is.
        """
        if self.path is not None and _identity(self.path) != self._file:
            raise unavailable("the file was deleted or replaced. Put it back, or start chatapp again")

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; a file that is not there yet is made, for its user alone.

    Raises:
        SettingsError: `DATABASE_URL` cannot be used.
        StoreTooNewError: a newer chatapp has written the file.
        StoreUnavailableError: the file cannot be made, or is not ours.
    """
    if settings.database_url is not None:
        return _open_postgres(settings.database_url.get_secret_value())
    path = settings.data_dir / FILE_NAME
    require_our_file(path, busy_timeout_s=BUSY_TIMEOUT_S)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
    except OSError as error:
        hint = "Set DATA_DIR to a folder that can be written."
        is_no_folder = isinstance(error, FileExistsError)
        why = f"{path.parent} is no folder" if is_no_folder else f"{path} cannot be written ({error.strerror})"
        raise unavailable(why, hint=hint) from error
    return Database(URL.create("sqlite", database=str(path)), path=path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _ping_sqlite(path: Path) -> None:
    """Read and write `path` by a connection of its own, which has nothing of the file in memory."""
    try:
        with closing(sqlite3.connect(path, timeout=PING_TIMEOUT_S, isolation_level=None)) as connection:
            for table in ("conversations", "messages", "turns"):
                connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608 - our own names
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA user_version = 0")  # writes the first page, even if it is 0 already
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise unavailable(reason_of(error)) from error
    except sqlite3.Error as error:
        raise unavailable(reason_of(error)) from error


def _open_postgres(address: str) -> Database:
    try:
        url = make_url(address).set(drivername="postgresql+psycopg")
        return Database(url)
    except (exc.ArgumentError, ValueError):
        raise SettingsError("DATABASE_URL cannot be read: it must be postgresql://user:password@host/name.") from None
    except ImportError:
        hint = "Install it with: pip install 'psycopg[binary]'"
        raise SettingsError("DATABASE_URL names PostgreSQL, whose driver is not installed.", hint=hint) from None


def _sqlite_options() -> dict[str, Any]:
    """Of those that are not in use the last is taken: each fills a cache, and those beyond what is usual close."""
    usual = {"pool_size": USUAL_CONNECTIONS, "max_overflow": -1, "pool_use_lifo": True}
    return {"connect_args": {"timeout": BUSY_TIMEOUT_S}, **usual}


def _postgres_options() -> dict[str, Any]:
    connect_args = {
        "connect_timeout": BUSY_TIMEOUT_S,
        "options": f"-c lock_timeout={BUSY_TIMEOUT_S}s -c statement_timeout={STATEMENT_S}s",
        "tcp_user_timeout": STATEMENT_S * 1000,
        "keepalives_idle": STATEMENT_S // 2,
        "keepalives_interval": STATEMENT_S // 6,
        "keepalives_count": 3,
    }
    return {"pool_pre_ping": True, "pool_timeout": BUSY_TIMEOUT_S, "connect_args": connect_args}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin by hand: the driver's own transactions start late, and fail as "locked" when two of them write."""
    synchronous = connection.get_execution_options().get("synchronous")
    if synchronous and connection.info.get("synchronous") != synchronous:  # it stays with the connection
        connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
        connection.info["synchronous"] = synchronous
    (_BEGIN_TO_WRITE if synchronous else _BEGIN).run(connection, {})
