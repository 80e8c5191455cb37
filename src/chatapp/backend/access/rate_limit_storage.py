"""A file in which the processes of one machine count requests together."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from limits.storage import MovingWindowSupport, Storage

from chatapp.errors import StoreUnavailableError

BUSY_TIMEOUT_S = 5
"""How long a count waits for those of other processes, each of which takes a fraction of a millisecond."""

_PASSING = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
"""What a new file would not mend."""

_TABLE = """
CREATE TABLE IF NOT EXISTS hits (key TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS hits_of_key ON hits (key, at);
CREATE INDEX IF NOT EXISTS hits_by_age ON hits (at);
"""


class HitFile(Storage, MovingWindowSupport):
    """Storage of the `limits` package for moving windows: one row a request, gone when the window has passed it.

    Its moments are those of the machine's clock that nobody can set; it is the same in all processes, and what comes
    from before a restart of the machine lies in its future and is forgotten.
    """

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        super().__init__(wrap_exceptions=True)
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            with self._connected() as connection:
                connection.executescript(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailableError(f"Requests cannot be counted in {path}, as RATE_LIMIT needs it.") from error

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library is to report as its own error."""
        return sqlite3.Error

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests, or none of them if that were more than `limit` in `expiry` seconds.

        A file that somebody has removed, emptied or damaged is begun anew: what is lost is forgotten requests.
        """
        try:
            return self._acquired(key, limit, expiry, amount)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith(_PASSING):
                raise
            if error.sqlite_errorname != "SQLITE_ERROR":  # which is a table that is missing
                self._path.unlink(missing_ok=True)
            self._path.touch(mode=0o600)
            with self._connected() as connection:
                connection.executescript(_TABLE)
            return self._acquired(key, limit, expiry, amount)

    def _acquired(self, key: str, limit: int, expiry: int, amount: int) -> bool:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            now = time.monotonic()
            connection.execute("DELETE FROM hits WHERE at < ? OR at > ?", [now - expiry, now])
            is_allowed = self._hits(connection, key, now - expiry) + amount <= limit
            if is_allowed:
                connection.executemany("INSERT INTO hits VALUES (?, ?)", [(key, now)] * amount)
            connection.execute("COMMIT")
        return is_allowed

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the oldest request of the last `expiry` seconds came, and how many there were."""
        now = time.monotonic()
        query = "SELECT min(at), count(*) FROM hits WHERE key = ? AND at >= ?"
        with self._connected() as connection:
            oldest, hits = connection.execute(query, [key, now - expiry]).fetchone()
        return (now if oldest is None else oldest), hits

    def get(self, key: str) -> int:
        """Return how many requests are kept."""
        with self._connected() as connection:
            return self._hits(connection, key, 0)

    def clear(self, key: str) -> None:
        """Forget the requests of one key."""
        with self._connected() as connection:
            connection.execute("DELETE FROM hits WHERE key = ?", [key])

    def reset(self) -> int:
        """Forget all requests; return how many there were."""
        with self._connected() as connection:
            return connection.execute("DELETE FROM hits").rowcount

    def check(self) -> bool:
        """Return whether the file can be read."""
        try:
            self.get("")
        except sqlite3.Error:
            return False
        return True

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Refuse: fixed windows, which need this, let through twice the limit around their ends."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Refuse, as `incr` does."""
        raise NotImplementedError

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Return a connection of its own to each call, which any thread can use and no fork can spoil.

        What is lost in a power cut is forgotten requests, so nothing waits for the disk.
        """
        with closing(sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            yield connection

    @staticmethod
    def _hits(connection: sqlite3.Connection, key: str, since: float) -> int:
        query = "SELECT count(*) FROM hits WHERE key = ? AND at >= ?"
        return int(connection.execute(query, [key, since]).fetchone()[0])
