"""Turns that are saved together, when they are over or while they are made: each learns what became of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import Connection, event

from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.store import Job, Store, WholeTurn
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.store.new_rows import insert_conversation
from chatapp.backend.turns.held_record import HeldTurnRecord
from chatapp.backend.turns.keeper import Keeper
from chatapp.backend.turns.rounds import Rounds
from chatapp.backend.turns.turn import Turn
from chatapp.errors import StoreUnavailableError
from chatapp.protocol.events import Text
from chatapp.protocol.messages import Message, TextPart
from chatapp.protocol.question import Question


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """An empty store in a file."""
    return sqlite_store


def whole(asked: str) -> WholeTurn:
    held = HeldMessages([{"role": "user", "content": asked}])
    return WholeTurn(
        id=new_timed_id(),
        question=Question(prompt=None, store=True, held=held),
        held=held,
        asked_at=now(),
        process_id="p",
        model="m",
        ending={"status": "complete", "text": "Yes.", "segments": [["text", 4]]},
        said=Message("assistant", (TextPart("Yes."),)),
    )


def titles(store: Store) -> set[str | None]:
    return {conversation.title for conversation in store.conversations.page(owner="").items}


async def outcomes(*works: Coroutine[Any, Any, str]) -> list[type]:
    return [type(it) for it in await asyncio.gather(*works, return_exceptions=True)]


def test_all_that_wait_learn_that_nothing_can_be_saved_and_the_next_is_saved(store: Store) -> None:
    path, keeper = store.database.path, Keeper(store, has_others=lambda: True)
    assert path is not None

    async def run() -> list[type]:
        path.rename(path.with_suffix(".away"))
        failed = await outcomes(keeper.keep(whole("a")), keeper.keep(whole("b")))
        path.with_suffix(".away").rename(path)
        return [*failed, *await outcomes(keeper.keep(whole("c")))]

    assert asyncio.run(run()) == [StoreUnavailableError, StoreUnavailableError, str]
    assert titles(store) == {"c"}


def test_a_defect_is_raised_where_the_turn_is_waited_for(store: Store) -> None:
    keeper = Keeper(store, has_others=lambda: True)

    async def run() -> list[type]:
        await asyncio.get_running_loop().shutdown_default_executor()
        failed = await outcomes(keeper.keep(whole("a")), keeper.keep(whole("b")))
        return [*failed, *await outcomes(keeper.keep(whole("c")))]

    assert asyncio.run(run()) == [RuntimeError] * 3


def test_one_that_nobody_waits_for_any_more_is_saved_too(store: Store) -> None:
    keeper = Keeper(store, has_others=lambda: False)

    async def run() -> None:
        left = asyncio.create_task(keeper.keep(whole("a")))
        await asyncio.sleep(0)
        left.cancel()
        await keeper.keep(whole("b"))

    asyncio.run(run())
    assert titles(store) == {"a", "b"}


def test_turns_wait_for_each_other_no_longer_than_until_all_are_here(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.backend.turns.keeper.GATHER_S", 3600)
    keeper = Keeper(store, has_others=lambda: keeper.count < 2)

    async def run() -> list[type]:
        return await asyncio.wait_for(outcomes(keeper.keep(whole("a")), keeper.keep(whole("b"))), 60)

    assert asyncio.run(run()) == [str, str]
    assert titles(store) == {"a", "b"}


def begun(connection: Connection) -> str:
    return insert_conversation(connection, owner="ada")


def failing(connection: Connection) -> str:
    insert_conversation(connection, owner="ada", title="lost")
    raise ZeroDivisionError


def record_of(store: Store, turn: Turn, rounds: Rounds) -> HeldTurnRecord:
    held = HeldMessages([{"role": "user", "content": "Why?"}])
    question, keeper = Question(prompt=None, store=True, held=held), Keeper(store, has_others=lambda: False)
    turn.append(Text("Because"))
    return HeldTurnRecord(store, keeper, question, held, fallback_model="m", rounds=rounds)


def finished(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 60))


@pytest.mark.parametrize(("others", "commits"), [([begun], 1), ([failing], 2)], ids=["all go well", "one fails"])
def test_what_comes_within_moments_is_one_transaction_and_none_spoils_another(
    store: Store, others: list[Any], commits: int
) -> None:
    rounds, counted = Rounds(store), list[Any]()
    event.listen(store.database._engine, "commit", counted.append)

    async def run() -> list[Any]:
        jobs = [Job(work, survives_power_cut=False) for work in (begun, *others, begun)]
        return await asyncio.gather(*map(rounds.do, jobs), return_exceptions=True)

    outcomes = [type(it) for it in finished(run())]
    assert outcomes == [str, ZeroDivisionError if failing in others else str, str]
    assert len(counted) == commits
    titles = [conversation.title for conversation in store.conversations.page(owner="ada").items]
    assert titles == [None] * outcomes.count(str)


def test_the_end_of_an_answer_waits_for_no_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatapp.backend.turns.rounds.GATHER_S", 3600)
    turn = Turn("m")
    record = record_of(store, turn, Rounds(store))

    async def run() -> None:
        saving = asyncio.create_task(record.save(turn))
        await asyncio.sleep(0)
        saving.cancel()
        turn.append(Text("."))
        await record.finish(turn, None, latency_ms=5)

    finished(run())
    kept = store.turns.get(turn.id, owner="")
    assert (kept.status, kept.text) == ("complete", "Because.")


def test_what_nobody_waits_for_any_more_is_not_saved(store: Store) -> None:
    rounds = Rounds(store)

    async def run() -> None:
        left = asyncio.create_task(rounds.do(Job(begun, survives_power_cut=False)))
        await asyncio.sleep(0)
        left.cancel()
        await rounds.do(Job(begun, survives_power_cut=False), is_urgent=True)

    finished(run())
    assert len(store.conversations.page(owner="ada").items) == 1
