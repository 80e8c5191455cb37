"""Turns in the store: nothing acknowledged is lost, one is active, and whoever reads sees the same."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from chatapp.backend.store import ROOT, BegunTurn, Store
from chatapp.backend.store.schema import turns
from chatapp.errors import (
    ChatappError,
    IdempotencyConflictError,
    InvalidRequestError,
    NotFoundError,
    TurnActiveError,
)
from chatapp.protocol.question import Question
from support.saved_turns import begin_turn, finish_turn, save_turn

Ask = Callable[..., BegunTurn]


def test_question_is_there_for_others_before_the_answer_is(begin: Ask, second_store: Store) -> None:
    begun = begin("What is Python?")
    page = second_store.messages.page(begun.conversation_id, owner="ada")
    assert [(message.role, message.content, message.status) for message in page.items] == [
        ("user", "What is Python?", "complete"),
        ("assistant", "", "streaming"),
    ]


def test_a_question_is_whole_when_it_comes(begin: Ask, store: Store) -> None:
    question, answer = store.messages.page(begin().conversation_id, owner="ada").items
    assert question.finished_at == question.created_at <= answer.created_at


def test_first_question_gives_the_conversation_its_title(begin: Ask, store: Store) -> None:
    begun = begin("# What is *Python*?\nTell me all.")
    assert store.conversations.get(begun.conversation_id, owner="ada").title == "What is Python?"


def test_saved_text_is_read_by_other_processes(begin: Ask, store: Store, second_store: Store) -> None:
    begun = begin()
    save_turn(store, begun.turn_id, text="One", reasoning="Hm", segments=[["reasoning", 2], ["text", 3]])
    save_turn(store, begun.turn_id, text="One two", reasoning="Hm", segments=[["reasoning", 2], ["text", 7]])
    turn = second_store.turns.get(begun.turn_id, owner="ada")
    assert (turn.text, turn.reasoning, turn.status) == ("One two", "Hm", "streaming")
    assert turn.segments == [["reasoning", 2], ["text", 7]]


def test_what_is_new_is_enough_also_where_more_was_saved_than_seemed(begin: Ask, store: Store) -> None:
    begun = begin()
    save_turn(store, begun.turn_id, text="One", reasoning="Hm", segments=[])
    save_turn(store, begun.turn_id, text=" two", reasoning="", behind=(3, 2), segments=[])
    save_turn(store, begun.turn_id, text=" two three", reasoning=" so", behind=(3, 2), segments=[])
    turn = store.turns.get(begun.turn_id, owner="ada")
    assert (turn.text, turn.reasoning) == ("One two three", "Hm so")


def test_streaming_message_shows_what_was_saved(begin: Ask, store: Store) -> None:
    begun = begin()
    save_turn(store, begun.turn_id, text="One two", segments=[])
    message = store.messages.page(begun.conversation_id, owner="ada").items[-1]
    assert (message.content, message.status, message.turn_id) == ("One two", "streaming", begun.turn_id)


def test_tokens_beyond_all_reason_do_not_cost_the_answer(begin: Ask, store: Store) -> None:
    begun = begin()
    usage = {"prompt_tokens": 2**31, "completion_tokens": 5, "total_tokens": 2**70}
    finish_turn(store, begun.turn_id, status="complete", text="One", segments=[["text", 3]], usage=usage)
    assert store.messages.page(begun.conversation_id, owner="ada").items[-1].content == "One"


def test_finished_turn_is_told_by_its_message_and_by_itself(begin: Ask, store: Store) -> None:
    begun = begin()
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    save_turn(store, begun.turn_id, text="One", segments=[])
    finish_turn(
        store,
        begun.turn_id,
        status="complete",
        text="One two",
        reasoning="Hm",
        segments=[["text", 7]],
        finish_reason="stop",
        usage=usage,
        latency_ms=12,
    )
    message = store.messages.page(begun.conversation_id, owner="ada").items[-1]
    turn = store.turns.get(begun.turn_id, owner="ada")
    assert (message.content, message.reasoning, message.status) == ("One two", "Hm", "complete")
    assert (message.finish_reason, message.usage, message.latency_ms) == ("stop", usage, 12)
    assert (turn.text, turn.reasoning, turn.status, turn.usage) == ("One two", "Hm", "complete", usage)


def test_failed_turn_keeps_its_text_and_its_error(begin: Ask, store: Store) -> None:
    begun = begin()
    error = {"code": "upstream_timeout", "detail": "The model fell silent."}
    finish_turn(store, begun.turn_id, status="failed", text="Half an", segments=[], error=error)
    message = store.messages.page(begun.conversation_id, owner="ada").items[-1]
    assert (message.content, message.status, message.error) == ("Half an", "failed", error)


def test_text_that_no_database_holds_is_saved_at_its_length(begin: Ask, store: Store) -> None:
    begun = begin()
    save_turn(store, begun.turn_id, text="a\0b\ud800c", segments=[])
    assert store.turns.get(begun.turn_id, owner="ada").text == "a\ufffdb?c"


def test_second_question_waits_for_the_first_answer(begin: Ask) -> None:
    begun = begin()
    with pytest.raises(TurnActiveError):
        begin("And?", conversation_id=begun.conversation_id)


def test_of_questions_at_once_one_is_begun(ask: Ask, store: Store, second_store: Store) -> None:
    conversation_id = ask().conversation_id
    start = threading.Barrier(8)

    def race(which: Store) -> object:
        turn = Question(owner="ada", prompt="Now?", conversation_id=conversation_id, store=True)
        start.wait(timeout=10)
        try:
            return begin_turn(which, turn, process_id="p", fallback_model="m")
        except ChatappError as error:
            return type(error)

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(race, [store, second_store] * 4))
    assert outcomes.count(TurnActiveError) == 7


def test_history_is_the_branch_above_the_new_question(ask: Ask, begin: Ask) -> None:
    first = ask("One?", "1")
    begun = begin("Two?", conversation_id=first.conversation_id)
    said = [(message.role, message.text) for message in begun.history]
    assert said == [("user", "One?"), ("assistant", "1")]
    assert first.history == []


def test_answer_in_which_nothing_was_said_is_no_history(begin: Ask, store: Store) -> None:
    first = begin("One?")
    finish_turn(store, first.turn_id, status="failed", text="", segments=[])
    begun = begin("Two?", conversation_id=first.conversation_id)
    assert [message.text for message in begun.history] == ["One?"]


def test_question_asked_again_gets_a_second_answer_beside_the_first(ask: Ask, store: Store) -> None:
    first = ask("One?", "1")
    second = ask(None, "uno", conversation_id=first.conversation_id, parent_id=first.user_message_id)
    page = store.messages.page(first.conversation_id, owner="ada")
    assert [message.content for message in page.items] == ["One?", "uno"]
    assert page.items[-1].siblings == (first.answer_message_id, second.answer_message_id)
    assert second.user_message_id == first.user_message_id


def test_last_question_is_asked_again_where_none_is_named(ask: Ask, begin: Ask) -> None:
    first = ask("One?", "1")
    again = begin(None, conversation_id=first.conversation_id)
    assert again.user_message_id == first.user_message_id
    assert [message.text for message in again.history] == ["One?"]


def test_edited_question_begins_a_branch_beside_the_old_one(ask: Ask, begin: Ask, store: Store) -> None:
    first = ask("One?", "1")
    conversation_id = first.conversation_id
    second = ask("Two?", "2", conversation_id=conversation_id)
    edited = begin("Too?", conversation_id=conversation_id, parent_id=first.answer_message_id)
    assert [message.text for message in edited.history] == ["One?", "1"]
    page = store.messages.page(conversation_id, owner="ada")
    assert page.items[2].siblings == (second.user_message_id, edited.user_message_id)


def test_edited_first_question_hangs_from_the_root(ask: Ask, begin: Ask, store: Store) -> None:
    first = ask("One?", "1")
    edited = begin("Eins?", conversation_id=first.conversation_id, parent_id=ROOT)
    assert edited.history == []
    assert [item.content for item in store.messages.page(first.conversation_id, owner="ada").items] == ["Eins?", ""]


def test_nothing_to_answer_again_is_refused(begin: Ask, store: Store) -> None:
    conversation = store.conversations.create(owner="ada")
    with pytest.raises(InvalidRequestError):
        begin(None, conversation_id=conversation.id)


def test_parent_of_another_conversation_does_not_exist(ask: Ask, begin: Ask) -> None:
    first, other = ask(), ask()
    with pytest.raises(NotFoundError):
        begin("Two?", conversation_id=first.conversation_id, parent_id=other.answer_message_id)


def test_refused_question_leaves_nothing_behind(ask: Ask, begin: Ask, store: Store) -> None:
    first = ask("One?", "1")
    with pytest.raises(NotFoundError):
        begin("Two?", conversation_id=first.conversation_id, parent_id="nowhere")
    assert len(store.messages.all(first.conversation_id, owner="ada")) == 2
    assert store.conversations.get(first.conversation_id, owner="ada").leaf_id == first.answer_message_id


def test_model_and_system_prompt_that_a_conversation_is_begun_with_are_remembered(ask: Ask, begin: Ask) -> None:
    first = ask("One?", model="large", system="Be brief.")
    second = begin("Two?", conversation_id=first.conversation_id)
    assert (second.model, second.system) == ("large", "Be brief.")


def test_model_and_system_prompt_of_a_later_question_hold_for_that_one(ask: Ask, begin: Ask) -> None:
    first = ask("One?", model="large", system="Be brief.")
    second = ask("Two?", conversation_id=first.conversation_id, model="tiny", system="Be kind.")
    third = begin("Three?", conversation_id=first.conversation_id)
    assert (second.model, second.system) == ("tiny", "Be kind.")
    assert (third.model, third.system) == ("large", "Be brief.")


def test_fallback_model_is_not_remembered(ask: Ask, begin: Ask) -> None:
    first = ask("One?", fallback_model="old")
    assert begin("Two?", conversation_id=first.conversation_id, fallback_model="new").model == "new"


def test_same_idempotency_key_and_body_is_the_same_turn(begin: Ask, store: Store) -> None:
    first = begin("One?", idempotency_key="k", body_hash="h")
    second = begin("One?", idempotency_key="k", body_hash="h")
    assert second.replayed
    assert second.turn_id == first.turn_id
    assert len(store.messages.all(first.conversation_id, owner="ada")) == 2


@pytest.mark.parametrize("is_begun", [False, True], ids=["new conversation", "conversation of before"])
@pytest.mark.parametrize("has_failed", [False, True], ids=["first tries", "tried again after a failure"])
def test_same_idempotency_key_at_once_is_one_turn(
    *, has_failed: bool, is_begun: bool, ask: Ask, begin: Ask, store: Store, second_store: Store
) -> None:
    question = {
        "idempotency_key": "k",
        "body_hash": "h",
        "conversation_id": ask().conversation_id if is_begun else None,
    }
    if has_failed:
        finish_turn(store, begin("One?", **question).turn_id, status="failed", text="", segments=[])
    turn = Question(**{"owner": "ada", "prompt": "One?", "store": True, **question})
    start = threading.Barrier(6)

    def race(which: Store) -> BegunTurn:
        start.wait(timeout=10)
        return begin_turn(which, turn, process_id="p", fallback_model="m")

    with ThreadPoolExecutor(6) as threads:
        begun = list(threads.map(race, [store, second_store] * 3))
    assert len({turn.turn_id for turn in begun}) == 1
    assert [turn.replayed for turn in begun].count(False) == 1


def test_same_idempotency_key_with_another_body_is_refused(begin: Ask) -> None:
    begin("One?", idempotency_key="k", body_hash="h")
    with pytest.raises(IdempotencyConflictError):
        begin("Two?", idempotency_key="k", body_hash="other")


def test_idempotency_keys_of_two_owners_are_two(begin: Ask) -> None:
    first = begin("One?", idempotency_key="k", body_hash="h")
    assert begin("Two?", owner="bob", idempotency_key="k", body_hash="x").turn_id != first.turn_id


def test_turn_without_a_conversation_keeps_its_answer_and_no_question(begin: Ask, store: Store) -> None:
    begun = begin("One?", store=False)
    save_turn(store, begun.turn_id, text="On", segments=[])
    finish_turn(store, begun.turn_id, status="complete", text="One.", segments=[])
    assert begun.conversation_id is None
    assert store.turns.get(begun.turn_id, owner="ada").text == "One."
    assert store.conversations.page(owner="ada").items == []


def test_turn_without_a_conversation_is_forgotten_in_time(begin: Ask, store: Store) -> None:
    begun = begin("One?", store=False)
    finish_turn(store, begun.turn_id, status="complete", text="One.", segments=[])
    assert store.turns.forget_unattached() == 0
    assert store.turns.forget_unattached(kept=timedelta(seconds=-1)) == 1
    with pytest.raises(NotFoundError):
        store.turns.get(begun.turn_id, owner="ada")


def test_cancellation_reaches_the_maker_at_its_next_save(begin: Ask, store: Store, second_store: Store) -> None:
    begun = begin()
    assert not save_turn(store, begun.turn_id, text="a", segments=[])
    second_store.turns.request_cancel(begun.turn_id, owner="ada")
    assert save_turn(store, begun.turn_id, text="ab", segments=[])


def test_cancellation_reaches_the_maker_at_its_next_heartbeat(begin: Ask, store: Store) -> None:
    begun, other = begin(), begin(process_id="p2")
    store.turns.request_cancel(begun.turn_id, owner="ada")
    store.turns.request_cancel(other.turn_id, owner="ada")
    assert store.turns.heartbeat("p1") == {begun.turn_id}


def test_deleted_conversation_stops_its_answer(begin: Ask, store: Store) -> None:
    begun = begin()
    store.conversations.delete(begun.conversation_id, owner="ada")
    assert save_turn(store, begun.turn_id, text="a", segments=[])


def test_purged_conversation_stops_its_answer(begin: Ask, store: Store) -> None:
    begun = begin()
    store.conversations.purge(begun.conversation_id, owner="ada")
    assert save_turn(store, begun.turn_id, text="a", segments=[])
    finish_turn(store, begun.turn_id, status="stopped", text="a", segments=[])


def test_turn_of_a_silent_process_is_interrupted_with_its_text(begin: Ask, store: Store, second_store: Store) -> None:
    begun = begin()
    save_turn(store, begun.turn_id, text="Half an", segments=[["text", 7]])
    assert second_store.turns.interrupt_orphans(silent_s=-1) == [begun.turn_id]
    message = store.messages.page(begun.conversation_id, owner="ada").items[-1]
    assert (message.content, message.status) == ("Half an", "interrupted")


def test_turn_of_a_process_that_is_gone_is_interrupted_at_once(begin: Ask, store: Store) -> None:
    begun, _alive = begin(process_id="dead"), begin(process_id="alive")
    assert store.turns.interrupt_orphans(is_gone=lambda process_id: process_id == "dead") == [begun.turn_id]


def test_turn_of_a_living_process_is_left_alone(begin: Ask, store: Store) -> None:
    begin()
    store.turns.heartbeat("p1")
    assert store.turns.interrupt_orphans() == []


def test_turn_whose_end_could_not_be_saved_is_interrupted(begin: Ask, store: Store) -> None:
    lost, made = begin(), begin()
    with store.database.write() as connection:
        connection.execute(update(turns).values(heartbeat_at=datetime.now(UTC) - timedelta(hours=1)))
    store.turns.heartbeat("p1", making=[made.turn_id])
    assert store.turns.interrupt_orphans() == [lost.turn_id]


def test_conversation_goes_on_after_an_interruption(begin: Ask, store: Store) -> None:
    begun = begin("One?")
    save_turn(store, begun.turn_id, text="Half an", segments=[])
    store.turns.interrupt_orphans(silent_s=-1)
    following = begin("Two?", conversation_id=begun.conversation_id)
    assert [message.text for message in following.history] == ["One?", "Half an"]


def test_maker_thought_dead_may_still_finish(begin: Ask, store: Store) -> None:
    begun = begin()
    store.turns.interrupt_orphans(silent_s=-1)
    assert not save_turn(store, begun.turn_id, text="Half an", segments=[])
    finish_turn(store, begun.turn_id, status="complete", text="Half an answer", segments=[])
    assert store.turns.get(begun.turn_id, owner="ada").text == "Half an answer"


def test_maker_thought_dead_is_stopped_if_somebody_asks_for_it(begin: Ask, store: Store) -> None:
    begun = begin()
    store.turns.request_cancel(begun.turn_id, owner="ada")
    store.turns.interrupt_orphans(silent_s=-1)
    assert save_turn(store, begun.turn_id, text="Half an", segments=[])
    finish_turn(store, begun.turn_id, status="stopped", text="Half an", segments=[])
    assert save_turn(store, begun.turn_id, text="Half an", segments=[])


def test_finished_turn_stays_as_it_is(ask: Ask, store: Store) -> None:
    begun = ask("One?", "1")
    finish_turn(store, begun.turn_id, status="failed", text="", segments=[])
    assert store.turns.get(begun.turn_id, owner="ada").status == "complete"


def test_turn_of_somebody_else_does_not_exist(begin: Ask, store: Store) -> None:
    begun = begin()
    with pytest.raises(NotFoundError):
        store.turns.get(begun.turn_id, owner="bob")
    with pytest.raises(NotFoundError):
        store.turns.request_cancel(begun.turn_id, owner="bob")
    with pytest.raises(NotFoundError):
        begin("Two?", owner="bob", conversation_id=begun.conversation_id)
