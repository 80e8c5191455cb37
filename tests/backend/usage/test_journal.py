"""Calls of a killed process are on record: the next one, or another worker, finds them in its journal."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.backend.store import Amount, ModelCall, Store
from chatapp.backend.turns.call_record import Asker, CallRecord
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.backend.usage import journal, ledger
from chatapp.backend.usage.journal import Journal
from chatapp.backend.usage.ledger import Ledger
from chatapp.backend.usage.left_behind import LeftBehind, left_in
from chatapp.errors import UpstreamUnavailableError
from chatapp.protocol.money import PICO
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import KEY, StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
GONE = this_process().rpartition(":")[0].rpartition(":")[0] + ":4194303:00000000"


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "calls"


class Asked:
    """A call that `observer` learns of as it goes; it has said `said_tokens`."""

    def __init__(self, observer: Ledger, call_id: str) -> None:
        self.said_tokens = 0
        self.attempts = Attempts()
        guess = lambda: TokenUsage(10, self.said_tokens, 10 + self.said_tokens)  # noqa: E731
        asker = Asker("ann", turn_id="t", surface="api")
        self.record = CallRecord(
            self.attempts, asker, model="m", guess=guess, call_id=call_id, pricer=Cents(), observers=[observer]
        )
        self.attempts.begin("paid", "m")

    def end(self) -> None:
        self.record.usage = TokenUsage(11, 5, 16)
        self.record.end("complete", None)


class Cents:
    """Knows that a token costs a picodollar."""

    def price(self, usage: TokenUsage, **_: object) -> tuple[int, str]:
        return usage.total_tokens, "connection"


def as_if_killed(folder: Path) -> None:
    """Leave a copy of each journal that nobody has locked, as a process leaves it that is killed now."""
    for number, file in enumerate(sorted(folder.glob("*.calls"))):
        shutil.copy(file, folder / f"left{number}.calls")


def told(call: ModelCall) -> tuple[Any, ...]:
    return call.id, call.status, call.error_code, call.prompt_tokens, call.completion_tokens, call.cost_pico


def on_record(store: Store) -> list[tuple[Any, ...]]:
    calls = store.model_calls.between(LONG_AGO)
    (spent,) = [store.usage.by("key", since=date(2000, 1, 1), until=date(2100, 1, 1)).total]
    assert spent.calls == len(calls)
    assert spent.cost_pico == sum(call.cost_pico or 0 for call in calls)
    return sorted(map(told, calls))


ENDED = ("a", "complete", None, 11, 5, 16)
LOST = ("b", "interrupted", None, 10, 7, 17)


def one_ended_one_asked(store: Store, written: Journal) -> Asked:
    """Write down that call a has ended and call b is being made, and return b."""
    ledger = Ledger(store.model_calls, written)
    for call_id in ("a", "b"):
        call = Asked(ledger, call_id)
        call.attempts.ask()
        if call_id == "a":
            call.end()
    return call


def test_calls_of_a_killed_process_are_on_record_once(store: Store, folder: Path) -> None:
    written = Journal(folder)
    call = one_ended_one_asked(store, written)
    call.said_tokens = 7
    written.follow()
    as_if_killed(folder)
    lost: list[str] = []
    left = LeftBehind(folder, store.reservations, Cents())
    following = Ledger(store.model_calls, left_behind=left, on_lost=lambda call: lost.append(call.id))
    asyncio.run(following.recover())
    assert on_record(store) == [ENDED, LOST]
    (folder / "left0.calls").write_bytes(next(folder.glob("*.calls")).read_bytes())  # it was killed on the way
    asyncio.run(following.recover())
    assert on_record(store) == [ENDED, LOST]
    assert set(lost) == {"b"}
    assert len(list(folder.iterdir())) == 1


def test_the_journal_of_a_living_process_is_left_alone(store: Store, folder: Path) -> None:
    living = Ledger(store.model_calls, Journal(folder))
    Asked(living, "a").attempts.ask()
    assert LeftBehind(folder, store.reservations, Cents()).write_down() == []
    assert on_record(store) == []
    assert len(list(folder.iterdir())) == 1


def test_a_try_that_had_failed_is_told_from_the_one_that_was_lost(store: Store, folder: Path) -> None:
    call = Asked(Ledger(store.model_calls, Journal(folder)), "b")
    call.attempts.ask()
    call.attempts.fail(UpstreamUnavailableError("It is away."))
    as_if_killed(folder)  # while it waits before it asks again
    assert [lost.id for lost in LeftBehind(folder, store.reservations, Cents()).write_down()] == ["b.0"]
    failed = ("b.0", "failed", "upstream_unavailable", None, None, 0)
    assert on_record(store) == [failed]
    call.attempts.begin("paid", "m")
    call.attempts.ask()
    as_if_killed(folder)
    assert {lost.id for lost in LeftBehind(folder, store.reservations, Cents()).write_down()} == {"b", "b.0"}
    assert on_record(store) == [("b", "interrupted", None, 10, 0, 10), failed]


def test_a_journal_that_is_cut_anywhere_tells_what_is_before(store: Store, folder: Path) -> None:
    killed = Ledger(store.model_calls, Journal(folder))
    for call_id in ("a", "b", "c"):
        call = Asked(killed, call_id)
        call.attempts.ask()
        call.end()
    (file,) = folder.glob("*.calls")
    content = file.read_bytes()
    seen = {tuple(call.id for call in left_in(content[:end]).ended) for end in range(len(content))}
    assert seen == {(), ("a",), ("a", "b"), ("a", "b", "c")}
    assert left_in(b"\xff\n{}\n[]\n" + content) == left_in(content)


@pytest.mark.parametrize(
    "nonsense",
    [
        b'{"begun":["x","ann",null,"api","c","m",1e30,3]}',
        b'{"calls":[{"id":"x","owner":"","connection":"","model":"","status":"complete","duration_ms":0,'
        b'"created_at":"0001-01-01T00:00:00+14:00"}],"has_ended":true}',
    ],
)
def test_a_line_that_no_store_can_hold_keeps_the_others_not_out(nonsense: bytes, store: Store, folder: Path) -> None:
    call = Asked(Ledger(store.model_calls, Journal(folder)), "b")
    call.attempts.ask()
    as_if_killed(folder)
    left = folder / "left0.calls"
    left.write_bytes(nonsense + b"\n" + left.read_bytes())
    LeftBehind(folder, store.reservations, Cents()).write_down()
    assert [told(call)[0] for call in store.model_calls.between(LONG_AGO)] == ["b"]
    assert not left.exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_what_is_no_file_is_no_journal(store: Store, folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"")
    os.mkfifo(folder / "pipe.calls")
    (folder / "folder.calls").mkdir()
    (folder / "link.calls").symlink_to(tmp_path / "elsewhere")
    before = len(os.listdir("/dev/fd"))
    assert LeftBehind(folder, store.reservations, Cents()).write_down() == []
    assert len(os.listdir("/dev/fd")) == before
    assert len(list(folder.iterdir())) == 3


def test_what_is_written_down_is_not_kept_twice(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_LONG", 2000)
    book = Ledger(store.model_calls, Journal(folder))
    waiting = Asked(book, "b")
    waiting.attempts.ask()
    for number in range(20):
        call = Asked(book, str(number))
        call.attempts.ask()
        call.end()
    (file,) = folder.glob("*.calls")
    assert file.stat().st_size > 4000
    asyncio.run(book.flush())
    assert left_in(file.read_bytes()).ended == []
    assert [call.id for call in left_in(file.read_bytes()).lost] == ["b"]
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    waiting.end()
    asyncio.run(book.flush())
    assert file.read_bytes() == b""
    asyncio.run(book.close())
    assert list(folder.iterdir()) == []


def test_where_no_journal_can_be_written_calls_are_on_record_all_the_same(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_bytes(b"no folder")
    book = Ledger(store.model_calls, Journal(folder))
    for call_id in ("a", "c"):
        call = Asked(book, call_id)
        call.attempts.ask()
        call.end()
        asyncio.run(book.flush())
    assert [call_id for call_id, *_ in on_record(store)] == ["a", "c"]
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert ["not on record if this process is killed" in record.getMessage() for record in warnings] == [True]
    folder.unlink()
    call = Asked(book, "d")
    call.attempts.ask()
    asyncio.run(book.flush())  # there is a folder again
    as_if_killed(folder)
    assert [lost.id for lost in LeftBehind(folder, store.reservations, Cents()).write_down()] == ["d"]


def test_what_can_never_be_stored_holds_no_other_call_back(store: Store, folder: Path) -> None:
    written = Journal(folder)
    one_ended_one_asked(store, written)
    known = {"owner": "ann", "connection": "c", "model": "m", "status": "complete", "created_at": datetime.now(UTC)}
    written.end(ModelCall(**known, duration_ms=2**63))
    as_if_killed(folder)
    assert [lost.id for lost in LeftBehind(folder, store.reservations, Cents()).write_down()] == ["b"]
    assert on_record(store) == [ENDED, ("b", "interrupted", None, 10, 0, 10)]
    assert len(list(folder.iterdir())) == 1


def test_on_a_full_disk_what_was_written_before_stays(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, left = Ledger(store.model_calls, Journal(folder)), LeftBehind(folder, store.reservations, Cents())
    calls = [Asked(book, call_id) for call_id in "abc"]
    for call in calls[:2]:
        call.attempts.ask()
    calls[0].end()
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, lines: write(file, lines[:20]))
        calls[2].attempts.ask()
    Asked(book, "d").attempts.ask()
    assert left.write_down() == []  # its process lives
    as_if_killed(folder)
    assert [lost.id for lost in left.write_down()] == ["b"]
    assert on_record(store) == [ENDED, ("b", "interrupted", None, 10, 0, 10)]
    asyncio.run(book.flush())  # there is room again
    as_if_killed(folder)
    assert sorted(lost.id for lost in left.write_down()) == ["b", "c", "d"]


def test_a_call_whose_only_try_failed_is_followed_by_nobody(store: Store, folder: Path) -> None:
    written = Journal(folder)
    call = Asked(Ledger(store.model_calls, written), "b")
    call.attempts.ask()
    call.attempts.fail(UpstreamUnavailableError("It is away."))
    call.attempts.take_back()  # a budget refuses what was to be asked in its place
    written.follow()
    assert call.record.so_far() == []


def test_what_a_call_took_goes_before_what_was_put_aside_for_it(store: Store, folder: Path) -> None:
    killed = Ledger(store.model_calls, Journal(folder))
    for call_id in ("a", "b"):
        call = Asked(killed, call_id)
        call.attempts.ask()
        with store.reservations.book(is_gone=lambda _: False) as book:
            most = call.record.so_far()[-1]
            most.completion_tokens, most.cost_pico = 4096, PICO
            book.reserve(most, Amount(PICO, 5000), process_id=GONE)
        if call_id == "a":
            call.end()
    as_if_killed(folder)
    for _ in range(2):
        with store.reservations.book(is_gone=is_gone) as book:  # another worker is asked first, and counts the most
            standing = book.standing(owner="ann", connection=None, since=date(2000, 1, 1))
    assert standing == (Amount(2 * PICO, 2 * (10 + 4096)), Amount(0, 0))
    LeftBehind(folder, store.reservations, Cents()).write_down()
    assert on_record(store) == [ENDED, ("b", "interrupted", None, 10, 4096, PICO)]


def test_what_a_call_took_goes_before_what_it_counted_as_while_its_process_was_silent(store: Store) -> None:
    living = Ledger(store.model_calls)
    call = Asked(living, "a")
    call.attempts.ask()
    with store.reservations.book(is_gone=lambda _: False) as book:
        most = call.record.so_far()[-1]
        most.completion_tokens, most.cost_pico = 4096, PICO
        book.reserve(most, Amount(PICO, 5000), process_id="stood still")
    with store.reservations.book(is_gone=lambda _: True):
        pass
    assert [cost for *_, cost in on_record(store)] == [PICO]
    call.end()
    asyncio.run(living.flush())
    assert on_record(store) == [ENDED]


def test_what_nobody_saw_the_end_of_counts_as_the_budget_put_it_aside(store: Store, folder: Path) -> None:
    call = Asked(Ledger(store.model_calls, Journal(folder)), "b")
    call.attempts.ask()
    with store.reservations.book(is_gone=lambda _: False) as book:
        most = call.record.so_far()[-1]
        most.completion_tokens, most.cost_pico = 4096, PICO
        book.reserve(most, Amount(PICO, 5000), process_id=GONE)
    as_if_killed(folder)
    (lost,) = LeftBehind(folder, store.reservations, Cents()).write_down()
    assert on_record(store) == [told(lost)] == [("b", "interrupted", None, 10, 4096, PICO)]
    with store.reservations.book(is_gone=is_gone) as book:
        standing = book.standing(owner="ann", connection=None, since=date(2000, 1, 1))
    assert standing == (Amount(PICO, 4106), Amount(0, 0))


def test_a_journal_follows_an_answer_and_holds_nothing_that_was_said(
    run_backend: RunBackend, stub: StubModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 0.05)
    backend = run_backend()
    stub.next(scripts.answer("a-secret-answer " * 10, scripts.PATIENCE_S, "no."))
    data = Path(backend.app.state.settings.data_dir)
    with backend.client.stream("a-secret-question") as events:
        next(event for event in events if getattr(event, "text", ""))

        def guesses() -> list[int | None]:
            return [call.completion_tokens for file in data.glob("calls/*") for call in left_in(file.read_bytes()).lost]

        wait_for(lambda: guesses() == [40])
        said = b"".join(file.read_bytes() for file in data.glob("calls/*"))
        assert [secret for secret in ("a-secret", KEY) if secret.encode() in said] == []
    backend.stop()
    assert list(data.glob("calls/*")) == []


@pytest.mark.parametrize(
    ("asked", "cost"), [({"temperature": 1}, 10), ({"web_search_options": {"user_location": None}}, None)]
)
def test_what_costs_more_than_its_tokens_is_of_unknown_price(
    store: Store, folder: Path, asked: dict[str, Any], cost: int | None
) -> None:
    call = Asked(Ledger(store.model_calls, Journal(folder)), "b")
    call.record.request = ModelRequest([], parameters=asked)
    call.attempts.ask()
    as_if_killed(folder)
    (lost,) = LeftBehind(folder, store.reservations, Cents()).write_down()
    assert (lost.prompt_tokens, lost.cost_pico) == (10, cost)


@pytest.mark.parametrize("odd", [{"model": "half \ud800"}, {"model": "no\0thing"}, {"prompt_tokens": 2**70}])
def test_what_cannot_be_written_as_it_is_is_written_without(store: Store, folder: Path, odd: dict[str, Any]) -> None:
    known = {"owner": "", "connection": "c", "status": "complete", "created_at": datetime.now(UTC), "duration_ms": 1}
    Journal(folder).end(ModelCall(**{**known, "model": "m", **odd}))
    as_if_killed(folder)
    LeftBehind(folder, store.reservations, Cents()).write_down()
    assert len(store.model_calls.between(LONG_AGO)) == 1
