"""Forks: conversations that begin as another one does."""

from collections.abc import Callable

import pytest

from chatapp.backend.store import BegunTurn, Store, StoredMessage
from chatapp.errors import InvalidRequestError, NotFoundError
from support.saved_turns import finish_turn

Ask = Callable[..., BegunTurn]


def told(message: StoredMessage) -> tuple[object, ...]:
    return message.role, message.content, message.model, message.error, message.usage_details, message.notices


def test_a_fork_begins_as_its_conversation_does_and_goes_on_by_itself(begin: Ask, ask: Ask, store: Store) -> None:
    first = begin("One?", system="Be brief.", model="large")
    conversation_id = str(first.conversation_id)
    finish_turn(store,
        first.turn_id, status="failed", text="1", segments=[["notice", 1, "cut", "Cut."], ["text", 1]],
        error={"code": "x", "detail": "no."},
    )  # fmt: skip
    ask("Two?", "2", conversation_id=conversation_id)
    ask("Three?", "3", conversation_id=conversation_id)
    before = store.messages.whole_branch(conversation_id, owner="ada")

    fork = store.forks.fork(conversation_id, owner="ada", up_to=before[3].id)

    copied = store.messages.whole_branch(fork.id, owner="ada")
    assert list(map(told, copied)) == list(map(told, before[:4]))
    assert (fork.title, fork.system, fork.model, fork.leaf_id) == ("Fork of One?", "Be brief.", "large", copied[-1].id)
    ask("Otherwise?", "Yes", conversation_id=fork.id)
    assert store.messages.whole_branch(conversation_id, owner="ada") == before
    assert [hit.conversation.id for hit in store.search.find("two", owner="ada").items] == [fork.id, conversation_id]
    store.conversations.purge(conversation_id, owner="ada")
    assert len(store.messages.whole_branch(fork.id, owner="ada")) == 6


def test_what_is_not_there_or_not_whole_is_not_forked(begin: Ask, store: Store) -> None:
    begun = begin("One?")
    for owner, message_id, error in [
        ("ada", "nowhere", NotFoundError),
        ("bob", begun.user_message_id, NotFoundError),
        ("ada", begun.answer_message_id, InvalidRequestError),
    ]:
        with pytest.raises(error):
            store.forks.fork(str(begun.conversation_id), owner=owner, up_to=str(message_id))
    assert len(store.conversations.page(owner="ada").items) == 1
