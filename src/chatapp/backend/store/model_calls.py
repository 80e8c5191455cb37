"""Every call to a model, for as long as the store lives: what was asked, what came of it, what it took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from chatapp.backend.store.database import Database
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.records import ModelCall
from chatapp.backend.store.schema import model_calls, reservations
from chatapp.backend.store.usage import add_usage

_COLUMNS = tuple(field.name for field in fields(ModelCall))
_values = attrgetter(*_COLUMNS)
_INSERT = Prepared(insert(model_calls), _COLUMNS)
_RESERVED = Prepared(select(reservations.c.id))


@dataclass(frozen=True, slots=True)
class ModelCalls:
    """The calls of every owner. Nothing that happens to conversations and turns changes them."""

    database: Database

    def add_many(self, calls: Sequence[ModelCall]) -> None:
        """Save the calls, all or none, and give back what was put aside for them.

        One that is here already is not added again, so that a failed try is repeatable; what it was counted as while
        its process was taken for dead gives way.

        Raises:
            StoreUnavailableError: they cannot be saved now.
        """
        if not calls:
            return
        try:
            with self.database.write(survives_power_cut=False) as connection:
                _add(connection, calls)
        except IntegrityError:  # an earlier try did not fail after all; to look for that each time costs a tenth
            with self.database.write(survives_power_cut=False) as connection:
                take_back(connection, [call.id for call in calls])
                write_down(connection, calls)

    def between(self, since: datetime, until: datetime | None = None, *, owner: str | None = None) -> list[ModelCall]:
        """Return the calls that began from `since` on and before `until`, oldest first; None sets no bound."""
        query = select(model_calls).where(model_calls.c.created_at >= since)
        if until is not None:
            query = query.where(model_calls.c.created_at < until)
        if owner is not None:
            query = query.where(model_calls.c.owner == owner)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(model_calls.c.created_at, model_calls.c.id))
            return [ModelCall(**row._mapping) for row in rows]


def write_down(connection: Connection, calls: Sequence[ModelCall]) -> None:
    """Save those of `calls` that are not here, and give back what was put aside for any of them."""
    ids = [call.id for call in calls]
    known = set(connection.scalars(select(model_calls.c.id).where(model_calls.c.id.in_(ids))))
    _add(connection, [call for call in calls if call.id not in known])
    _settle(connection, known)


def take_back(connection: Connection, call_ids: Iterable[str]) -> None:
    """Remove what calls were counted as because their process was gone."""
    is_guess = model_calls.c.status == "interrupted", model_calls.c.is_estimated
    rows = connection.execute(select(model_calls).where(model_calls.c.id.in_(call_ids), *is_guess)).all()
    if rows:
        add_usage(connection, rows, sign=-1)
        connection.execute(delete(model_calls).where(model_calls.c.id.in_([row.id for row in rows])))


def _add(connection: Connection, calls: Sequence[ModelCall]) -> None:
    if calls:
        _INSERT.run_many(connection, [_row(call) for call in calls])
        add_usage(connection, calls)
        _settle(connection, [call.id for call in calls])


def _settle(connection: Connection, call_ids: Iterable[str]) -> None:
    """Give back what was put aside for calls, in the transaction that writes down what they really took."""
    reserved = {row[0] for row in _RESERVED.rows(connection, {})}  # few: those of the calls that are made just now
    if over := reserved.intersection(call_ids):
        connection.execute(delete(reservations).where(reservations.c.id.in_(over)))


def _row(call: ModelCall) -> dict[str, object]:
    return dict(zip(_COLUMNS, _values(call), strict=True))  # `asdict` copies deeply, at fifty times the cost
