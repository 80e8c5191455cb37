"""What was imported is found like everything else, though it comes into the index together."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from chatapp.backend.store import BegunTurn, Store
from chatapp.backend.store.schema import messages
from chatapp.backend.transfer import importers
from support.foreign_exports import chatgpt, chatgpt_node
from support.imported import Bring

Ask = Callable[..., BegunTurn]

only_sqlite = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)


def many() -> list[dict[str, Any]]:
    return [{**chatgpt(f"g{number}", f"Talk {number}")} for number in range(30)]


def titles_found(store: Store, words: str) -> list[str | None]:
    return sorted(str(found.conversation.title) for found in store.search.find(words, owner="ada", limit=50).items)


def test_imported_words_and_titles_are_found(bring: Bring, store: Store) -> None:
    bring(many())
    assert len(titles_found(store, "mammals")) == 30
    assert titles_found(store, '"talk 7"') == ["Talk 7"]
    (found,) = store.search.find('"talk 7"', owner="ada").items
    (newest,) = [it for it in store.messages.all(found.conversation.id, owner="ada") if it.content == "Mammals."]
    hit = next(it for it in store.search.find("mammals", owner="ada", limit=50).items if it.message_id == newest.id)
    assert hit.conversation.id == found.conversation.id


def test_postgresql_plans_for_what_an_import_has_brought(
    bring: Bring, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importers, "MANY_MESSAGES", 90)
    bring(many())
    if not store.database.is_sqlite:
        with store.database.read() as connection:
            counted = connection.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'messages'"))
        assert counted == 90  # it counts so few by itself later, or never


def test_what_is_said_and_changed_afterwards_is_found_too(ask: Ask, bring: Bring, store: Store) -> None:
    bring(chatgpt())
    (conversation,) = store.conversations.page(owner="ada").items
    ask("And dolphins?", "Too.", conversation_id=conversation.id)
    store.conversations.change(conversation.id, owner="ada", title="Seals")
    grown = chatgpt()
    grown["mapping"]["q2"] = chatgpt_node("q2", "a2", "user", "Walruses?", seconds=9)
    bring(grown)
    assert [titles_found(store, word) for word in ("dolphins", "seals", "walruses", "mammals")] == [["Seals"]] * 4
    store.conversations.purge(conversation.id, owner="ada")
    assert [titles_found(store, word) for word in ("dolphins", "seals", "walruses", "mammals")] == [[]] * 4


@only_sqlite
def test_nothing_stays_in_the_index_of_what_was_imported_and_purged(bring: Bring, store: Store) -> None:
    bring(many())
    for conversation in store.conversations.page(owner="ada").items:
        store.conversations.purge(conversation.id, owner="ada")
    with store.database.read() as connection:
        is_left = "SELECT count(*) FROM search WHERE search MATCH 'whales OR mammals OR talk'"
        assert connection.scalar(text(is_left)) == 0


@only_sqlite
def test_an_import_is_written_to_the_index_in_one_piece(bring: Bring, store: Store) -> None:
    bring(many())
    with store.database.read() as connection:
        assert connection.scalar(text("SELECT count(DISTINCT segid) FROM search_idx")) == 1


@only_sqlite
def test_an_import_that_fails_does_not_stop_the_index(ask: Ask, bring: Bring, store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("CREATE TRIGGER harm BEFORE INSERT ON imports BEGIN SELECT raise(ABORT, 'no'); END"))
    receipt = bring(chatgpt())
    assert [line.why for line in receipt.skipped] == ["it cannot be saved (IntegrityError)"]
    ask("Dolphins?")
    assert titles_found(store, "dolphins") == ["Dolphins?"]
    with store.database.read() as connection:
        assert connection.execute(messages.select()).all()[0].content == "Dolphins?"
