"""Many at once on one conversation: everybody gets an answer or a reason, nobody waits for each other for ever."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from chatapp.backend.store import BegunTurn, Store
from chatapp.backend.store.conversations import MOVE_UP
from chatapp.backend.store.identity import now
from chatapp.backend.store.turn_rows import locked_turn
from chatapp.backend.transfer.importers import Imports
from chatapp.errors import NotFoundError, TurnActiveError
from support.foreign_exports import chatgpt, write_json
from support.saved_turns import finish_turn, save_turn

Ask = Callable[..., BegunTurn]

OWNERS_WISHES: list[Callable[[Store, str], object]] = [
    lambda store, it: store.conversations.change(it, owner="ada", title="New", pinned=True),
    lambda store, it: store.conversations.delete(it, owner="ada"),
    lambda store, it: store.conversations.restore(it, owner="ada"),
    lambda store, it: store.messages.page(it, owner="ada"),
    lambda store, _: store.turns.heartbeat("p1"),
    lambda store, _: store.turns.interrupt_orphans(silent_s=-1),
    lambda store, _: store.search.find("hello", owner="ada"),
]


def test_everybody_at_once_leaves_the_conversation_whole(ask: Ask, begin: Ask, store: Store) -> None:
    conversation_id = str(ask().conversation_id)

    def live(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(15):
            with suppress(NotFoundError, TurnActiveError):
                begun = begin("Hello again", conversation_id=conversation_id)
                save_turn(store, begun.turn_id, text="Hel", segments=[])
                finish_turn(store, begun.turn_id, status="complete", text="Hello", segments=[])
            with suppress(NotFoundError):
                chance.choice(OWNERS_WISHES)(store, conversation_id)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(live, range(6)))
    store.turns.interrupt_orphans(silent_s=-1)
    conversation = store.conversations.restore(conversation_id, owner="ada")
    messages = store.messages.all(conversation_id, owner="ada")
    assert [message.sequence for message in messages] == list(range(1, len(messages) + 1))
    assert conversation.active_turn_id is None


def test_purging_while_an_answer_is_made_waits_for_nobody(begin: Ask, store: Store) -> None:
    def live(seed: int) -> None:
        begun = begin(f"Hello {seed}")
        with ThreadPoolExecutor(2) as threads:
            threads.submit(store.conversations.purge, str(begun.conversation_id), owner="ada")
            for words in range(5):
                save_turn(store, begun.turn_id, text="word " * words, segments=[])
            finish_turn(store, begun.turn_id, status="complete", text="word " * 5, segments=[])

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(live, range(12)))
    assert store.conversations.page(owner="ada").items == []


def test_same_import_at_once_adds_one(store: Store, second_store: Store, tmp_path: Path) -> None:
    path = write_json(tmp_path / "conversations.json", [chatgpt(f"g{number}") for number in range(10)])
    with ThreadPoolExecutor(2) as threads:
        receipts = list(
            threads.map(lambda which: Imports(which.database).read(path, owner="ada"), [store, second_store])
        )
    assert sum(receipt.conversations_added for receipt in receipts) == 10
    assert len(store.conversations.page(owner="ada").items) == 10


@pytest.mark.parametrize("store_settings", ["postgresql"], indirect=True)
def test_trash_is_emptied_beside_an_answer_that_is_still_being_saved(begin: Ask, store: Store) -> None:
    begun = begin()
    store.conversations.delete(str(begun.conversation_id), owner="ada")

    with ThreadPoolExecutor(1) as pool:
        with store.database.write() as connection:
            locked_turn(connection, begun.turn_id)
            emptied = pool.submit(store.conversations.purge_expired, kept=timedelta(seconds=-1))
            _wait_until_somebody_waits(store)
            values = {"its_id": begun.conversation_id, "updated_at": now()}
            MOVE_UP.run(connection, values)  # the last that is written of an answer
        assert emptied.result(timeout=10) == 1


def _wait_until_somebody_waits(store: Store) -> None:
    deadline = time.monotonic() + 10
    with store.database.read() as connection:
        while not connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
