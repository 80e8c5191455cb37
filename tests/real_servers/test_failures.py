"""What chatapp says while a real model server starts, once it has died, and when it is asked with a wrong key."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chatapp.client import AnswerStream
from chatapp.errors import ChatappError, IncompleteAnswerError, UpstreamUnavailableError
from chatapp.protocol.events import Event, Notice, Text
from real_servers.conftest import Front
from real_servers.model_server import READY_WITHIN_S, ModelServer
from real_servers.test_answers import ENDLESS, QUESTION, SAYING, conversation


def test_a_wrong_key_is_said_to_be_one(server: ModelServer, put_in_front: Callable[..., Any]) -> None:
    if not server.kind.has_keys:
        pytest.skip("it takes any key")
    with put_in_front(server, OPENAI_API_KEY="sk-wrong") as front:
        with pytest.raises(ChatappError) as refused:
            front.client.ask(QUESTION, max_tokens=8)
        state = front.client.ready().model

    assert "OPENAI_API_KEY" in (refused.value.hint or "")
    assert not state.ok
    assert "OPENAI_API_KEY" in (state.hint or "")


def test_a_server_killed_in_an_answer_leaves_what_it_said_and_an_error(
    cold_server: ModelServer, put_in_front: Callable[..., Any]
) -> None:
    cold_server.start()
    cold_server.wait_until_ready()
    with put_in_front(cold_server) as front:
        stream = front.client.stream(**ENDLESS)
        said = first_words(stream)
        cold_server.maker.kill()
        with pytest.raises((IncompleteAnswerError, UpstreamUnavailableError)):
            said += words(stream)
        assert stream.start is not None
        turn = front.client.turn(stream.start.turn_id)

    assert turn.status in {"incomplete", "failed"}
    assert said.strip()
    assert turn.answer.startswith(said)


def first_words(stream: AnswerStream) -> str:
    return next(event.text for event in stream if isinstance(event, Text))


def words(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def test_a_server_that_is_still_loading_is_waited_for_and_then_known(
    cold_server: ModelServer, put_in_front: Callable[..., Any]
) -> None:
    history = conversation(rows=60, text=SAYING * 5)
    with put_in_front(cold_server) as front:
        codes = {code_of_refusal(front, history)}
        cold_server.start()
        deadline = time.monotonic() + READY_WITHIN_S
        while not cold_server.is_ready():
            assert time.monotonic() < deadline
            codes.add(code_of_refusal(front, history))
        events = list(front.client.stream(QUESTION, messages=history, max_tokens=8))

    assert codes <= {UpstreamUnavailableError.code, ""}
    assert words(events).strip()
    assert [event.code for event in events if isinstance(event, Notice)] == ["context_trimmed"]


def code_of_refusal(front: Front, history: list[dict[str, str]]) -> str:
    """Ask, and return the code of the failure; empty where there is an answer, as it became ready meanwhile."""
    try:
        words(front.client.stream(QUESTION, messages=history, max_tokens=8))
    except ChatappError as error:
        return error.code
    return ""
