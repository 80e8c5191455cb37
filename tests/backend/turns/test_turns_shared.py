"""Turns that one process makes and another reads: the database between them, and what happens when it fails."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatapp.backend import tasks
from chatapp.backend.store import Store, TrustedClock
from chatapp.backend.turns import recovery, remote, runner
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.config.settings import Settings
from chatapp.errors import IncompleteAnswerError, InternalError, StoreUnavailableError, TurnActiveError
from chatapp.protocol.question import Question
from support import scripts
from support.full_disk import disk_full
from support.running_backend import RunningBackend
from support.saved_turns import begin_turn, save_turn
from support.stub_model import StubModel
from support.turn_steps import begin, messages, read_on, wait_for, wait_for_text, wait_until_over

RunBackend = Callable[..., RunningBackend]
ANSWER = ["a é", 0.2, "😀\n", 0.2, "\n b", 0.2, "c"]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save and look five times as often as in earnest."""
    monkeypatch.setattr(runner, "SAVE_EVERY_S", 0.2)
    monkeypatch.setattr(runner, "SAVE_AGAIN_S", 0.2)
    monkeypatch.setattr(remote, "POLL_S", 0.1)


@pytest.fixture
def other(run_backend: RunBackend, backend: RunningBackend) -> RunningBackend:
    """A second backend on the database of `backend`."""
    return run_backend()


def test_an_answer_is_read_from_the_store_as_it_was_live(
    backend: RunningBackend, run_backend: RunBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer(scripts.delta(reasoning="hm"), *ANSWER))
    turn_id = begin(backend).turn_id
    read_on(backend, turn_id)
    live = {position: read_on(backend, turn_id, position) for position in range(15)}
    backend.stop()
    later = run_backend()
    for position, rest in live.items():
        assert read_on(later, turn_id, position) == rest


def test_an_answer_in_the_making_is_read_on_from_every_character_in_another_process(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer(*ANSWER))
    turn_id = begin(backend).turn_id
    with ThreadPoolExecutor(12) as threads:
        rests = list(threads.map(lambda position: read_on(other, turn_id, position), range(1, 11)))
    assert [rest.text for rest in rests] == ["a é😀\n\n bc"[position:] for position in range(10)]
    assert {(rest.ids[-1], rest.names[-1]) for rest in rests} == {(11, "done")}
    assert stub.hits == 1


def test_a_reader_ahead_of_the_store_gets_nothing_twice(
    backend: RunningBackend, other: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SAVE_EVERY_S", 0.4)
    stub.next(scripts.answer("12345", 0.5, "67890", 0.5, "abcde", 0.5))
    turn_id = begin(backend).turn_id
    wait_for_text(backend, turn_id, "1234567890abc")
    assert read_on(other, turn_id, after=14).text == "de"


def test_a_turn_in_the_making_can_be_looked_at_elsewhere(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    turn_id = begin(backend).turn_id
    wait_for_text(other, turn_id, "half an")
    assert other.client.turn(turn_id).status == "streaming"


def test_leaving_an_answer_elsewhere_neither_stops_nor_shortens_it(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", 0.8, " two"))
    turn_id = begin(backend).turn_id
    with other.client.resume(turn_id) as events:
        next(iter(events))
    assert read_on(other, turn_id).text == "one two"
    assert wait_until_over(other, turn_id)["status"] == "complete"


def test_an_answer_is_stopped_from_another_process(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    start = begin(backend)
    wait_for_text(other, start.turn_id, "half an")
    other.client.cancel(start.turn_id)
    assert stub.calls[0].wait_until_left(timeout_s=1)
    assert read_on(other, start.turn_id).bodies["done"]["finish_reason"] == "stopped"
    assert messages(other, start.conversation_id)[-1]["status"] == "stopped"


def test_throwing_a_conversation_away_stops_its_answer(backend: RunningBackend, stub: StubModel) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    start = begin(backend)
    backend.client.conversations.delete(str(start.conversation_id))
    assert stub.calls[0].wait_until_left(timeout_s=1)


def test_one_conversation_has_one_answer_at_a_time_in_all_processes(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", scripts.silence))
    start = begin(backend)
    with pytest.raises(TurnActiveError):
        other.client.ask("And?", conversation_id=start.conversation_id)


def test_readers_elsewhere_hear_of_a_shutdown_of_their_own_process_and_of_the_maker_s(
    backend: RunningBackend, run_backend: RunBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("half an", scripts.silence))
    reading, staying = run_backend(), run_backend()
    turn_id = begin(backend).turn_id
    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read_on, which, turn_id) for which in (reading, staying)]
        time.sleep(0.3)
        reading.stop()
        backend.stop()
        codes = [reader.result().bodies["error"]["code"] for reader in readers]
    assert codes == ["shutting_down", "shutting_down"]


def test_notices_are_read_later_as_they_were(backend: RunningBackend, run_backend: RunBackend, stub: StubModel) -> None:
    small = run_backend(context_tokens=40)
    start = begin(small, "long " * 40)
    read_on(small, start.turn_id)
    trimmed = begin(small, "And?", conversation_id=start.conversation_id).turn_id
    live = read_on(small, trimmed)
    assert live.bodies["notice"]["code"] == "context_trimmed"
    # Who reads while words come may get them in several pieces; who reads after them gets them in one.
    assert read_on(small, trimmed) == read_on(backend, trimmed)
    assert live.text == read_on(backend, trimmed).text


@contextmanager
def store_away(backend: RunningBackend) -> Iterator[None]:
    """Let nobody reach the database for as long as the block lasts."""
    path: Path = backend.app.state.store.database.path
    path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        path.with_suffix(".away").rename(path)


def test_a_reader_elsewhere_goes_on_when_the_store_was_away_for_a_moment(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    stub.next(scripts.answer("one", 1.2, " two"))
    turn_id = begin(backend).turn_id
    with ThreadPoolExecutor(1) as threads:
        wait_for_text(other, turn_id, "one")
        reader = threads.submit(read_on, other, turn_id)
        time.sleep(0.15)
        with store_away(backend):
            time.sleep(0.4)
        seen = reader.result()
    assert (seen.text, seen.names[-1]) == ("one two", "done")


def test_a_reader_elsewhere_is_told_when_the_store_stays_away(
    backend: RunningBackend, other: RunningBackend, stub: StubModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "UNREADABLE_S", 0.3)
    stub.next(scripts.answer("one", scripts.silence))
    turn_id = begin(backend).turn_id
    with ThreadPoolExecutor(1) as threads:
        wait_for_text(other, turn_id, "one")
        reader = threads.submit(read_on, other, turn_id)
        time.sleep(0.15)
        with store_away(backend):
            assert reader.result().bodies["error"]["code"] == StoreUnavailableError.code


def test_a_reader_elsewhere_does_not_wait_for_ever_behind_a_defect(backend: RunningBackend, tmp_path: Path) -> None:
    turn_id = TestOrphans.leave_orphan(tmp_path / "data", this_process())
    with ThreadPoolExecutor(1) as threads:
        reader = threads.submit(read_on, backend, turn_id)
        time.sleep(0.15)
        save_turn(backend.app.state.store, turn_id, text="half an", segments=[["of another version"]])
        assert reader.result().bodies["error"]["code"] == InternalError.code


def test_a_text_is_saved_in_pieces_that_make_the_whole(
    backend: RunningBackend, other: RunningBackend, stub: StubModel
) -> None:
    thoughts = [scripts.delta(reasoning="hm"), 0.3, scripts.delta(reasoning=" so"), "one", 0.3]
    stub.next(scripts.answer(*thoughts, " two", scripts.delta(reasoning=" or"), 0.3, "\nthree", 0.5, scripts.silence))
    turn_id = begin(backend).turn_id
    wait_for_text(other, turn_id, "one two\nthree")
    saved = other.app.state.store.turns.get(turn_id, owner="")
    assert (saved.text, saved.reasoning) == ("one two\nthree", "hm so or")
    assert saved.segments == [["start", 1], ["reasoning", 5], ["text", 7], ["reasoning", 3], ["text", 6]]


class TestOrphans:
    """Turns whose process is gone."""

    @staticmethod
    def leave_orphan(data_dir: Path, process_id: str, *, text: str = "half an") -> str:
        store = Store.open(Settings(data_dir=data_dir))
        begun = begin_turn(store, Question(prompt="Why?", store=True), process_id=process_id, fallback_model="m")
        save_turn(store, begun.turn_id, text=text, segments=[["start", 1], ["text", len(text)]])
        store.close()
        return begun.turn_id

    @staticmethod
    def dead_process() -> str:
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            process.wait()
        host, _, token = this_process().split(":")
        return f"{host}:{process.pid}:{token}"

    def test_are_interrupted_when_a_backend_starts(self, run_backend: RunBackend, tmp_path: Path) -> None:
        turn_id = self.leave_orphan(tmp_path / "data", self.dead_process())
        turn = wait_until_over(run_backend(), turn_id)
        assert (turn["status"], turn["answer"]) == ("interrupted", "half an")
        assert turn["error"]["code"] == IncompleteAnswerError.code

    def test_end_for_those_who_read_them(self, run_backend: RunBackend, tmp_path: Path) -> None:
        turn_id = self.leave_orphan(tmp_path / "data", self.dead_process())
        seen = read_on(run_backend(), turn_id, after=4)
        assert (seen.text, seen.bodies["error"]["code"]) == ("f an", "incomplete")

    def test_let_the_conversation_go_on(self, run_backend: RunBackend, tmp_path: Path, stub: StubModel) -> None:
        turn_id = self.leave_orphan(tmp_path / "data", self.dead_process())
        backend = run_backend()
        conversation_id = wait_until_over(backend, turn_id)["conversation_id"]
        backend.client.ask("And?", conversation_id=conversation_id)
        said = [message["content"] for message in stub.calls[0].body["messages"]]
        assert said == ["Why?", "half an", "And?"]

    def test_of_a_living_process_are_none(self, run_backend: RunBackend, tmp_path: Path) -> None:
        turn_id = self.leave_orphan(tmp_path / "data", this_process())
        backend = run_backend()
        time.sleep(0.3)
        assert backend.client.turn(turn_id).status == "streaming"

    def test_are_known_also_where_the_number_was_given_again(self) -> None:
        host, number, _ = this_process().split(":")
        assert is_gone(f"{host}:{number}:earlier1")
        assert not is_gone(this_process())

    def test_of_another_container_with_our_host_name_are_not_guessed_at(self) -> None:
        machine, number, token = self.dead_process().split(":")
        assert is_gone(f"{machine}:{number}:{token}")
        assert not is_gone(f"{socket.gethostname()}/pid[1]:{number}:{token}")

    @pytest.mark.parametrize("name", ["elsewhere:1:aaaa", "", "x", "a:b", "elsewhere:x:aaaa", "::"])
    def test_are_not_guessed_at(self, name: str) -> None:
        assert not is_gone(name)


class TestFullDisk:
    """The store cannot be written while the rest goes on."""

    def test_refuses_what_is_to_be_kept(self, backend: RunningBackend, stub: StubModel) -> None:
        with disk_full():
            with pytest.raises(StoreUnavailableError):
                backend.client.ask("Why?", store=True)
            assert backend.client.ask("Why?").answer == "Hello from the stub."
        assert backend.client.ask("Why?", store=True).conversation_id
        assert stub.hits == 2

    def test_does_not_keep_an_answer_from_its_reader(self, backend: RunningBackend, stub: StubModel) -> None:
        stub.next(scripts.answer("one", 0.6, " two"))
        turn_id = begin(backend).turn_id
        with disk_full():
            seen = read_on(backend, turn_id)
        assert (seen.text, seen.names[-1]) == ("one two", "done")
        assert seen.bodies["notice"]["code"] == "not_saved"
        assert backend.client.turn(turn_id).status == "complete"

    def test_loses_no_answer_once_there_is_room_again(
        self, backend: RunningBackend, other: RunningBackend, stub: StubModel
    ) -> None:
        stub.next(scripts.answer("one", 0.6, " two"))
        start = begin(backend)
        with disk_full():
            read_on(backend, start.turn_id)
        live = read_on(backend, start.turn_id)
        assert live.bodies["notice"]["code"] == "not_saved"
        wait_until_over(other, start.turn_id)
        assert read_on(other, start.turn_id) == live
        assert messages(other, start.conversation_id)[-1]["content"] == "one two"


def test_maintenance_that_dies_is_told_and_begins_anew(
    run_backend: RunBackend, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[Store] = []
    words = ["secret"]

    def fail(store: Store, _clock: TrustedClock) -> None:
        tried.append(store)
        raise ValueError(*words)

    monkeypatch.setattr(tasks, "RESTART_S", 0.01)
    monkeypatch.setattr(recovery, "_forget", fail)
    backend = run_backend()
    wait_for(lambda: len(tried) > 2)
    assert backend.client.ask("Why?").answer
    assert "run_maintenance begins anew" in caplog.text
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_what_is_kept_for_a_while_is_removed_in_time(run_backend: RunBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[Store] = []
    monkeypatch.setattr(recovery, "ORPHANS_EVERY_S", 0.01)
    monkeypatch.setattr(recovery, "FORGET_EVERY", 3)
    monkeypatch.setattr(recovery, "_forget", lambda store, _clock: forgotten.append(store))
    run_backend()
    wait_for(lambda: len(forgotten) > 2)
