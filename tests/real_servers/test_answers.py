"""What every model server must give through chatapp: answers, whole and streamed, alone and in a crowd."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from chatapp.client import AnswerStream
from chatapp.errors import ChatappError, ContextLengthExceededError, IncompleteAnswerError, UpstreamModelNotFoundError
from chatapp.protocol.events import Done, Notice, Start, Text
from real_servers.conftest import PATIENCE_S, Front
from real_servers.model_server import WINDOW, ModelServer

QUESTION = "What is the capital of France?"
ENDLESS: dict[str, Any] = {"prompt": "Tell a very long story about the sea.", "temperature": 0, "max_tokens": 700}
"""At temperature 0 so small a model never comes to an end by itself."""

WHOLE = {"stop", "length"}
SAYING = "The sea was calm that morning, and nobody on board had slept. "
NUMBERS = "".join(f"{row},{row * 37 % 1009}.{row % 97:02},{row * 7919 % 100003}\n" for row in range(14))


def conversation(*, rows: int, text: str) -> list[dict[str, str]]:
    """Return what was said before: `rows` questions with `text`, each with an answer."""
    pair = [{"role": "user", "content": text}, {"role": "assistant", "content": "I have read it."}]
    return pair * rows


def test_a_question_is_answered(front: Front) -> None:
    answer = front.client.ask(QUESTION, max_tokens=24)

    assert answer.answer.strip()
    assert answer.finish_reason in WHOLE
    assert answer.model == front.server.kind.model


def test_an_answer_is_streamed_while_it_is_made(front: Front) -> None:
    stream = front.client.stream(ENDLESS["prompt"], temperature=0, max_tokens=60)
    arrivals = [(time.monotonic(), event) for event in stream]

    events = [event for _, event in arrivals]
    assert isinstance(events[0], Start)
    assert isinstance(events[-1], Done)
    assert events[-1].finish_reason in WHOLE
    texts = [when for when, event in arrivals if isinstance(event, Text)]
    assert len(texts) >= 5
    assert max(later - sooner for sooner, later in pairwise(texts)) < (texts[-1] - texts[0]) / 2, "all at once"


LONG = ENDLESS | {"max_tokens": 1500}
WORDS = 30


def test_stopping_an_answer_stops_the_server(front: Front) -> None:
    with front.client.stream(**LONG) as stream:
        cost_s = cpu_of_words(front.server.maker, stream)
        assert stream.start is not None
        used_s = front.server.maker.cpu_seconds()
        front.client.cancel(stream.start.turn_id)

    assert front.client.turn(stream.start.turn_id).status == "stopped"
    assert_idle_before_it_is_through(front.server.maker, used_s, cost_s)


def test_an_answer_whose_reader_has_left_stops_the_server(front: Front) -> None:
    with front.client.stream(**LONG) as stream:
        cost_s = cpu_of_words(front.server.maker, stream)
        used_s = front.server.maker.cpu_seconds()

    assert_idle_before_it_is_through(front.server.maker, used_s, cost_s)


def cpu_of_words(server: ModelServer, stream: AnswerStream) -> float:
    """Return what the server computes for a text, by some that follow the first."""
    texts = (event for event in stream if isinstance(event, Text))
    next(texts)
    before = server.cpu_seconds()
    for _ in range(WORDS):
        next(texts)
    return (server.cpu_seconds() - before) / WORDS


def assert_idle_before_it_is_through(server: ModelServer, used_s: float, cost_s: float) -> None:
    """Wait until it is idle, and check that it has not made the rest of the answer meanwhile: by what it computed.

    Neither a fast machine, where all is soon made, nor one where it gets no processor, makes it look stopped.
    """
    deadline = time.monotonic() + PATIENCE_S
    is_idle = False
    while not is_idle:
        assert time.monotonic() < deadline
        before = server.wanted_seconds()
        time.sleep(1)
        is_idle = server.wanted_seconds() - before < 0.1
    assert server.cpu_seconds() - used_s < cost_s * LONG["max_tokens"] / 2


def test_a_stop_text_ends_the_answer_and_is_not_in_it(front: Front) -> None:
    if not front.server.kind.ends_at_stop_texts:
        pytest.skip("it takes the text out and goes on")
    whole = front.client.ask(QUESTION, temperature=0, max_tokens=24).answer
    word = whole.split()[2]

    cut = front.client.ask(QUESTION, temperature=0, max_tokens=24, stop=word).answer

    assert cut == whole[: whole.index(word)]


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_a_question_longer_than_the_window_is_called_too_long(front: Front, is_streamed: bool) -> None:
    if not front.server.kind.refuses_what_is_too_long:
        pytest.skip("it reads on past its window")
    with pytest.raises(ContextLengthExceededError):
        whole_or_streamed(front, SAYING * (WINDOW // 5), is_streamed)


def whole_or_streamed(front: Front, prompt: str, is_streamed: bool) -> None:
    if is_streamed:
        for _event in front.client.stream(prompt, max_tokens=8):
            pass
    else:
        front.client.ask(prompt, max_tokens=8)


@pytest.mark.parametrize(
    "history",
    [conversation(rows=60, text=SAYING * 5), conversation(rows=40, text=NUMBERS)],
    ids=["of_words", "of_numbers"],
)
def test_a_long_conversation_is_shortened_and_goes_on(front: Front, history: list[dict[str, str]]) -> None:
    events = list(front.client.stream(QUESTION, messages=history, max_tokens=24))

    assert "".join(event.text for event in events if isinstance(event, Text)).strip()
    assert events[-1].finish_reason in WHOLE
    assert [event.code for event in events if isinstance(event, Notice)] == ["context_trimmed"]


def test_an_unknown_model_is_named_where_the_server_refuses_it(front: Front) -> None:
    if front.server.kind.takes_any_model:
        pytest.skip("it answers by whatever name it is called")
    with pytest.raises(UpstreamModelNotFoundError, match="no-such-model"):
        front.client.ask(QUESTION, model="no-such-model", max_tokens=8)


def test_two_system_messages_are_taken(front: Front) -> None:
    earlier = [{"role": "system", "content": "You are a sailor."}]

    answer = front.client.ask(QUESTION, system="Be brief.", messages=earlier, max_tokens=24)

    assert answer.answer.strip()


def test_of_twelve_questions_at_once_none_is_cut_and_called_whole(front: Front) -> None:
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda _: outcome(front), range(12)))

    if front.server.kind.has_one_answer_at_a_time:
        assert set(outcomes) <= {"whole", IncompleteAnswerError.code}
    else:
        assert outcomes == ["whole"] * 12


def outcome(front: Front) -> str:
    """Ask, and return `whole`, the code of the failure, or the finish reason that no whole answer has."""
    try:
        answer = front.client.ask(QUESTION, max_tokens=16)
    except ChatappError as error:
        return error.code
    return "whole" if answer.finish_reason in WHOLE and answer.answer.strip() else str(answer.finish_reason)


@pytest.mark.parametrize(
    "poll", [lambda client: client.ready(), lambda client: client.models()], ids=["ready", "models"]
)
def test_a_poll_leaves_a_running_answer_alone(front: Front, poll: Callable[[Any], Any]) -> None:
    tokens = 120
    polled_at = time.monotonic() + 0.5
    with front.client.stream(ENDLESS["prompt"], temperature=0, max_tokens=tokens) as stream:
        for event in stream:
            if isinstance(event, Text) and time.monotonic() > polled_at:
                poll(front.client)
                polled_at = time.monotonic() + 1
            last = event

    assert isinstance(last, Done)
    assert last.finish_reason == "length"
