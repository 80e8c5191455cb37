"""An answer in the making: real client, real backend, stub model."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.client.chat import StoredChat
from chatapp.client.ephemeral_chat import EphemeralChat
from chatapp.errors import BackendUnreachableError, InternalError, UpstreamRateLimitedError
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.session_context import cancel
from chatapp.protocol.events import Done, Start, Text
from chatapp.protocol.messages import Message
from chatapp.protocol.sse import encode
from support import scripts
from support.stub_model import Exchange, StubModel

streamed_and_whole = pytest.mark.parametrize("is_streamed", [True, False], ids=["streamed", "whole"])


def start(client: BackendClient, *, is_streamed: bool = True) -> LiveAnswer:
    return LiveAnswer.start(EphemeralChat(client, is_streamed=is_streamed).ask("Why?"))


def wait_until(is_so: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(answer: LiveAnswer) -> LiveAnswer:
    wait_until(lambda: not answer.is_going)
    return answer


@streamed_and_whole
def test_an_answer_is_complete_and_knows_its_model(client: BackendClient, is_streamed: bool) -> None:
    answer = ended(start(client, is_streamed=is_streamed))

    assert (answer.status, answer.text, answer.model) == ("complete", "Hello from the stub.", "stub-model")
    assert (answer.usage or {}).items() >= scripts.TOLD.items()


def test_reasoning_stays_apart_from_the_answer(stub: StubModel, client: BackendClient) -> None:
    stub.next(
        scripts.answer(scripts.delta(reasoning_content="Hm. "), scripts.delta(reasoning_content="Yes."), "Because.")
    )

    answer = ended(start(client))

    assert (answer.reasoning, answer.text) == ("Hm. Yes.", "Because.")


def test_earlier_messages_reach_the_model(stub: StubModel, client: BackendClient) -> None:
    earlier = [Message.of("user", "One?"), Message.of("assistant", "Two.")]

    ended(LiveAnswer.start(EphemeralChat(client, earlier).ask("Three?")))

    assert [message["content"] for message in stub.calls[0].body["messages"]] == ["One?", "Two.", "Three?"]


@pytest.mark.parametrize(
    "script", [scripts.silence, scripts.answer("One ", scripts.silence)], ids=["silent", "speaking"]
)
@streamed_and_whole
def test_stop_stops_the_model_within_a_second(
    script: scripts.Script, is_streamed: bool, stub: StubModel, client: BackendClient
) -> None:
    stub.default = script
    answer = start(client, is_streamed=is_streamed)
    question = stub.wait_for_call()

    answer.stop()

    assert question.wait_until_left(timeout_s=1)
    assert (answer.status, answer.error) == ("stopped", None)


@streamed_and_whole
def test_stop_reaches_an_answer_that_is_made_without_a_listener_too(
    is_streamed: bool, stub: StubModel, client: BackendClient
) -> None:
    stub.default = scripts.silence
    events = StoredChat(client, is_streamed=is_streamed).ask("Why?", idempotency_key="one")
    answer = LiveAnswer.start(events, cancel=partial(cancel, client))
    question = stub.wait_for_call()

    answer.stop()

    assert question.wait_until_left(timeout_s=1)
    assert ended(answer).status == "stopped"


def test_what_was_said_before_stop_is_kept(stub: StubModel, client: BackendClient) -> None:
    stub.default = scripts.answer("One ", "two", scripts.silence)
    answer = start(client)
    wait_until(lambda: answer.text == "One two")

    answer.stop()

    assert (ended(answer).text, answer.model) == ("One two", "stub-model")


def test_what_was_said_before_a_cut_is_kept(stub: StubModel, client: BackendClient) -> None:
    stub.default = scripts.answer("One ", scripts.reset)

    answer = ended(start(client))

    assert (answer.status, answer.text) == ("failed", "One ")


def test_a_refusal_is_the_error_of_its_class(stub: StubModel, client: BackendClient) -> None:
    stub.default = scripts.status(429)

    assert isinstance(ended(start(client)).error, UpstreamRateLimitedError)


def test_a_backend_that_is_not_there_is_an_error_too() -> None:
    with scripts.closed_port() as url:
        assert isinstance(ended(start(BackendClient(url))).error, BackendUnreachableError)


def test_a_defect_ends_the_answer_instead_of_leaving_it_going(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    not_a_client: Any = None

    answer = ended(start(not_a_client))

    assert isinstance(answer.error, InternalError)
    assert [args.exc_type for args in reported] == [AttributeError]


def test_waiting_ends_with_the_first_word(stub: StubModel, client: BackendClient) -> None:
    stub.default = scripts.answer("One ", scripts.silence)
    answer = start(client)

    answer.wait(10)

    assert answer.text
    answer.stop()


def test_an_answer_goes_on_where_its_connection_broke(stub: StubModel) -> None:
    async def backend(exchange: Exchange) -> None:
        await exchange.start_stream()
        if exchange.call.path.endswith("/query/stream"):
            await exchange.write(encode(Start("turn-1", "tiny", "talk"), 1) + encode(Text("Once upon"), 10))
            exchange.reset()
        else:
            await exchange.write(encode(Text(" a time."), 18) + encode(Done("stop", None, 5), 19))
            await exchange.end_stream()

    stub.default = backend
    chat = StoredChat(BackendClient(stub.url), "talk")

    answer = ended(LiveAnswer.start(chat.ask("Why?")))

    assert (answer.status, answer.text) == ("complete", "Once upon a time.")
    assert stub.requests[1].path.endswith("/turns/turn-1/stream")
    assert stub.requests[1].headers["last-event-id"] == "10"
