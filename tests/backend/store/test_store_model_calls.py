"""Calls to models on record: saved many at once, kept for good."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chatapp.backend.store import BegunTurn, ModelCall, Store

Ask = Callable[..., BegunTurn]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CALL = ModelCall(
    owner="ada",
    connection="openai",
    model="small",
    status="complete",
    created_at=NOON,
    duration_ms=812,
    turn_id="t1",
    answered_model="small-2026",
    surface="query",
    prompt_tokens=11,
    cached_tokens=3,
    completion_tokens=10,
    reasoning_tokens=4,
    first_token_ms=120,
)


def call(number: int, **changes: object) -> ModelCall:
    return replace(CALL, id=f"call{number}", created_at=NOON + timedelta(minutes=number), **changes)


def test_calls_come_back_as_they_were_saved(store: Store) -> None:
    unknown = ModelCall(
        owner="", connection="local", model="m", status="failed", created_at=NOON, duration_ms=5, error_code="x"
    )
    store.model_calls.add_many([CALL, unknown])
    saved = store.model_calls.between(NOON)
    assert {call.id: call for call in saved} == {CALL.id: CALL, unknown.id: unknown}


def test_calls_are_found_by_owner_and_time(store: Store) -> None:
    store.model_calls.add_many([call(3), call(1), call(2, owner="bob"), call(0)])
    minute = timedelta(minutes=1)
    assert [one.id for one in store.model_calls.between(NOON + minute)] == ["call1", "call2", "call3"]
    assert [one.id for one in store.model_calls.between(NOON, NOON + 3 * minute, owner="ada")] == ["call0", "call1"]


def test_call_that_is_saved_twice_counts_once(store: Store) -> None:
    store.model_calls.add_many([call(1)])
    store.model_calls.add_many([call(1), call(2)])
    store.model_calls.add_many([])
    assert store.model_calls.between(NOON) == [call(1), call(2)]


def test_calls_outlive_their_conversation_and_turn(ask: Ask, store: Store) -> None:
    kept, loose = ask("One?"), ask("Two?", store=False)
    store.model_calls.add_many([call(1, turn_id=kept.turn_id), call(2, turn_id=loose.turn_id)])
    store.conversations.purge(str(kept.conversation_id), owner="ada")
    assert store.turns.forget_unattached(kept=timedelta(0)) == 1
    assert [one.turn_id for one in store.model_calls.between(NOON)] == [kept.turn_id, loose.turn_id]


def test_what_a_server_says_cannot_keep_a_call_from_the_record(store: Store) -> None:
    odd = call(1, answered_model="a\0b\ud800", prompt_tokens=2**70, completion_tokens=-1, reasoning_tokens=2**31)
    store.model_calls.add_many([odd, call(2)])
    first, second = store.model_calls.between(NOON)
    assert first.answered_model == "a\ufffdb?"
    assert (first.prompt_tokens, first.completion_tokens, first.reasoning_tokens) == (None, None, None)
    assert second == call(2)
