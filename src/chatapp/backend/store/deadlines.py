"""PostgreSQL that falls silent: its own time limits help nobody while its host is frozen."""

import time
from collections.abc import Generator
from typing import Any

STATEMENT_S = 20
"""How long PostgreSQL may take for one statement, and be silent."""


def connect_with_deadline(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Return a connection that is closed when the server does not answer in time; for SQLAlchemy's `do_connect`."""
    import psycopg  # noqa: PLC0415 - an extra

    class ConnectionWithDeadline(psycopg.Connection[Any]):
        """Waits for the server as psycopg does, which looks up ten times a second, until `deadline_s` has passed."""

        deadline_s: float | None = STATEMENT_S + 1

        def wait(self, gen: Generator[Any, Any, Any], *more: Any, **named: Any) -> Any:
            return super().wait(self._until(gen), *more, **named)

        def _until(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            began = time.monotonic()
            answer = None
            try:
                while True:
                    answer = yield gen.send(answer)
                    if not answer and self.deadline_s and time.monotonic() - began > self.deadline_s:
                        self.close()
                        raise psycopg.OperationalError("the server does not answer")
            except StopIteration as end:
                return end.value

    return ConnectionWithDeadline.connect(*arguments, **options)


def be_patient(connection: Any) -> None:
    """Let what is done on a connection of SQLAlchemy's take any time; it is closed afterwards, for others have none."""
    connection.detach()
    connection.connection.dbapi_connection.deadline_s = None
    for limit in ("lock_timeout", "statement_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
