"""One turn on its own: what ends it, and what saving it takes."""

import asyncio
import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.models.attempts import Destination
from chatapp.backend.models.chat_model import Batch, ModelRequest
from chatapp.backend.models.failover import Candidate, FailoverStream
from chatapp.backend.models.member import Member, ModelConnection
from chatapp.backend.store import Store, StoredTurn
from chatapp.backend.turns.held_record import HeldTurnRecord
from chatapp.backend.turns.keeper import Keeper
from chatapp.backend.turns.record import TurnRecord
from chatapp.backend.turns.remote import RemoteTurn
from chatapp.backend.turns.runner import TurnRunner
from chatapp.backend.turns.turn import Turn
from chatapp.backend.usage.journal import Journal
from chatapp.backend.usage.ledger import Ledger
from chatapp.config.settings import Settings
from chatapp.errors import BudgetExceededError, StoreUnavailableError, UpstreamUnavailableError
from chatapp.protocol.events import Reasoning, Text
from chatapp.protocol.messages import Message
from chatapp.protocol.question import Question
from chatapp.providers.connection import Upstream
from support.saved_turns import begin_turn, save_turn


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """An empty store in a file."""
    return sqlite_store


def test_an_answer_is_kept_without_what_cannot_be_stored_beside_it(store: Store) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE UPDATE OF usage ON turns WHEN new.usage IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'no such value'); END"
        )
    begun = begin_turn(store, Question(owner="ada", prompt="Why?"), process_id="p", fallback_model="m")
    turn = Turn("m", turn_id=begun.turn_id, owner="ada", conversation_id=begun.conversation_id)
    turn.append(Text("Because."))
    turn.usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

    asyncio.run(TurnRecord(store).finish(turn, None, latency_ms=5))

    kept = store.turns.get(begun.turn_id, owner="ada")
    assert (kept.status, kept.text, kept.usage) == ("complete", "Because.", None)


def test_an_answer_that_is_saved_once_is_kept_without_what_cannot_be_stored_beside_it(store: Store) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON turns WHEN new.usage IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'no such value'); END"
        )
    held = HeldMessages([{"role": "user", "content": "Why?"}])
    question, keeper = Question(prompt=None, store=True, held=held), Keeper(store, has_others=lambda: False)
    turn, record = Turn("m"), HeldTurnRecord(store, keeper, question, held, fallback_model="m")
    turn.append(Text("Because."))
    turn.usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

    asyncio.run(record.finish(turn, None, latency_ms=5))

    kept = store.turns.get(turn.id, owner="")
    assert (kept.status, kept.text, kept.usage) == ("complete", "Because.", None)


def test_an_answer_that_can_never_be_kept_is_not_lost_by_that(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with store.database.write() as connection:
        refusal = "BEGIN SELECT RAISE(ABORT, 'no such value'); END"
        connection.exec_driver_sql(f"CREATE TRIGGER refuse BEFORE INSERT ON turns {refusal}")
    held = HeldMessages([{"role": "user", "content": "Why?"}])
    question, keeper = Question(prompt=None, store=True, held=held), Keeper(store, has_others=lambda: False)
    turn, record = Turn("m"), HeldTurnRecord(store, keeper, question, held, fallback_model="m")
    turn.append(Text("Because."))

    asyncio.run(record.finish(turn, None, latency_ms=5))

    assert "this answer is not kept" in caplog.text
    assert "IntegrityError" in caplog.text
    assert not store.conversations.page(owner="").items


UPSTREAM_AWAY = UpstreamUnavailableError("the model server cannot be reached.")


class Failing:
    """A model that fails `at` a point, and calls `on_end` just then."""

    name = connection = model = "m"
    prefix = ""
    notices = ()

    def __init__(self, at: str, on_end: Callable[[], object]) -> None:
        self._at = at
        self._on_end = on_end

    def connection_for(self, _: str) -> str:
        return self.name

    async def open(self, _: ModelRequest) -> "Failing":
        if self._at == "its first byte":
            self._on_end()
            raise UPSTREAM_AWAY.fresh()
        return self

    async def read(self) -> Batch:
        return Batch(failure=UPSTREAM_AWAY.fresh(), is_last=True)

    async def close(self) -> None:
        self._on_end()
        await asyncio.sleep(0)


def begun(store: Store) -> Turn:
    turn = begin_turn(store, Question(prompt="Why?", store=True), process_id="p", fallback_model="m")
    return Turn("m", turn_id=turn.turn_id, conversation_id=turn.conversation_id, outlives_readers=True)


@pytest.mark.parametrize("steps_later", [1, 2, 3])
@pytest.mark.parametrize("at", ["its first byte", "a later one"])
def test_a_stop_just_behind_a_failure_does_not_hide_it(at: str, steps_later: int, store: Store, tmp_path: Path) -> None:
    turn = begun(store)

    def stop_soon(steps: int = steps_later) -> None:
        if steps:
            asyncio.get_running_loop().call_soon(partial(stop_soon, steps - 1))
        else:
            turn.stop()

    async def run() -> None:
        model: Any = Failing(at, stop_soon)
        request = ModelRequest([Message.of("user", "Why?")])
        settings = Settings(data_dir=tmp_path)
        await TurnRunner(turn, request, model=model, settings=settings, record=TurnRecord(store)).run()

    asyncio.run(run())
    assert turn.failure is not None
    assert turn.failure.code == "upstream_unavailable"
    assert store.turns.get(turn.id, owner="").status == "failed"


class Telling(Failing):
    """A model whose answer is `pieces`."""

    def __init__(self, pieces: list[Text | Reasoning]) -> None:
        self._pieces = pieces

    async def open(self, _: ModelRequest) -> "Telling":
        return self

    async def read(self) -> Batch:
        batch = Batch(finish_reason="stop", is_last=True)
        for piece in self._pieces:
            batch.add(type(piece), piece.text)
        return batch

    async def close(self) -> None:
        pass


def test_what_no_store_can_hold_is_told_as_it_is_stored(store: Store, tmp_path: Path) -> None:
    turn = begun(store)
    model: Any = Telling([Reasoning("h\0m"), Text("a\0\r\n"), Reasoning("so"), Text("\0b")])

    async def run() -> None:
        request = ModelRequest([Message.of("user", "Why?")])
        settings = Settings(data_dir=tmp_path)
        await TurnRunner(turn, request, model=model, settings=settings, record=TurnRecord(store)).run()

    asyncio.run(run())
    kept = store.turns.get(turn.id, owner="")
    assert (kept.text, kept.reasoning) == (turn.text, turn.reasoning) == ("a\ufffd\n\ufffdb", "h\ufffdmso")


class Hesitant:
    """A gate that does not say in time whether the first connection may be asked, and lets none ask the second."""

    def concerns(self, _: str) -> bool:
        return True

    async def admit(self, *_: Any, destination: Destination, **__: Any) -> Any:
        if destination.connection == "first":
            await asyncio.Event().wait()
        raise BudgetExceededError("The budget has not enough left.")

    def done(self, _: str) -> None:
        pass

    async def settle(self, _: str) -> None:
        pass


class Unasked:
    """A connection that is never asked."""

    first_content_s = 0.0

    def __init__(self, name: str) -> None:
        self.upstream = Upstream("http://127.0.0.1:9/v1", "m", "x", "y", name=name)

    def window_told(self, model: str) -> int | None:
        pass


def test_a_call_that_no_server_was_asked_is_not_left_open(store: Store, tmp_path: Path) -> None:
    candidates = [Candidate(Member(cast("ModelConnection", Unasked(name))), "m") for name in ("first", "second")]
    ledger = Ledger(store.model_calls, Journal(tmp_path / "calls"))

    class Routed(Failing):
        async def open(self, request: ModelRequest) -> Any:
            return await FailoverStream.open(candidates, request)

    async def run() -> None:
        request, gate, model = ModelRequest([Message.of("user", "Why?")]), Hesitant(), Routed("never", lambda: None)
        options: dict[str, Any] = {"model": model, "settings": Settings(data_dir=tmp_path), "gate": gate}
        await TurnRunner(Turn("m"), request, observers=[ledger], **options).run()
        await ledger.flush()

    asyncio.run(run())
    (call,) = store.model_calls.between(datetime(2000, 1, 1, tzinfo=UTC))
    assert (call.status, call.error_code, call.cost_pico) == ("failed", "upstream_timeout", 0)
    assert [file.stat().st_size for file in (tmp_path / "calls").iterdir()] == [0]


def test_what_was_saved_is_not_looked_at_again(store: Store) -> None:
    turn, record = begun(store), TurnRecord(store)
    turn.entries = Counting(turn.entries)

    async def save_often() -> None:
        for _ in range(10):
            for number in range(100):
                turn.append(Text(f"{number} ") if number % 2 else Reasoning("h"))
            await record.save(turn)

    asyncio.run(save_often())
    assert turn.entries.seen <= 2 * 1000 + 2
    saved = store.turns.get(turn.id, owner="")
    assert (saved.text, saved.segments) == (turn.text, turn.segments())


class Counting(list[Any]):
    """A list that counts how many of its items were taken in slices; `__iter__` takes all."""

    seen = 0

    def __getitem__(self, index: Any) -> Any:
        taken = super().__getitem__(index)
        self.seen += len(taken) if isinstance(index, slice) else 1
        return taken

    def __iter__(self) -> Any:
        self.seen += len(self)
        return super().__iter__()


def test_what_was_thought_is_saved_anew_once(store: Store) -> None:
    turn, record = begun(store), TurnRecord(store)
    chunks = "SELECT count(*) FROM turn_chunks"

    async def think() -> int:
        turn.append(Text("hm, so"))
        await record.save(turn)
        turn.recast()
        for word in ("one", " two", " three"):
            turn.append(Text(word))
            await record.save(turn)
        with store.database.read() as connection:
            return int(connection.exec_driver_sql(chunks).scalar() or 0)

    assert asyncio.run(think()) == 3
    saved = store.turns.get(turn.id, owner="")
    assert (saved.text, saved.reasoning, saved.segments) == ("one two three", "hm, so", turn.segments())


def test_a_save_that_failed_is_made_up_for_by_the_next(store: Store) -> None:
    turn, record, path = begun(store), TurnRecord(store), store.database.path
    assert path is not None

    async def save_in_vain() -> None:
        turn.append(Text("one"))
        await record.save(turn)
        turn.append(Text(" two"))
        path.rename(path.with_suffix(".away"))
        with pytest.raises(StoreUnavailableError):
            await record.save(turn)
        path.with_suffix(".away").rename(path)
        turn.append(Text(" three"))
        await record.save(turn)

    asyncio.run(save_in_vain())
    assert store.turns.get(turn.id, owner="").text == "one two three"


@pytest.mark.parametrize("case", ["nothing before", "as it grows", "while it is begun", "begun in vain"])
def test_what_its_client_holds_is_saved_once_however_much_was_saved_before(case: str, store: Store) -> None:
    held, path = HeldMessages([{"role": "user", "content": "Why?"}]), store.database.path
    question = Question(prompt=None, store=True, held=held)
    keeper = Keeper(store, has_others=lambda: False)
    turn, record = Turn("m"), HeldTurnRecord(store, keeper, question, held, fallback_model="m")
    assert path is not None

    async def run() -> None:
        turn.append(Text("one"))
        if case == "as it grows":
            assert not await record.save(turn)
        elif case == "while it is begun":
            saving = asyncio.create_task(record.save(turn))
            await asyncio.sleep(0)
            saving.cancel()
        elif case == "begun in vain":
            path.rename(path.with_suffix(".away"))
            with pytest.raises(StoreUnavailableError):
                await record.save(turn)
            path.with_suffix(".away").rename(path)
        turn.append(Text(" two"))
        await record.finish(turn, None, latency_ms=1)

    asyncio.run(run())
    (conversation,) = store.conversations.page(owner="").items
    said = store.messages.all(conversation.id, owner="")
    assert [(message.content, message.status) for message in said] == [("Why?", "complete"), ("one two", "complete")]
    assert said[1].turn_id == turn.id
    assert turn.conversation_id == conversation.id


def test_an_answer_of_many_changes_is_read_from_the_store_in_linear_time(store: Store) -> None:
    def seconds(changes: int) -> float:
        turn = begun(store)
        piece = "x" * 500
        segments = [["start", 1], *[["text", 500], ["reasoning", 500]] * changes]
        text = piece * changes
        save_turn(store, turn.id, text=text, reasoning=text, segments=segments)
        stored = store.turns.get(turn.id, owner="")
        took_s = min(_seconds_to_read(stored, store) for _ in range(3))
        remote = RemoteTurn(stored, store, owner="")
        assert (remote.text, remote.reasoning) == (text, text)
        assert remote.segments() == segments
        return took_s

    short_s, long_s = seconds(3_000), seconds(12_000)
    assert long_s < 0.1 or long_s / short_s < 9


def _seconds_to_read(stored: StoredTurn, store: Store) -> float:
    gc.disable()  # it looks at all that lives, now and then
    began = time.process_time()
    RemoteTurn(stored, store, owner="")
    took_s = time.process_time() - began
    gc.enable()
    return took_s
