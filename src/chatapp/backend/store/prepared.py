"""Statements that every answer runs, put together once and handed to SQLite's driver as they are.

Of a short statement SQLAlchemy's own way, from its cache to the result, takes nine tenths of the time.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, Delete, Insert, Select, Table, TextClause, Update, exc, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from chatapp.backend.store.column_types import (
    SafeText,
    TokenCount,
    UtcDateTime,
    json_text,
    safe_text,
    sqlite_time,
    time_in_sqlite,
    token_count,
)

Statement = Select[Any] | Insert | Update | Delete | TextClause
Values = Mapping[str, Any]
Process = Any
"""Turns a value into what the driver takes or, of a result, into ours; None where it is that already. None is NULL."""


class Prepared:
    """A statement whose values come by name, all of them each time. `columns` are those that it writes, if any."""

    def __init__(self, statement: Statement, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = tuple(columns)

    def run(self, connection: Connection, values: Values) -> None:
        """Write."""
        if connection.dialect.name == "sqlite":
            self._sqlite.execute(connection, values)
        else:
            connection.execute(self._statement, values)

    def run_many(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Write several rows."""
        if connection.dialect.name == "sqlite":
            self._sqlite.execute_many(connection, rows)
        elif rows:
            connection.execute(self._statement, list(rows))

    def rows(self, connection: Connection, values: Values) -> Sequence[tuple[Any, ...]]:
        """Return what a query finds."""
        if connection.dialect.name == "sqlite":
            return self._sqlite.rows(connection, values)
        return [tuple(row) for row in connection.execute(self._statement, values)]

    def first(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        """Return the first row that a query finds, or None."""
        return next(iter(self.rows(connection, values)), None)

    @cached_property
    def _sqlite(self) -> "_SqliteForm":
        return _SqliteForm(self._statement, self._columns)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert `rows`, which all have the same fields."""
    if rows:
        _inserting(table, tuple(rows[0])).run_many(connection, rows)


def own_insert(table: Table, dialect: str) -> Any:
    """Return the INSERT of SQLite or PostgreSQL, each of which has its own words for what to do with rows there are."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a thirtieth of the start of those who have none

    return postgresql.insert(table)


@cache
def _inserting(table: Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(insert(table), columns)


class _SqliteForm:
    """The same for SQLite's driver: a text with question marks, and what turns values into parameters."""

    def __init__(self, statement: Statement, columns: tuple[str, ...]) -> None:
        dialect = sqlite.dialect(json_serializer=json_text)
        statement = statement.inline() if isinstance(statement, Insert | Update) else statement
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self._text = str(compiled)
        binds = [(name, compiled.binds[name]) for name in compiled.positiontup or ()]
        names = [name for name, _ in binds]
        self._in_order: Callable[[Values], Iterable[Any]] = itemgetter(*names) if len(names) > 1 else _listed(names)
        bindings = enumerate([_binding(bind.type, dialect) for _, bind in binds])
        self._bindings = [(place, own) for place, own in bindings if own is not None]
        self._constants = {name: bind.value for name, bind in binds if not bind.required}
        found = statement.selected_columns if isinstance(statement, Select) else ()
        self._results = [_result(column.type, dialect) for column in found]

    def execute(self, connection: Connection, values: Values) -> Any:
        """Return the driver's cursor."""
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute(self._text, self._bound(values))
        except sqlite3.Error as error:
            raise self._wrapped(error) from error

    def execute_many(self, connection: Connection, rows: Iterable[Values]) -> None:
        driver: Any = connection.connection.driver_connection
        try:
            driver.executemany(self._text, list(map(self._bound, rows)))
        except sqlite3.Error as error:
            raise self._wrapped(error) from error

    def rows(self, connection: Connection, values: Values) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.execute(connection, values).fetchall()
        if not any(self._results):
            return found
        return [
            tuple([it if own is None else own(it) for own, it in zip(self._results, row, strict=True)]) for row in found
        ]

    def _bound(self, values: Values) -> list[Any]:
        """Return the parameters in their order: most are taken as they are, all of them in one step."""
        bound = list(self._in_order({**self._constants, **values} if self._constants else values))
        for place, own in self._bindings:
            if (value := bound[place]) is not None:
                bound[place] = own(value)
        return bound

    def _wrapped(self, error: sqlite3.Error) -> BaseException:
        """Return what SQLAlchemy would raise, which all above goes by."""
        return exc.DBAPIError.instance(self._text, None, error, sqlite3.Error, hide_parameters=True)


def _listed(names: Sequence[str]) -> Callable[[Values], Iterable[Any]]:
    """Return what `itemgetter` does of several names, for one or none."""
    return lambda values: [values[name] for name in names]


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    own = {UtcDateTime: sqlite_time, SafeText: safe_text, TokenCount: token_count, JSON: json_text}.get(type(kind))
    return own or kind.dialect_impl(dialect).bind_processor(dialect)


def _result(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    own = {UtcDateTime: time_in_sqlite, SafeText: None}
    return own[type(kind)] if type(kind) in own else kind.dialect_impl(dialect).result_processor(dialect, None)
