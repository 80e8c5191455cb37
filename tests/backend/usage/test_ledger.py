"""Every call to a model is on record, whatever became of it and of its conversation."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from chatapp.backend import tasks
from chatapp.backend.store import ModelCall, Store
from chatapp.backend.store.database import Database
from chatapp.backend.usage import ledger
from chatapp.client import BackendClient
from chatapp.errors import ChatappError, StoreUnavailableError
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

REFUSED_SEED = {"error": {"message": "Unrecognized request argument supplied: `seed`", "param": "seed"}}

RunBackend = Callable[..., RunningBackend]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write ten times as often as in earnest."""
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 0.1)


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """The backend's store, opened beside it."""
    return sqlite_store


def calls(store: Store, count: int = 1) -> list[ModelCall]:
    """Give the calls on record, once there are `count`."""
    wait_for(lambda: len(store.model_calls.between(LONG_AGO)) >= count)
    return store.model_calls.between(LONG_AGO)


def test_an_answer_that_is_not_kept_is_on_record(backend: RunningBackend, store: Store) -> None:
    answer = backend.client.ask("Why?")
    (call,) = calls(store)
    assert (call.status, call.error_code, call.turn_id) == ("complete", None, answer.turn_id)
    assert (call.connection, call.model, call.owner) == ("default", "stub-model", "")
    assert answer.usage is not None
    assert (call.prompt_tokens, call.completion_tokens) == (
        answer.usage["prompt_tokens"],
        answer.usage["completion_tokens"],
    )
    assert call.first_token_ms is not None
    assert 0 <= call.first_token_ms <= call.duration_ms


def test_a_call_belongs_to_who_asked(run_backend: RunBackend, store: Store) -> None:
    backend = run_backend(api_keys="ada:a-key")
    headers = {"Authorization": "Bearer a-key"}
    requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, headers=headers, timeout=10)
    assert [call.owner for call in calls(store)] == ["ada"]


def test_a_refused_question_is_on_record(backend: RunningBackend, stub: StubModel, store: Store) -> None:
    stub.next(scripts.status(401))
    with pytest.raises(ChatappError):
        backend.client.ask("Why?")
    (call,) = calls(store)
    assert (call.status, call.error_code, call.first_token_ms) == ("failed", "upstream_auth", None)


def test_what_a_server_does_not_count_is_estimated(backend: RunningBackend, stub: StubModel, store: Store) -> None:
    stub.next(scripts.answer("The capital of France is Paris.", usage=False))
    answer = backend.client.ask("What is the capital of France?")
    (call,) = calls(store)
    assert answer.usage is None
    assert answer.usage_details is not None
    assert answer.usage_details["estimated"]
    assert call.is_estimated
    assert call.prompt_tokens == answer.usage_details["prompt_tokens"]
    assert 6 <= (call.prompt_tokens or 0) <= 13
    assert 5 <= (call.completion_tokens or 0) <= 9


def test_a_refused_question_took_no_tokens_and_cost_nothing(
    backend: RunningBackend, stub: StubModel, store: Store
) -> None:
    stub.next(scripts.status(401))
    with pytest.raises(ChatappError):
        backend.client.ask("Why?")
    (call,) = calls(store)
    assert (call.prompt_tokens, call.completion_tokens, call.cost_pico) == (None, None, 0)


def test_a_stopped_answer_is_on_record(backend: RunningBackend, stub: StubModel, store: Store) -> None:
    stub.next(scripts.answer("a", 5, "b"))
    stream = backend.client.stream("Why?")
    next(event for event in stream if getattr(event, "text", ""))
    stream.close()
    (call,) = calls(store)
    assert (call.status, call.is_estimated) == ("stopped", True)
    assert (call.prompt_tokens or 0) > 0
    assert call.first_token_ms is not None


def test_a_question_that_was_too_long_counts_both_its_calls(
    backend: RunningBackend, stub: StubModel, store: Store
) -> None:
    stub.next(scripts.status(400, "maximum context length is 60 tokens", code="context_length_exceeded"))
    earlier = [{"role": "user", "content": "long " * 60}, {"role": "assistant", "content": "Hm."}] * 2
    backend.client.ask("Why?", messages=earlier)
    assert sorted(call.status for call in calls(store, 2)) == ["complete", "failed"]


def test_each_try_is_a_call_of_its_own(backend: RunningBackend, stub: StubModel, store: Store) -> None:
    stub.next(scripts.status(503), scripts.answer("Because"))
    backend.client.ask("Why?")
    first, second = calls(store, 2)
    assert (first.status, first.error_code, first.connection) == ("failed", "upstream_unavailable", "default")
    assert (first.owner, first.turn_id, first.model) == (second.owner, second.turn_id, second.model)
    assert (first.completion_tokens, first.first_token_ms) == (None, None)
    assert (second.status, second.error_code) == ("complete", None)
    apart_ms = (second.created_at - first.created_at).total_seconds() * 1000
    assert first.duration_ms <= apart_ms + 1 < second.duration_ms + apart_ms + 2


def test_a_try_that_is_refused_like_the_one_before_is_on_record_too(
    backend: RunningBackend, stub: StubModel, store: Store
) -> None:
    stub.next(scripts.status(503), scripts.status(401))
    with pytest.raises(ChatappError):
        backend.client.ask("Why?")
    assert [call.error_code for call in calls(store, 2)] == ["upstream_unavailable", "upstream_auth"]


def test_each_wording_that_a_server_refuses_is_a_call_of_its_own(
    backend: RunningBackend, stub: StubModel, store: Store
) -> None:
    stub.next(scripts.respond(400, REFUSED_SEED), scripts.status(503), scripts.answer("Because"))
    backend.client.ask("Why?", seed=1)
    errors = [call.error_code for call in calls(store, 3)]
    assert errors == ["upstream_parameter_refused", "upstream_unavailable", None]


def test_a_stream_that_said_nothing_is_a_call_beside_the_whole_answer(
    backend: RunningBackend, stub: StubModel, store: Store
) -> None:
    stub.next(scripts.answer(finish=None, done=False, role=False, usage=False), scripts.whole("Because"))
    assert backend.client.ask("Why?").answer == "Because"
    assert [call.status for call in calls(store, 2)] == ["failed", "complete"]


def test_a_call_names_what_the_question_came_in_by(backend: RunningBackend, store: Store) -> None:
    for surface in ("page", "shell", "api"):
        with BackendClient(backend.url, surface=surface) as client:
            client.ask("Why?")
    requests.post(f"{backend.url}/query", json={"prompt": "Why?"}, timeout=10)
    assert [call.surface for call in calls(store, 4)] == ["page", "shell", "api", "api"]


def test_an_answer_made_again_names_it_too(backend: RunningBackend, store: Store) -> None:
    with BackendClient(backend.url, surface="page") as client:
        chat = str(client.ask("Why?", store=True).conversation_id)
        question, _ = client.conversations.messages(chat).items
        list(client.conversations.regenerate(chat, message_id=question.id))
    assert [call.surface for call in calls(store, 2)] == ["page", "page"]


def test_calls_outlive_their_conversation(backend: RunningBackend, store: Store) -> None:
    answer = backend.client.ask("Why?", store=True)
    requests.delete(f"{backend.url}/conversations/{answer.conversation_id}", timeout=5).raise_for_status()
    assert [call.turn_id for call in calls(store)] == [answer.turn_id]


def test_what_waits_is_written_when_the_backend_stops(
    run_backend: RunBackend, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 60)
    backend = run_backend()
    backend.client.ask("Why?")
    assert store.model_calls.between(LONG_AGO) == []
    backend.stop()
    assert len(store.model_calls.between(LONG_AGO)) == 1


def test_calls_wait_while_the_store_cannot_be_written(
    backend: RunningBackend, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, refusals = Database.write, iter([True] * 3)

    def refuse(database: Database, **options: bool) -> object:
        if next(refusals, False):
            raise StoreUnavailableError("The disk is full.")
        return write(database, **options)

    monkeypatch.setattr(Database, "write", refuse)
    backend.client.ask("Why?")
    assert len(calls(store)) == 1


def a_call(number: int, **changes: Any) -> ModelCall:
    known = {"owner": "", "connection": "default", "status": "complete", "created_at": datetime.now(UTC)}
    return ModelCall(**{**known, "model": str(number), "duration_ms": 1, **changes})


def kept(store: Store) -> list[str]:
    return sorted(call.model for call in store.model_calls.between(LONG_AGO))


def test_a_call_that_cannot_be_written_at_all_holds_up_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ledger, "WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(tasks, "RESTART_S", 0.01)
    book = ledger.Ledger(store.model_calls)

    async def keep() -> None:
        async with tasks.background(book.keep):
            for number in range(5):
                book.model_called(a_call(number, created_at="secret" if number == 2 else datetime.now(UTC)))
            async with asyncio.timeout(10):
                while "could not be written down" not in caplog.text:  # noqa: ASYNC110 - the log tells nobody
                    await asyncio.sleep(0.01)

    asyncio.run(keep())
    assert kept(store) == ["0", "1", "3", "4"]
    assert "1 calls to models could not be written down" in caplog.text
    assert "begins anew" in caplog.text
    assert "secret" not in caplog.text


def test_what_finds_no_room_is_counted_and_is_the_oldest(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ledger, "MOST_WAITING", 3)
    book = ledger.Ledger(store.model_calls)
    path = store.database.path
    assert path is not None

    async def overflow() -> None:
        for number in range(3):
            book.model_called(a_call(number))
        path.rename(path.with_suffix(".away"))
        writing = asyncio.create_task(book.flush())
        await asyncio.sleep(0)
        for number in (3, 4):
            book.model_called(a_call(number))
        await writing
        path.with_suffix(".away").rename(path)
        await book.flush()

    asyncio.run(overflow())
    assert kept(store) == ["2", "3", "4"]
    assert "2 calls to models could not be written down" in caplog.text


@pytest.mark.parametrize("is_begun", [True, False])
def test_what_was_to_be_written_when_the_backend_stops_is_kept_once(*, is_begun: bool, store: Store) -> None:
    book = ledger.Ledger(store.model_calls)

    async def stop() -> None:
        free = threading.Event()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        busy = None if is_begun else asyncio.create_task(asyncio.to_thread(free.wait, 10))
        for number in range(3):
            book.model_called(a_call(number))
        with store.database.write():  # another process writes, and the ledger waits for it
            writing = asyncio.create_task(book.flush())
            await asyncio.sleep(0.05)
            writing.cancel()
            await asyncio.wait([writing])
            assert writing.cancelled()
        free.set()
        if busy is not None:
            await busy
        await book.flush()

    asyncio.run(stop())
    assert kept(store) == ["0", "1", "2"]
