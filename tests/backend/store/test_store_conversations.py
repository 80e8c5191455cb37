"""Conversations in the store: listed in order, changed, thrown away, and nobody else's."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chatapp.backend.store import BegunTurn, Store
from chatapp.errors import InvalidRequestError, NotFoundError
from support.saved_turns import finish_turn

Ask = Callable[..., BegunTurn]


def titles(store: Store, **options: object) -> list[str | None]:
    return [conversation.title for conversation in store.conversations.page(owner="ada", **options).items]


def test_last_talked_in_comes_first(ask: Ask, store: Store) -> None:
    first = ask("One")
    ask("Two")
    ask("More", conversation_id=first.conversation_id)
    assert titles(store) == ["One", "Two"]


def test_pinned_ones_come_before_all(ask: Ask, store: Store) -> None:
    first = ask("One")
    ask("Two")
    store.conversations.change(first.conversation_id, owner="ada", pinned=True)
    ask("Three")
    assert titles(store) == ["One", "Three", "Two"]


def test_pages_together_are_the_whole_list(store: Store) -> None:
    made = [store.conversations.create(owner="ada", title=str(number)) for number in range(7)]
    store.conversations.change(made[3].id, owner="ada", pinned=True)
    seen, cursor = [], None
    while True:
        page = store.conversations.page(owner="ada", cursor=cursor, limit=2)
        seen += [conversation.title for conversation in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["3", "6", "5", "4", "2", "1", "0"]


@pytest.mark.parametrize("cursor", ["", "x", "W10", "WzEsMiwzXQ", "é", "W2ZhbHNlLCJ4IiwieSJd"])
def test_foreign_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidRequestError):
        store.conversations.page(owner="ada", cursor=cursor)


def test_changes_leave_alone_what_they_do_not_name(store: Store) -> None:
    made = store.conversations.create(owner="ada", title="Old", system="Be brief.")
    changed = store.conversations.change(made.id, owner="ada", title="New")
    assert (changed.title, changed.system, changed.updated_at) == ("New", "Be brief.", made.updated_at)


def test_change_can_take_something_away(store: Store) -> None:
    made = store.conversations.create(owner="ada", system="Be brief.")
    assert store.conversations.change(made.id, owner="ada", system=None).system is None


def test_given_title_survives_the_first_question(ask: Ask, store: Store) -> None:
    made = store.conversations.create(owner="ada", title="Mine")
    ask("Something else", conversation_id=made.id)
    assert store.conversations.get(made.id, owner="ada").title == "Mine"


def test_archived_conversation_is_listed_apart(store: Store) -> None:
    made = store.conversations.create(owner="ada", title="One")
    store.conversations.change(made.id, owner="ada", archived=True)
    assert titles(store) == []
    assert titles(store, state="archived") == ["One"]
    store.conversations.change(made.id, owner="ada", archived=False)
    assert titles(store) == ["One"]


def test_deleted_conversation_can_be_restored(ask: Ask, store: Store) -> None:
    begun = ask("One", "1")
    store.conversations.delete(begun.conversation_id, owner="ada")
    with pytest.raises(NotFoundError):
        store.conversations.get(begun.conversation_id, owner="ada")
    assert titles(store, state="deleted") == ["One"]
    store.conversations.restore(begun.conversation_id, owner="ada")
    assert titles(store) == ["One"]
    assert len(store.messages.page(begun.conversation_id, owner="ada").items) == 2


def test_deleted_conversation_goes_after_thirty_days(ask: Ask, store: Store) -> None:
    begun = ask()
    store.conversations.delete(begun.conversation_id, owner="ada")
    assert store.conversations.purge_expired() == 0
    assert store.conversations.purge_expired(kept=timedelta(seconds=-1)) == 1
    with pytest.raises(NotFoundError):
        store.conversations.restore(begun.conversation_id, owner="ada")


def test_purged_conversation_is_gone_for_good(ask: Ask, store: Store) -> None:
    begun = ask()
    store.conversations.purge(begun.conversation_id, owner="ada")
    with pytest.raises(NotFoundError):
        store.conversations.restore(begun.conversation_id, owner="ada")
    with pytest.raises(NotFoundError):
        store.turns.get(begun.turn_id, owner="ada")


def test_answer_in_the_making_is_named_until_it_is_made(ask: Ask, begin: Ask, store: Store) -> None:
    begun = begin()
    assert store.conversations.page(owner="ada").items[0].active_turn_id == begun.turn_id
    finish_turn(store, begun.turn_id, status="complete", text="", segments=[])
    assert store.conversations.get(begun.conversation_id, owner="ada").active_turn_id is None


def test_branch_on_show_can_be_chosen(ask: Ask, store: Store) -> None:
    first = ask("One?", "1")
    ask(None, "uno", conversation_id=first.conversation_id, parent_id=first.user_message_id)
    store.conversations.change(first.conversation_id, owner="ada", leaf_id=first.answer_message_id)
    assert store.messages.page(first.conversation_id, owner="ada").items[-1].content == "1"


def test_branch_of_another_conversation_cannot_be_chosen(ask: Ask, store: Store) -> None:
    first, other = ask(), ask()
    with pytest.raises(InvalidRequestError):
        store.conversations.change(first.conversation_id, owner="ada", leaf_id=other.answer_message_id)


VERBS: dict[str, Callable[[Store, str], object]] = {
    "get": lambda store, it: store.conversations.get(it, owner="bob"),
    "change": lambda store, it: store.conversations.change(it, owner="bob", title="Mine"),
    "change nothing": lambda store, it: store.conversations.change(it, owner="bob"),
    "delete": lambda store, it: store.conversations.delete(it, owner="bob"),
    "restore": lambda store, it: store.conversations.restore(it, owner="bob"),
    "purge": lambda store, it: store.conversations.purge(it, owner="bob"),
    "page": lambda store, it: store.messages.page(it, owner="bob"),
    "all": lambda store, it: store.messages.all(it, owner="bob"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_conversation_of_somebody_else_does_not_exist(ask: Ask, store: Store, verb: Callable[..., object]) -> None:
    begun = ask("Mine")
    with pytest.raises(NotFoundError):
        verb(store, begun.conversation_id)
    assert titles(store) == ["Mine"]
    assert store.conversations.page(owner="bob").items == []
