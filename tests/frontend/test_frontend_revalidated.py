"""What the backend told last is shown at once, and asked for anew behind whoever looks."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from chatapp.frontend.session import revalidated
from chatapp.frontend.session.revalidated import MOST_OLD_S, Revalidated
from support.scripts import PATIENCE_S

FRESH_S = 5.0


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Source:
    """What answers with the number of the question, as soon as it is let."""

    def __init__(self) -> None:
        self.count = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> int:
        self.count += 1
        assert self.may_answer.wait(PATIENCE_S)
        return self.count


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(revalidated, "time", clock)
    return clock


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.may_answer.set()


@pytest.fixture
def look(clock: Clock, source: Source) -> Callable[..., int]:
    told = Revalidated[int](fresh_s=FRESH_S, retry_s=FRESH_S)
    return lambda patience_s=0.0: told.get("ready", source, patience_s=patience_s)


def test_what_is_fresh_is_not_asked_for_again(look: Callable[..., int], clock: Clock) -> None:
    assert look() == 1
    clock.now += FRESH_S
    assert look() == 1


def test_what_is_old_is_shown_without_waiting_for_news(look: Callable[..., int], clock: Clock, source: Source) -> None:
    look()
    clock.now += FRESH_S + 1
    source.may_answer.clear()

    assert [look(), look()] == [1, 1]

    source.may_answer.set()
    assert look(PATIENCE_S) == 2
    assert source.count == 2


def test_what_is_too_old_to_be_shown_is_waited_for(look: Callable[..., int], clock: Clock) -> None:
    look()
    clock.now += MOST_OLD_S + 1

    assert look() == 2


def test_where_nothing_was_told_it_is_asked_for_again_sooner(clock: Clock) -> None:
    answers: list[int | None] = [None, 1]
    told = Revalidated[int | None](fresh_s=FRESH_S, retry_s=1.0)

    assert told.get("models", lambda: answers.pop(0)) is None
    clock.now += 2
    assert told.get("models", lambda: answers.pop(0), patience_s=PATIENCE_S) == 1


def test_a_fault_is_asked_about_again_sooner(clock: Clock) -> None:
    answers = ["away", "back"]
    told = Revalidated[str](fresh_s=FRESH_S, retry_s=1.0, is_fault=lambda it: it == "away")

    assert told.get("ready", lambda: answers.pop(0)) == "away"
    clock.now += 2
    assert told.get("ready", lambda: answers.pop(0), patience_s=PATIENCE_S) == "back"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_in_asking_keeps_nobody_waiting(clock: Clock) -> None:
    told = Revalidated[int](fresh_s=FRESH_S, retry_s=FRESH_S)

    with pytest.raises(CancelledError):
        told.get("ready", lambda: 1 // 0)

    assert told.get("ready", lambda: 1) == 1
    for thread in threading.enumerate():
        if thread.name == "revalidated":
            thread.join(PATIENCE_S)  # Python reports the defect at its end, which is to be heard of here
