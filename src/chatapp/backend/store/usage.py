"""What calls to models have taken, added up by day: a million of them are looked at as quickly as a thousand.

Each call is in several rows of its day: one for the day and one each for its model, its connection and its surface, of
its owner and of everybody. So no view reads more than it shows; one table by all of them at once took 0.4 s a year.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from functools import cache
from itertools import pairwise, product
from typing import Literal, NamedTuple

from sqlalchemy import Connection, Row, func, select

from chatapp.backend.store.database import Database
from chatapp.backend.store.prepared import Prepared, own_insert
from chatapp.backend.store.records import ModelCall
from chatapp.backend.store.schema import (
    DURATION_COUNTS,
    EDGES_MS,
    FIRST_TOKEN_COUNTS,
    USAGE_COUNTS,
    USAGE_KEY,
    model_calls,
    turns,
    usage_days,
)
from chatapp.protocol.usage_resources import Percentiles

Dimension = Literal["day", "model", "connection", "key", "surface"]
"""What usage can be told by; `key` is the owner: the name of the API key."""

EVERYBODY = "*"
"""The owner of rows that are about all owners; no key has that name."""

_FAILED = frozenset({"failed", "incomplete", "interrupted"})
_MOST = dict.fromkeys(("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"), 2**31)
_MOST["cost_pico"] = 2**50
"""What makes no sense is not added, as `TokenCount` does not keep it."""

_HISTOGRAMS = (*FIRST_TOKEN_COUNTS, *DURATION_COUNTS)
_SUMMED = (*USAGE_COUNTS, *_HISTOGRAMS)


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """What some calls have taken together. `name` is what they have in common: a day, a model, …

    `unpriced` are calls whose price is not known, which `cost_pico` is without; of `estimated` ones the tokens were
    not counted by the server. The percentiles are None where no call has the time; `duration_ms` is of whole answers.
    """

    name: str
    calls: int = 0
    failures: int = 0
    unpriced: int = 0
    estimated: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cost_pico: int = 0
    first_token_ms: Percentiles | None = None
    duration_ms: Percentiles | None = None


class UsageReport(NamedTuple):
    """Usage in parts, in the order of their names where these are days, else the dearest first; and all of it."""

    rows: list[UsageTotals]
    total: UsageTotals


@dataclass(frozen=True, slots=True)
class UsageByDay:
    """What calls have taken, by UTC day, model, connection, key and surface."""

    database: Database

    def by(self, dimension: Dimension, *, since: date, until: date, owner: str | None = None) -> UsageReport:
        """Return the usage of the days from `since` to `until`, both included; of all owners unless one is named."""
        by_key = dimension == "key"
        column = usage_days.c.owner if by_key else usage_days.c.name
        query = select(column.label("name"), *(func.sum(usage_days.c[name]).label(name) for name in _SUMMED))
        query = query.where(usage_days.c.dimension == ("day" if by_key else dimension))
        query = query.where(usage_days.c.day.between(since.isoformat(), until.isoformat()))
        if by_key and owner is None:
            query = query.where(usage_days.c.owner != EVERYBODY)
        else:
            query = query.where(usage_days.c.owner == (EVERYBODY if owner is None else owner))
        with self.database.read() as connection:
            found = connection.execute(query.group_by(column).order_by(column)).all()
        rows = [_totals(row.name, [int(count) for count in row[1:]]) for row in found]
        if dimension != "day":
            rows.sort(key=lambda row: (-row.cost_pico, -row.prompt_tokens - row.completion_tokens, row.name))
        return UsageReport(rows, _totals("", [sum(map(int, counts)) for counts in list(zip(*found, strict=True))[1:]]))

    def of_conversation(self, conversation_id: str, *, owner: str) -> UsageTotals:
        """Return what all answers of a conversation have taken, also those that are not on the branch on show."""
        in_it = turns.c.conversation_id == conversation_id
        joined = select(model_calls).join(turns, turns.c.id == model_calls.c.turn_id)
        with self.database.read() as connection:
            rows = connection.execute(joined.where(in_it, turns.c.owner == owner)).all()
        return _totals("", _added(rows))


def add_usage(connection: Connection, calls: Iterable[ModelCall | Row[ModelCall]], *, sign: int = 1) -> None:
    """Add calls to what their days have taken, in the transaction that writes them down; `sign` -1 takes them out."""
    groups: dict[tuple[date, str, str, str, str], list[ModelCall | Row[ModelCall]]] = {}
    for call in calls:
        began = call.created_at.astimezone(UTC).date()
        groups.setdefault((began, call.owner, call.connection, call.model, call.surface or ""), []).append(call)
    sums: dict[tuple[str, ...], list[int]] = {}
    for (began, owner, connected, model, surface), group in groups.items():
        added, day = [sign * count for count in _added(group)], began.isoformat()
        names = {"day": day, "model": model, "connection": connected, "surface": surface}
        for (dimension, name), whose in product(names.items(), (owner, EVERYBODY)):
            key = (dimension, whose, day, name)
            sums[key] = [one + other for one, other in zip(sums[key], added, strict=True)] if key in sums else added
    rows = [dict(zip((*USAGE_KEY, *_SUMMED), (*key, *sums[key]), strict=True)) for key in sorted(sums)]
    if rows:  # in one order, whoever writes: PostgreSQL's locks would else wait for each other
        _upsert(connection.dialect.name).run_many(connection, rows)


@cache
def _upsert(dialect: str) -> Prepared:
    """Return the statement that adds rows to those that are there; to build it takes longer than to run it."""
    insert = own_insert(usage_days, dialect)
    grown = {name: usage_days.c[name] + insert.excluded[name] for name in _SUMMED}
    return Prepared(insert.on_conflict_do_update(index_elements=USAGE_KEY, set_=grown), (*USAGE_KEY, *_SUMMED))


def _added(calls: Sequence[ModelCall | Row[ModelCall]]) -> list[int]:
    """Return the sums of `_SUMMED`."""
    sums = dict.fromkeys(_SUMMED, 0)
    sums["calls"] = len(calls)
    sums["failures"] = sum([call.status in _FAILED for call in calls])
    sums["unpriced"] = sum([call.cost_pico is None for call in calls])
    sums["estimated"] = sum([bool(call.is_estimated) for call in calls])
    for name, most in _MOST.items():
        sums[name] = sum([value for call in calls if (value := getattr(call, name)) and 0 <= value < most])
    first = [bisect_right(EDGES_MS, call.first_token_ms) for call in calls if call.first_token_ms is not None]
    for place, count in Counter(first).items():
        sums[FIRST_TOKEN_COUNTS[place]] = count
    whole = [bisect_right(EDGES_MS, call.duration_ms) for call in calls if call.status == "complete"]
    for place, count in Counter(whole).items():
        sums[DURATION_COUNTS[place]] = count
    return list(sums.values())


def _totals(name: str, sums: Sequence[int]) -> UsageTotals:
    counts, times = sums[: len(USAGE_COUNTS)], sums[len(USAGE_COUNTS) :]
    return UsageTotals(
        name,
        **dict(zip(USAGE_COUNTS, counts, strict=False)),
        first_token_ms=_percentiles(times[: len(FIRST_TOKEN_COUNTS)]),
        duration_ms=_percentiles(times[len(FIRST_TOKEN_COUNTS) :]),
    )


def _percentiles(counts: Sequence[int]) -> Percentiles | None:
    return Percentiles(_percentile(counts, 0.5), _percentile(counts, 0.95)) if any(counts) else None


def _percentile(counts: Sequence[int], share: float) -> int:
    """Return the milliseconds below which that share of the calls is, as if they were even between two `EDGES_MS`."""
    wanted = share * sum(counts)
    for count, (low, high) in zip(counts, pairwise((0, *EDGES_MS, EDGES_MS[-1])), strict=True):
        if count and wanted <= count:
            return round(low + (high - low) * wanted / count)
        wanted -= count
    return EDGES_MS[-1]
