"""Turns that are saved together when they are over: each learns what became of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.store import Store, WholeTurn
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.turns.keeper import Keeper
from chatapp.errors import StoreUnavailableError
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
