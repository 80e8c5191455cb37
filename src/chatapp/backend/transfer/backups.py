"""The whole store as one file, copied while it is used, and put back in its place.

SQLite copies itself: https://www.sqlite.org/backup.html. In one step that is a read among others, for which nobody
waits, and the copy is what the store was at its beginning.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chatapp.backend.store.own_schema import foreign_names
from chatapp.backend.store.schema import SCHEMA_VERSION
from chatapp.errors import SettingsError, StoreTooNewError, StoreUnavailableError

_MAGIC = b"SQLite format 3\0"
_TABLES = {"alembic_version", "conversations", "messages", "turns"}
_WAIT_S = 10
_IN_USE_S = 1
_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a file that is in use, by the end of its name."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds. `version` is that of its tables; `last_used` is None where nothing was said in it."""

    version: str
    conversations: int
    messages: int
    last_used: datetime | None


def back_up(store: Path, target: Path) -> Contents:
    """Write a copy of the store to `target`, for its user alone, and return what a look into the copy shows.

    Raises:
        StoreUnavailableError: there is no store, or it cannot be read or written down; there is no `target` then.
    """
    if not store.is_file():
        raise StoreUnavailableError(f"There is nothing to back up: {store} is missing.")
    with _told(f"{store} cannot be backed up to {target}"), _copy_of(store, target.parent) as copy:
        try:
            found = look_into(copy)
        except SettingsError as error:
            raise StoreUnavailableError(f"{store} is damaged: a copy of it cannot be used.") from error
        copy.replace(target)
    return found


def look_into(path: Path, *, is_trusted: bool = True) -> Contents:
    """Return what the store at `path` holds, after a check of all of it. Nothing is left beside it.

    Raises:
        SettingsError: it is no store of chatapp's, or damaged; one that is not `is_trusted` acts by itself.
        StoreTooNewError: a newer chatapp has written it.
    """
    try:
        if not _is_database(path):
            raise _no_backup(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
    try:
        with closing(_open(path)) as connection:
            found = _contents(path, connection)
            names = [] if is_trusted else foreign_names(connection, found.version)
    except sqlite3.Error as error:
        raise SettingsError(f"{path} is damaged.", hint="Take another backup.") from error
    if names:
        shown = ", ".join(name[:40] for name in names[:3])
        raise SettingsError(
            f"{path} holds triggers or views that are not chatapp's: {shown}.",
            hint="Drop them, if they are yours; from somebody else, take an export instead.",
        )
    return found


def require_unused(store: Path) -> None:
    """Leave the store at `store`, if there is one, as a single file that nobody has open.

    Who has a file with a write-ahead log open shares a lock on it, which is in the way of doing without the log. A
    damaged store cannot be asked; a backend that has it open notices that it is replaced.

    Raises:
        StoreUnavailableError: somebody has it open.
    """
    if not store.is_file() or not _is_database(store):
        return  # SQLite would throw away the log beside a file that is no database
    try:
        with closing(sqlite3.connect(store, timeout=_IN_USE_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise StoreUnavailableError(f"{store} is in use.", hint="Stop the backend first.") from error
    except sqlite3.Error:
        return


def restore(backup: Path, store: Path) -> Path | None:
    """Put a copy of `backup` in the place of the store; return where what was there is kept, None if nothing was.

    Raises:
        SettingsError: `backup` is no store of chatapp's, is damaged, or acts by itself.
        StoreTooNewError: a newer chatapp has written it.
        StoreUnavailableError: a backend has the store open, or it cannot be written; nothing has changed then.
    """
    look_into(backup, is_trusted=False)
    with _told(f"{backup} cannot be put in the place of {store}"):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _copy_of(backup, store.parent) as copy:
            require_unused(store)
            kept = _put_aside(store) if store.exists() else None
            copy.replace(store)
    return kept


@contextmanager
def _copy_of(source: Path, folder: Path) -> Iterator[Path]:
    """Return a copy of a database in `folder`: one file, for its user alone, on the disk, and gone if left there."""
    descriptor, name = tempfile.mkstemp(prefix=".chatapp-", suffix=".part", dir=folder)
    copy = Path(name)
    try:
        with closing(_open(source)) as opened, closing(sqlite3.connect(copy, isolation_level=None)) as target:
            opened.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        os.fsync(descriptor)
        yield copy
    finally:
        os.close(descriptor)
        copy.unlink(missing_ok=True)


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _open(path: Path) -> sqlite3.Connection:
    """Return a connection that reads. A file with nothing beside it is in no use, and is to have nothing beside it."""
    has_log = path.with_name(f"{path.name}-wal").exists()
    mode = "mode=rw" if has_log else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=_WAIT_S, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _contents(path: Path, connection: sqlite3.Connection) -> Contents:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= _TABLES:
        raise _no_backup(path)
    (version,) = connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()
    if str(version) > SCHEMA_VERSION:
        raise StoreTooNewError(
            f"{path} was written by a newer chatapp (version {version} of its tables; here it is {SCHEMA_VERSION}).",
            hint="Update chatapp.",
        )
    (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError
    query = "SELECT count(*), max(updated_at) FROM conversations WHERE deleted_at IS NULL"
    conversations, last_used = connection.execute(query).fetchone()
    (messages,) = connection.execute("SELECT count(*) FROM messages").fetchone()
    return Contents(str(version), conversations, messages, _moment(last_used))


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _put_aside(store: Path) -> Path:
    """Return the second name that the store gets; its first is taken over in one step."""
    moment = datetime.now(UTC)
    names = (
        f"{store.stem}-replaced-{moment:{shown}}{store.suffix}" for shown in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S.%fZ")
    )
    kept = next(path for path in map(store.with_name, names) if not path.exists())
    try:
        os.link(store, kept)
    except OSError:  # a file system without links
        shutil.copy2(store, kept)
    for end in _BESIDE:
        beside = store.with_name(store.name + end)
        if beside.exists():  # of a damaged store: it must not become the log of the new one
            beside.replace(kept.with_name(kept.name + end))
    return kept


def _no_backup(path: Path) -> SettingsError:
    return SettingsError(f"{path} is no backup of chatapp's.", hint="`chatapp backup FILE` makes one.")


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailableError(f"{what} ({error.strerror}).") from error
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorname", "").startswith("SQLITE_FULL")
        raise StoreUnavailableError(
            f"{what} ({'the disk is full' if is_full else 'the database is damaged'})."
        ) from error
