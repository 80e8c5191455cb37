"""What is put aside of budgets for calls that are made just now, and what was spent of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, text, update

from chatapp.backend.store.database import Database
from chatapp.backend.store.model_calls import take_back, write_down
from chatapp.backend.store.records import ModelCall
from chatapp.backend.store.schema import model_calls, reservations, usage_days
from chatapp.backend.store.usage import EVERYBODY

SILENT_S = 15
"""After how long without a sign of life a process has given back what it put aside."""

_LOCK = 0x62756467


class Amount(NamedTuple):
    """Picodollars and tokens."""

    pico: int = 0
    tokens: int = 0


class Standing(NamedTuple):
    """What was spent of a budget since its period began, and what is put aside."""

    spent: Amount
    reserved: Amount


@dataclass(frozen=True, slots=True)
class Reservations:
    """The reservations of every process that shares the database."""

    database: Database

    @contextmanager
    def book(self, *, is_gone: Callable[[str], bool], reader: str = "") -> Iterator["Book"]:
        """Return the book, which nobody else writes until the block ends. `reader` is the process that reads it.

        Raises:
            StoreUnavailableError: it cannot be had.
        """
        with self.database.write(survives_power_cut=False) as connection:
            if not self.database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            book = Book(connection, self.database)
            book.settle_abandoned(is_gone, reader)
            yield book

    def heartbeat(self, process_id: str, active_ids: Collection[str]) -> None:
        """Note that the process still makes these calls."""
        if not active_ids:
            return
        mine = reservations.c.process_id == process_id, reservations.c.id == bindparam("call_id")
        beat = update(reservations).where(*mine).values(heartbeat_at=self.database.pulse())
        with self.database.write(survives_power_cut=False) as connection:
            # one by one: a statement takes 32,766 variables in SQLite, and more calls than that may wait
            connection.execute(beat, [{"call_id": call_id} for call_id in active_ids])


@dataclass(frozen=True, slots=True)
class Book:
    """The reservations within one transaction."""

    connection: Connection
    database: Database

    def settle_abandoned(self, is_gone: Callable[[str], bool], reader: str) -> None:
        """Write down as spent what calls have probably taken whose process is gone, or silent for `SILENT_S`.

        The vendor will ask for it, and nobody is left to say what it is. The `reader` lives, however busy it is.
        """
        makers = list(self.connection.scalars(select(reservations.c.process_id).distinct()))
        gone = [maker for maker in makers if is_gone(maker)]
        is_silent = self.database.is_long_ago(reservations.c.heartbeat_at, seconds=SILENT_S)
        is_abandoned = or_(reservations.c.process_id.in_(gone), and_(is_silent, reservations.c.process_id != reader))
        abandoned = self.connection.execute(
            select(reservations.c.id, reservations.c.estimate).where(is_abandoned)
        ).all()
        if abandoned:
            write_down(self.connection, [_call(row.id, row.estimate) for row in abandoned if row.estimate])
            self.release([row.id for row in abandoned])

    def recover(self, ended: Sequence[ModelCall], lost: Sequence[ModelCall]) -> list[ModelCall]:
        """Write down calls of a killed process, as far as they are not, and return the `lost` ones as they are now.

        What a call that had `ended` took goes before what it was counted as because its process was gone. A lost one,
        of which nobody saw the end, counts as was put aside for it if anything was.
        """
        take_back(self.connection, [call.id for call in ended])
        write_down(self.connection, ended)
        held = set(self.connection.scalars(select(reservations.c.id)))  # by a process of which nobody knows yet
        write_down(self.connection, [call for call in lost if call.id not in held])
        ids = [call.id for call in lost]
        rows = self.connection.execute(select(model_calls).where(model_calls.c.id.in_(ids)))
        return [ModelCall(**row._mapping) for row in rows]

    def standing(self, *, owner: str | None, connection: str | None, since: date) -> Standing:
        """Return how a budget stands: that of an owner, or of a connection, or of all.

        What is put aside is read first: a call that is settled between the two counts twice then, never not at all.
        """
        held = select(func.sum(reservations.c.cost_pico), func.sum(reservations.c.tokens))
        if owner is not None:
            held = held.where(reservations.c.owner == owner)
        if connection is not None:
            held = held.where(reservations.c.connection == connection)
        reserved = self.connection.execute(held).one()
        return Standing(self._spent(owner, connection, since), Amount(int(reserved[0] or 0), int(reserved[1] or 0)))

    def _spent(self, owner: str | None, connection: str | None, since: date) -> Amount:
        days = usage_days.c
        tokens = func.sum(days.prompt_tokens) + func.sum(days.completion_tokens)
        query = select(func.sum(days.cost_pico), tokens).where(days.day >= since.isoformat())
        query = query.where(days.owner == (EVERYBODY if owner is None else owner))
        if connection is None:
            query = query.where(days.dimension == "day")
        else:
            query = query.where(days.dimension == "connection", days.name == connection)
        spent = self.connection.execute(query).one()
        return Amount(int(spent[0] or 0), int(spent[1] or 0))

    def release(self, call_ids: Iterable[str]) -> None:
        """Give back what was put aside for calls, as far as anything was."""
        ids = [{"call_id": call_id} for call_id in call_ids]
        if ids:
            self.connection.execute(delete(reservations).where(reservations.c.id == bindparam("call_id")), ids)

    def reserve(self, estimate: ModelCall, amount: Amount, *, process_id: str) -> None:
        """Put `amount` aside until a call is written down.

        `estimate` is the call with what it will probably have taken, should its process die.
        """
        row = insert(reservations).values(
            id=estimate.id,
            process_id=process_id,
            heartbeat_at=self.database.pulse(),
            owner=estimate.owner,
            connection=estimate.connection,
            cost_pico=amount.pico,
            tokens=amount.tokens,
            estimate={**asdict(estimate), "created_at": estimate.created_at.isoformat()},
        )
        self.connection.execute(row)


def _call(call_id: str, estimate: dict[str, Any]) -> ModelCall:
    return ModelCall(**{**estimate, "id": call_id, "created_at": datetime.fromisoformat(estimate["created_at"])})
