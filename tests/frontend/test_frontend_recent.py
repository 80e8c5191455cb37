"""Conversations that were left a moment ago, as a session keeps them."""

import pytest

from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.recent import MOST, RecentConversations
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.conversations.temporary import TemporaryConversation


@pytest.fixture
def recent() -> RecentConversations:
    return RecentConversations()


def answered(conversation_id: str | None) -> StoredConversation:
    """Return a conversation in which an answer is being made; one without an id has just begun."""
    conversation = StoredConversation(conversation_id)
    conversation.live = LiveAnswer()
    return conversation


def test_what_was_left_last_is_come_back_to_once(recent: RecentConversations) -> None:
    left = [StoredConversation(f"c{number}") for number in range(MOST + 1)]
    for conversation in left:
        recent.keep(conversation)

    assert recent.take("c0") is None
    assert recent.take(f"c{MOST}") is left[-1]
    assert recent.take(f"c{MOST}") is None


def test_an_answer_is_read_on_while_its_conversation_is_kept(recent: RecentConversations) -> None:
    begun = answered(None)
    assert begun.live
    begun.live.conversation_id = "new"
    recent.keep(begun)

    assert begun.live.is_going
    assert recent.take("new") is begun
    assert begun.begun, "its reader is not led to the answer"


def test_what_cannot_be_come_back_to_is_not_kept(recent: RecentConversations) -> None:
    for conversation in (TemporaryConversation(), answered(None), answered("deleted"), answered("other")):
        recent.keep(conversation)
    recent.forget(["deleted", "unknown"])

    assert recent.take("deleted") is None
    assert recent.take("other") is not None
    recent.leave()
    assert recent.take("other") is None
