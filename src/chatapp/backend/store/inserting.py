"""Many rows at once, as an import has them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.types import TypeEngine

from chatapp.backend.store.column_types import UtcDateTime, sqlite_time

_Bind = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert `rows`, which all have the same fields.

    SQLite's driver gets them column by column made ready: SQLAlchemy's way from row to row takes longer than SQLite
    takes to write them.
    """
    if connection.dialect.name != "sqlite" or not rows:
        if rows:
            connection.execute(insert(table), rows)
        return
    names = list(rows[0])
    columns = []
    for name in names:
        bind = _bind(table.c[name].type, connection.dialect)
        values = [row[name] for row in rows]
        columns.append([bind(value) for value in values] if bind else values)
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, [*zip(*columns, strict=True)])


def _bind(kind: TypeEngine[Any], dialect: Dialect) -> _Bind | None:
    """Return what makes a value ready for the driver, None where it is."""
    if isinstance(kind, UtcDateTime):
        return sqlite_time
    return kind.dialect_impl(dialect).bind_processor(dialect)
