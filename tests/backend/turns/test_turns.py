"""Turns within one process: left, read again, stopped, asked twice, cut by a shutdown."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from chatapp.backend.api import responses
from chatapp.backend.turns import finished
from chatapp.backend.turns.remote import RemoteTurn
from chatapp.errors import (
    NotFoundError,
    ShuttingDownError,
    TurnActiveError,
)
from chatapp.protocol.events import Done, Reasoning, Start, Text
from support import scripts
from support.event_streams import read
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import begin, messages, read_on, wait_for, wait_for_text, wait_until_over

RunBackend = Callable[..., RunningBackend]
THOUGHTFUL = scripts.answer(scripts.delta(reasoning="hm, so"), 0.05, "a é", 0.05, "😀\n", 0.05, "\n b", 0.05, "c")


def test_an_answer_of_a_conversation_is_made_to_its_end_without_readers(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", 0.3, " two"))
    start = begin(backend)
    assert wait_until_over(backend, start.turn_id)["answer"] == "one two"
    assert messages(backend, start.conversation_id)[-1]["status"] == "complete"
    assert stub.hits == 1


def test_a_question_for_a_whole_answer_that_nobody_waits_for_is_answered_too(
    backend: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", 0.5, " two"))
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{backend.url}/query", json={"prompt": "Why?", "store": True}, timeout=0.2)
    (conversation,) = wait_for(lambda: backend.client.conversations.page().items)
    wait_for(lambda: messages(backend, conversation.id)[-1]["content"] == "one two")
    assert stub.hits == 1


def test_a_plain_answer_ends_with_its_last_reader(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("one", scripts.silence))
    with backend.client.stream("Why?") as first, backend.client.stream("Why?", model="other"):
        start = next(iter(first))
        second = backend.client.resume(start.turn_id)  # type: ignore[union-attr]
        first.close()
        assert not stub.calls[0].wait_until_left(timeout_s=0.3)
        second.close()
        assert stub.calls[0].wait_until_left(timeout_s=1)


@pytest.mark.parametrize("many", [500, 1], ids=["as it came", "held as few events"])
def test_an_answer_can_be_read_on_from_every_character(
    many: int, backend: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "MANY_EVENTS", many)
    stub.next(THOUGHTFUL)
    turn_id = begin(backend).turn_id
    whole = read_on(backend, turn_id)
    for position in range(1, whole.ids[-1]):
        rest = read_on(backend, turn_id, position)
        assert rest.text == "a é😀\n\n bc"[max(0, position - 7) :]
        assert rest.bodies.get("reasoning", {}).get("text", "") == "hm, so"[position - 1 :]
        assert (rest.ids[-1], rest.bodies["done"]) == (whole.ids[-1], whole.bodies["done"])


def test_readers_who_join_at_any_time_read_the_same(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer(*(step for number in range(40) for step in (f"{number} ", 0.01))))
    turn_id = begin(backend).turn_id

    def join_after(delay_s: float) -> str:
        time.sleep(delay_s)
        return read_on(backend, turn_id).text

    with ThreadPoolExecutor(6) as threads:
        texts = set(threads.map(join_after, [0, 0.05, 0.1, 0.2, 0.3, 1.0]))
    assert texts == {"".join(f"{number} " for number in range(40))}
    assert stub.hits == 1


def test_plain_answers_are_held_until_they_take_too_much_memory(
    backend: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "MOST_CHARACTERS", 1000)
    stub.default = scripts.answer("word " * 80)
    first, second, third = (backend.client.ask("Why?").turn_id for _ in range(3))
    with pytest.raises(NotFoundError):
        backend.client.turn(str(first))
    assert [backend.client.turn(str(kept)).status for kept in (second, third)] == ["complete"] * 2


def test_an_answer_in_many_pieces_is_held_as_one(
    backend: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "MANY_EVENTS", 3)
    stub.next(scripts.answer("one", scripts.delta(reasoning="hm"), "two", 0.1, "three"))
    turn_id = str(backend.client.ask("Why?").turn_id)
    held = wait_for(lambda: backend.app.state.turns._finished.get(turn_id))
    assert [type(entry) for entry in held.entries] == [Start, Text, Reasoning, Text, Done]
    assert held.text == "onetwothree"


def test_only_the_last_plain_answers_are_held(
    backend: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finished, "MOST_TURNS", 2)
    first, second, third = (backend.client.ask("Why?").turn_id for _ in range(3))
    with pytest.raises(NotFoundError):
        backend.client.turn(str(first))
    assert [backend.client.turn(str(kept)).status for kept in (second, third)] == ["complete"] * 2


def test_a_kept_answer_is_not_held_in_memory_as_well(backend: RunningBackend) -> None:
    turn_id = str(backend.client.ask("Why?", store=True).turn_id)
    wait_for(lambda: type(backend.run(backend.app.state.turns.find(turn_id))) is RemoteTurn)


def test_nothing_is_left_to_read_behind_the_end(backend: RunningBackend) -> None:
    turn_id = begin(backend).turn_id
    end = read_on(backend, turn_id).ids[-1]
    assert read_on(backend, turn_id, end).names == []


def test_a_position_beyond_the_end_still_tells_how_it_ended(backend: RunningBackend) -> None:
    turn_id = begin(backend).turn_id
    end = read_on(backend, turn_id).ids[-1]
    assert read_on(backend, turn_id, end + 100).names == ["done"]


def test_reasoning_is_kept_apart(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(THOUGHTFUL)
    start = begin(backend)
    assert wait_until_over(backend, start.turn_id)["answer"] == "a é😀\n\n bc"
    message = messages(backend, start.conversation_id)[-1]
    assert (message["reasoning"], message["content"]) == ("hm, so", "a é😀\n\n bc")


def test_a_slow_reader_gets_fewer_and_larger_events(backend: RunningBackend, stub: StubModel) -> None:
    words = ["x" * 1000] * 6000
    stub.next(scripts.answer(*words))
    body = {"prompt": "Why?", "store": True}
    with requests.post(f"{backend.url}/query/stream", json=body, stream=True, timeout=10) as response:
        time.sleep(0.5)
        seen = read(response.raw.read())
    assert seen.text == "".join(words)
    assert len(seen.ids) < len(words) / 2


def test_comments_keep_a_reader_of_an_earlier_turn_alive(
    backend: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "KEEP_ALIVE_S", 0.1)
    stub.next(scripts.answer("a", 0.5, "b"))
    seen = read_on(backend, begin(backend).turn_id)
    assert 2 <= seen.comments <= 6
    assert seen.text == "ab"


def test_a_stopped_answer_keeps_its_text_and_frees_the_model(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    start = begin(backend)
    wait_for_text(backend, start.turn_id, "half an")
    backend.client.cancel(start.turn_id)
    assert stub.calls[0].wait_until_left(timeout_s=1)
    turn = wait_until_over(backend, start.turn_id)
    assert (turn["status"], turn["answer"], turn["finish_reason"]) == ("stopped", "half an", "stopped")
    message = messages(backend, start.conversation_id)[-1]
    assert (message["status"], message["content"], message["finish_reason"]) == ("stopped", "half an", "stopped")


def test_readers_of_a_stopped_answer_are_told_that_it_is_done(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    with backend.client.stream("Why?", store=True) as events:
        iterator = iter(events)
        next(iterator)
        assert next(iterator) == Text("half an")
        backend.client.cancel(events.start.turn_id)  # type: ignore[union-attr]
        done = next(iterator)
    assert isinstance(done, Done)
    assert done.finish_reason == "stopped"


def test_an_answer_can_be_stopped_before_its_first_word(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer(scripts.silence))
    start = begin(backend)
    backend.client.cancel(start.turn_id)
    assert wait_until_over(backend, start.turn_id)["status"] == "stopped"


def test_stopping_twice_or_too_late_changes_nothing(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    stopped, whole = begin(backend), begin(backend)
    read_on(backend, whole.turn_id)
    for turn_id in (stopped.turn_id, stopped.turn_id, whole.turn_id):
        backend.client.cancel(turn_id)
    assert wait_until_over(backend, stopped.turn_id)["status"] == "stopped"
    assert wait_until_over(backend, whole.turn_id)["status"] == "complete"


def test_a_second_question_waits_for_the_first_answer(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("one", scripts.silence))
    start = begin(backend)
    with pytest.raises(TurnActiveError):
        backend.client.ask("And?", conversation_id=start.conversation_id)
    backend.client.cancel(start.turn_id)
    wait_until_over(backend, start.turn_id)
    assert backend.client.ask("And?", conversation_id=start.conversation_id).answer == "Hello from the stub."


def test_a_turn_of_somebody_else_does_not_exist(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(api_keys="ada:a,bob:b")
    stub.next(scripts.answer("one", scripts.silence))
    ada, bob = ({"X-API-Key": key} for key in "ab")
    body = {"prompt": "Why?", "store": True}
    with requests.post(f"{backend.url}/query/stream", json=body, headers=ada, stream=True, timeout=5) as response:
        response.raw.readline()
        (conversation,) = requests.get(f"{backend.url}/conversations", headers=ada, timeout=5).json()["items"]
        turn = f"{backend.url}/turns/{conversation['active_turn_id']}"
        for _ in range(2):
            assert requests.get(turn, headers=bob, timeout=5).status_code == 404
            assert requests.get(f"{turn}/stream", headers=bob, timeout=5).status_code == 404
            assert requests.post(f"{turn}/cancel", headers=bob, timeout=5).status_code == 404
            assert requests.post(f"{turn}/cancel", headers=ada, timeout=5).status_code == 202


def test_a_failed_turn_names_the_request_that_asked(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.reset))
    with requests.post(f"{backend.url}/query/stream", json={"prompt": "Why?"}, timeout=5) as response:
        turn = backend.client.turn(read(response.content).bodies["start"]["turn_id"])
    assert turn.error.request_id == response.headers["X-Request-ID"]


def test_every_reader_hears_of_a_shutdown_and_the_store_keeps_the_text(
    run_backend: RunBackend, stub: StubModel
) -> None:
    backend = run_backend()
    stub.default = scripts.answer("half an", scripts.silence)
    start = begin(backend)
    wait_for_text(backend, start.turn_id, "half an")
    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read_on, backend, start.turn_id) for _ in range(3)]
        time.sleep(0.1)
        backend.stop()
        errors = [reader.result().bodies["error"] for reader in readers]
    assert [error["code"] for error in errors] == [ShuttingDownError.code] * 3
    message = messages(run_backend(), start.conversation_id)[-1]
    assert (message["status"], message["content"]) == ("interrupted", "half an")


def test_questions_are_refused_while_the_backend_stops(run_backend: RunBackend) -> None:
    backend = run_backend()
    backend.run(_begin_shutdown(backend))
    with pytest.raises(ShuttingDownError):
        backend.client.ask("Why?", store=True)


async def _begin_shutdown(backend: RunningBackend) -> None:
    backend.app.state.turns.begin_shutdown()


def test_a_shutdown_in_the_middle_of_beginning_leaves_nothing_unfinished(
    run_backend: RunBackend, stub: StubModel
) -> None:
    backend = run_backend()
    stub.default = scripts.answer("one", scripts.silence)
    start_line = threading.Barrier(9, timeout=5)

    def ask() -> None:
        start_line.wait()
        requests.post(f"{backend.url}/query", json={"prompt": "Why?", "store": True}, timeout=10)

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask) for _ in range(8)]
        start_line.wait()
        time.sleep(0.02)
        backend.stop()
        for question in asked:
            question.exception()
    after = run_backend().client.conversations
    statuses = {after.messages(item.id).items[-1].status for item in after.page().items}
    assert statuses <= {"interrupted"}


def test_an_unknown_turn_is_404_for_every_verb(backend: RunningBackend) -> None:
    for verb in (backend.client.turn, backend.client.cancel, backend.client.resume):
        with pytest.raises(NotFoundError):
            verb("0" * 32)


def test_reasoning_is_streamed_apart(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(THOUGHTFUL)
    events = list(backend.client.stream("Why?", store=True))
    assert [event for event in events if isinstance(event, Reasoning)] == [Reasoning("hm, so")]
