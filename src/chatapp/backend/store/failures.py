"""What it means when the database refuses, told in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from chatapp.errors import StoreUnavailableError

DEFECTS = (exc.StatementError, ValueError, TypeError, ArithmeticError)
"""What is raised where a value cannot be stored, whenever it is tried."""

_UNAVAILABLE = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.DisconnectionError, exc.TimeoutError)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the library's errors that mean "not now" into ours; the others are defects and stay what they are."""
    try:
        yield
    except _UNAVAILABLE as error:
        reason = _reason(error)
        is_silent = reason == _SILENT and not isinstance(getattr(error, "orig", None), sqlite3.Error)
        raise unavailable(reason, hint=_WHERE_IT_IS if is_silent else None) from error
    except exc.DatabaseError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in _STATES:
            reason, hint = _STATES[state]
            raise unavailable(reason, hint=hint) from error
        if type(error) is exc.DatabaseError:
            raise unavailable(_reason(error)) from error
        raise


_REASONS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "the file is read-only",
    "SQLITE_CANTOPEN": "the file cannot be opened",
    "SQLITE_IOERR_SHMSIZE": "the disk is full",
    "SQLITE_IOERR": "the disk reports an error",
    "SQLITE_BUSY": "another process is writing",
    "SQLITE_CORRUPT": "the file is damaged",
    "SQLITE_NOTADB": "the file is not a database",
    "SQLITE_ERROR": "the tables in the file are not as chatapp makes them",
}

_SILENT = "the database does not answer"
_WHERE_IT_IS = "Check that PostgreSQL runs where DATABASE_URL says."

_OTHER_TABLES = ("the tables in the database are not as chatapp makes them", None)
_STATES = {
    "42501": (
        "the user that DATABASE_URL names lacks rights in it",
        "Make it the owner of the database: ALTER DATABASE name OWNER TO user;",
    ),
    "42P01": _OTHER_TABLES,
    "42P07": _OTHER_TABLES,
    "42703": _OTHER_TABLES,
}
"""By PostgreSQL's codes: https://www.postgresql.org/docs/18/errcodes-appendix.html. It grants nobody but the owner of a
database tables of their own since its version 15."""

_REFUSALS = (
    "password authentication failed",
    "no password supplied",
    'FATAL:  role "',
    'FATAL:  database "',
    "no pg_hba.conf entry",
)
"""PostgreSQL's words for who may not connect, for which its driver has no code. It has others for a file of a
certificate that does not exist here."""


def _reason(error: Exception) -> str:
    return reason_of(getattr(error, "orig", None))


def reason_of(cause: object) -> str:
    """Return what a driver's error means, in words for who runs the backend."""
    name = getattr(cause, "sqlite_errorname", "")
    if not name and any(words in str(cause) for words in _REFUSALS):
        return "the database does not know the user, the password or the name in DATABASE_URL"
    return next((reason for code, reason in _REASONS.items() if name.startswith(code)), _SILENT)


def unavailable(reason: str, *, hint: str | None = None) -> StoreUnavailableError:
    """Return the error that says what this means for conversations."""
    return StoreUnavailableError(f"Conversations cannot be read or saved: {reason}.", hint=hint)
