"""A clock that is set, ahead or back, changes neither what is on top nor who lives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from chatapp.backend.store import (
    BegunTurn,
    Conversations,
    Store,
    TrustedClock,
    Turns,
    database,
    identity,
    trusted_clock,
)
from chatapp.backend.store.database import Database
from chatapp.backend.store.schema import turns
from support.saved_turns import save_turn

Ask = Callable[..., BegunTurn]


def clock_that_is(ahead: timedelta) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    return Clock


def titles(store: Store) -> list[str | None]:
    return [conversation.title for conversation in store.conversations.page(owner="ada").items]


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(days=-400)], ids=["ahead", "behind"])
def test_what_is_new_stands_at_the_top(
    ask: Ask, store: Store, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    first = ask("One")
    with monkeypatch.context() as wrong:
        wrong.setattr(identity, "datetime", clock_that_is(ahead))
        ask("Two")
        assert titles(store) == ["Two", "One"]
    ask("Three")
    assert titles(store) == ["Three", "Two", "One"]
    ask("More", conversation_id=first.conversation_id)
    assert titles(store) == ["One", "Three", "Two"]


def test_other_peoples_clocks_do_not_count(ask: Ask, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as wrong:
        wrong.setattr(identity, "datetime", clock_that_is(timedelta(days=400)))
        ask("One", owner="bob")
    ask("Two")
    (mine,) = store.conversations.page(owner="ada").items
    assert abs(mine.updated_at - datetime.now(UTC)) < timedelta(hours=1)


def test_nobody_is_silent_because_a_clock_was_set(begin: Ask, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begin()
    monkeypatch.setattr(database, "datetime", clock_that_is(timedelta(hours=1)))
    assert store.turns.interrupt_orphans() == []


@pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
def test_who_lived_before_the_machine_was_started_is_silent(begin: Ask, store: Store) -> None:
    begun = begin()
    before = datetime.fromtimestamp(time.monotonic() + 3600, UTC)
    with store.database.write() as connection:
        connection.execute(update(turns).values(heartbeat_at=before))
    assert store.turns.interrupt_orphans() == [begun.turn_id]


@pytest.fixture
def shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., timedelta | None]:
    """Return a look at the clock that shows so many days from now on; what can be trusted is so many days from now."""
    present = datetime.now(UTC)

    def look(days: float) -> timedelta | None:
        monkeypatch.setattr(trusted_clock, "now", lambda: present + timedelta(days=days))
        trusted = TrustedClock(tmp_path).look()  # each look may be another process's
        return trusted and trusted - present

    return look


def test_a_clock_is_trusted_after_a_day(shows: Callable[..., timedelta | None]) -> None:
    assert [shows(days) for days in (0, 0.5, 1, 1.5, 2.5, 400, 401)] == [
        None if day is None else timedelta(days=day) for day in (None, None, 0, 0, 1, 2.5, 400)
    ]


def test_a_clock_that_was_ahead_for_a_moment_is_not_trusted(shows: Callable[..., timedelta | None]) -> None:
    shows(0)
    told = [shows(days) for days in (1, 400, 400.9, 1.1, 401, 2)]
    assert told == [None if day is None else timedelta(days=day) for day in (0, 1, 1, None, 1, 1)]


def test_what_the_clock_showed_is_remembered_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = TrustedClock(Path(__file__))
    assert clock.look() is None
    monkeypatch.setattr(identity, "datetime", clock_that_is(timedelta(days=2)))
    assert clock.look()


def test_deleted_conversations_are_kept_for_30_days_before_the_moment_that_is_told(ask: Ask, store: Store) -> None:
    store.conversations.delete(ask("One").conversation_id, owner="ada")
    present = datetime.now(UTC)
    assert store.conversations.purge_expired(as_of=present + timedelta(days=29)) == 0
    assert store.conversations.purge_expired(as_of=present + timedelta(days=31)) == 1


class Crowded(Database):
    """A database in which another writes first, whenever somebody wants to."""

    def __init__(self, store: Store, first: Callable[[], object]) -> None:
        vars(self).update(vars(store.database))
        self._first = first

    @contextmanager
    def write(self, *, survives_power_cut: bool = True) -> Iterator[Connection]:
        self._first()
        with super().write(survives_power_cut=survives_power_cut) as connection:
            yield connection


def test_conversation_that_is_restored_while_others_are_purged_stays(ask: Ask, store: Store) -> None:
    ids = [ask(title).conversation_id for title in ("One", "Two")]
    for conversation_id in ids:
        store.conversations.delete(conversation_id, owner="ada")
    crowded = Conversations(Crowded(store, first=lambda: store.conversations.restore(ids[1], owner="ada")))
    assert crowded.purge_expired(kept=timedelta(seconds=-1)) == 1
    assert titles(store) == ["Two"]


def test_turn_that_is_saved_while_others_are_looked_for_is_left_alone(begin: Ask, store: Store) -> None:
    begun = begin()
    crowded = Turns(Crowded(store, first=lambda: save_turn(store, begun.turn_id, text="Half an", segments=[])))
    assert crowded.interrupt_orphans() == []
    assert store.turns.get(begun.turn_id, owner="ada").status == "streaming"
