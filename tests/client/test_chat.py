"""Chats as page and shell hold them: stored and ephemeral, over a real backend."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from io import BytesIO

import pytest

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events
from chatapp.client.chat import ChatOptions, StoredChat
from chatapp.client.ephemeral_chat import EphemeralChat
from chatapp.errors import BackendUnreachableError, ChatappError, NotFoundError
from chatapp.protocol.events import Done, Reasoning, Start, Text
from chatapp.protocol.messages import Message
from chatapp.protocol.sse import encode
from support import scripts
from support.stub_model import Exchange, StubModel

both = pytest.mark.parametrize("begin", [StoredChat, EphemeralChat], ids=["stored", "ephemeral"])
AWAY_S = 0.3
"""Longer than the first pause between two attempts."""

Begin = Callable[[BackendClient], StoredChat | EphemeralChat]


def text_of(events: Events) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def sent(stub: StubModel) -> list[str]:
    return [message["content"] for message in stub.calls[-1].body["messages"]]


@both
def test_a_question_knows_what_was_said_before(begin: Begin, client: BackendClient, stub: StubModel) -> None:
    chat = begin(client)

    assert text_of(chat.ask("One?")) == "Hello from the stub."
    text_of(chat.ask("Two?"))

    assert sent(stub) == ["One?", "Hello from the stub.", "Two?"]


@both
def test_another_answer_takes_the_place_of_the_last(begin: Begin, client: BackendClient, stub: StubModel) -> None:
    stub.next(*map(scripts.answer, ("Heads.", "Tails.", "Fine.")))
    chat = begin(client)
    text_of(chat.ask("Toss a coin"))

    assert text_of(chat.retry()) == "Tails."
    text_of(chat.ask("And now?"))

    assert sent(stub) == ["Toss a coin", "Tails.", "And now?"]


@both
def test_what_was_undone_is_not_sent_any_more(begin: Begin, client: BackendClient, stub: StubModel) -> None:
    chat = begin(client)
    for prompt in ("One?", "Two?", "Three?"):
        text_of(chat.ask(prompt))

    assert (chat.undo(), chat.undo()) == ("Three?", "Two?")
    text_of(chat.ask("Four?"))

    assert sent(stub) == ["One?", "Hello from the stub.", "Four?"]


@both
def test_another_answer_is_made_as_the_first_was(begin: Begin, client: BackendClient, stub: StubModel) -> None:
    options = ChatOptions(temperature=0.5, max_tokens=9, sampling={"reasoning_effort": "low"})
    chat = begin(client)
    text_of(chat.ask("Count", options))
    text_of(chat.retry(options))

    wanted = ("temperature", "max_tokens", "reasoning_effort")
    assert [[call.body[name] for name in wanted] for call in stub.calls] == [[0.5, 9, "low"]] * 2


@both
def test_a_question_that_is_asked_again_has_its_files(begin: Begin, client: BackendClient, stub: StubModel) -> None:
    file = client.attach(BytesIO(b"Ottawa"), name="a.txt")
    chat = begin(client)
    text_of(chat.ask("Which?", attachments=[file]))
    text_of(chat.ask("Why?"))
    chat.undo()
    text_of(chat.retry())

    assert "Ottawa" in sent(stub)[-1]


@both
def test_what_turns_out_to_be_thought_is_not_sent_back(begin: Begin, client: BackendClient, stub: StubModel) -> None:
    stub.next(scripts.answer("Let me see", 0.2, ".\n", "</think>", "\n\nYes."))
    chat = begin(client)
    for prompt in ("Is it?", "Sure?"):
        text_of(chat.ask(prompt))

    assert sent(stub) == ["Is it?", "Yes.", "Sure?"]


@both
def test_nothing_can_be_undone_or_retried_before_a_question(begin: Begin, client: BackendClient) -> None:
    for act in (begin(client).undo, begin(client).retry):
        with pytest.raises(NotFoundError, match="Nothing was asked here yet"):
            act()


@both
def test_a_question_that_was_refused_can_be_retried(begin: Begin, run_backend: Callable[..., object]) -> None:
    client: BackendClient = run_backend(max_prompt_chars=5).client  # type: ignore[attr-defined]
    chat = begin(client)
    text_of(chat.ask("Hi"))
    for events in (lambda: chat.ask("Too long"), chat.retry):
        with pytest.raises(ChatappError, match="at most 5 characters"):
            text_of(events())

    assert (chat.undo(), chat.undo()) == ("Too long", "Hi")


def test_a_stored_chat_tells_its_id_before_the_model_says_anything(client: BackendClient, stub: StubModel) -> None:
    stub.default = scripts.silence
    chat = StoredChat(client)

    with closing(chat.ask("Why?")) as events:
        assert next(events) == Start("", "", chat.id)
        assert stub.calls == []

    assert client.conversations.get(str(chat.id)).leaf_id is None


def test_what_a_chat_is_begun_with_holds_for_its_conversation(client: BackendClient, stub: StubModel) -> None:
    chat = StoredChat(client)
    text_of(chat.ask("One?", ChatOptions(model="large", system="Be brief.", temperature=0.5)))
    text_of(StoredChat(client, chat.id).ask("Two?"))

    assert (stub.calls[0].body["temperature"], stub.calls[1].body["model"]) == (0.5, "large")
    assert sent(stub)[0] == "Be brief."


def test_the_same_key_asks_once_also_when_the_chat_was_begun_with_it(client: BackendClient, stub: StubModel) -> None:
    first = StoredChat(client)
    text_of(first.ask("Why?", ChatOptions(model="large"), idempotency_key="one"))

    assert text_of(StoredChat(client, first.id).ask("Why?", idempotency_key="one")) == "Hello from the stub."
    assert stub.hits == 1


def test_stop_makes_room_for_the_next_question(client: BackendClient, stub: StubModel) -> None:
    stub.next(scripts.answer("one ", scripts.silence))
    chat = StoredChat(client)
    events = chat.ask("Count")
    while not isinstance(next(events), Text):
        pass
    events.close()

    chat.stop()

    assert stub.calls[0].wait_until_left(timeout_s=1)
    assert text_of(chat.ask("And now?")) == "Hello from the stub."


def test_a_stored_answer_is_heard_again_from_its_start(client: BackendClient, stub: StubModel) -> None:
    stub.default = scripts.answer(scripts.delta(reasoning_content="Hm."), "One ", "two")
    chat = StoredChat(client)
    turn_id = next(event.turn_id for event in chat.ask("Why?") if isinstance(event, Start) and event.turn_id)

    events = list(StoredChat(client, chat.id, is_streamed=False).resume(turn_id))

    assert [event.text for event in events if isinstance(event, Text)] == ["One two"]
    assert not [event for event in events if isinstance(event, Reasoning)]


def test_what_turns_out_to_be_thought_is_no_part_of_an_answer_in_one_piece(
    client: BackendClient, stub: StubModel
) -> None:
    stub.next(scripts.answer("No."), scripts.answer("Let me see", 0.2, ".\n", "</think>", "\n\nYes."))
    chat = StoredChat(client, is_streamed=False)
    text_of(chat.ask("Is it?"))

    assert text_of(chat.retry()) == "Yes."


@pytest.mark.parametrize("is_streamed", [True, False], ids=["streamed", "whole"])
def test_a_conversation_in_which_nothing_was_said_is_discarded(
    is_streamed: bool, run_backend: Callable[..., object]
) -> None:
    client: BackendClient = run_backend(max_prompt_chars=5).client  # type: ignore[attr-defined]
    chat = StoredChat(client, is_streamed=is_streamed)
    with pytest.raises(ChatappError):
        text_of(chat.ask("Too long"))

    chat.discard_if_empty()

    assert (chat.id, client.conversations.page().items) == (None, ())
    text_of(chat.ask("Hi"))
    chat.discard_if_empty()
    assert len(client.conversations.page().items) == 1


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
    with BackendClient(stub.url) as client:
        assert text_of(StoredChat(client, "talk").ask("Why?")) == "Once upon a time."


def test_an_answer_goes_on_when_its_backend_is_there_again() -> None:
    begin, end = (
        encode(Start("turn-1", "tiny", "talk"), 1) + encode(Text("Once upon"), 10),
        encode(Text(" a time."), 18),
    )
    with BackendClient(restarting(begin, end + encode(Done("stop", None, 5), 19))) as client:
        assert text_of(StoredChat(client, "talk").ask("Why?")) == "Once upon a time."


def test_a_backend_that_stays_away_is_waited_for_no_longer_than_the_timeout() -> None:
    began = time.monotonic()
    url = restarting(encode(Start("turn-1", "tiny", "talk"), 1))

    with BackendClient(url, timeout_s=0.3) as client, pytest.raises(BackendUnreachableError):
        text_of(StoredChat(client, "talk").ask("Why?"))

    assert time.monotonic() - began < 3


def restarting(*streams: bytes) -> str:
    """Return the address of a backend that answers each request with the next of `streams`, and is away in between."""
    first = socket.create_server(("127.0.0.1", 0))
    address = first.getsockname()

    def serve() -> None:
        listener = first
        for place, stream in enumerate(streams):
            if place:
                time.sleep(AWAY_S)
                listener = socket.create_server(address)
            with listener, listener.accept()[0] as line:
                listener.close()
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + stream)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{address[1]}"


def test_a_chat_goes_on_behind_answered_questions_alone(client: BackendClient, stub: StubModel) -> None:
    history = [
        Message.of("user", "Unanswered?"),
        Message.of("user", "One?"),
        Message.of("assistant", "One."),
        Message.of("user", "Silence?"),
        Message.of("assistant", "  "),
    ]

    text_of(EphemeralChat(client, history).ask("Two?"))

    assert sent(stub) == ["One?", "One.", "Two?"]
    assert client.conversations.page().items == ()


def test_leaving_an_ephemeral_answer_stops_the_model_and_keeps_what_was_said(
    client: BackendClient, stub: StubModel
) -> None:
    stub.next(scripts.answer("One ", scripts.silence))
    chat = EphemeralChat(client)
    with closing(chat.ask("Count")) as events:
        while not isinstance(next(events), Text):
            pass

    assert stub.calls[0].wait_until_left(timeout_s=1)
    text_of(chat.ask("And now?"))
    assert sent(stub) == ["Count", "One ", "And now?"]
