"""Thoughts that come as text until a lone `</think>`: told apart afterwards, everywhere."""

from typing import Any

from chatapp.backend.store import Store
from chatapp.protocol.events import WAS_THOUGHT
from support import scripts
from support.running_backend import RunningBackend
from support.saved_turns import save_turn
from support.stub_model import StubModel
from support.turn_steps import begin, messages, read_on

LONE = scripts.answer("I greet", 0.05, ".\n", 0.05, "</thi", 0.05, "nk>\n", "\nHello", " world")


def test_a_whole_answer_has_no_thoughts_in_it(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(LONE)

    assert backend.client.ask("Hi").answer == "Hello world"


def test_whoever_reads_along_is_told_that_it_was_thought(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(LONE)

    seen = read_on(backend, begin(backend, "Hi").turn_id)

    assert seen.bodies["notice"]["code"] == WAS_THOUGHT
    assert seen.text.endswith("Hello world")
    assert "think" not in seen.text


def test_thoughts_are_kept_apart_and_never_sent_back(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(LONE)
    conversation_id = backend.client.ask("Hi", store=True).conversation_id
    backend.client.ask("And?", conversation_id=conversation_id)

    _, answer, _, plain = messages(backend, str(conversation_id))
    assert (answer["content"], answer["reasoning"]) == ("Hello world", "I greet.\n")
    assert answer["usage_details"]["thinking_ms"] >= 0
    assert plain["usage_details"]["thinking_ms"] is None
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Hi", "Hello world", "And?"]


def test_what_was_saved_of_thoughts_as_text_is_written_again(store: Store, begin: Any) -> None:
    turn_id = begin("Hi").turn_id
    save_turn(store, turn_id, text="I greet.", segments=[["text", 8]])
    segments = [["reasoning", 8], ["text", 11]]
    save_turn(store, turn_id, text="Hello world", reasoning="I greet.", segments=segments, is_recast=True)

    kept = store.turns.get(turn_id, owner="ada")

    assert (kept.text, kept.reasoning) == ("Hello world", "I greet.")
