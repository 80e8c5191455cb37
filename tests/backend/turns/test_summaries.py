"""Summaries of the beginning of a conversation: what models read then, and what stays as it was."""

import json
import socket
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.errors import ChatappError, InvalidRequestError, NotFoundError, UpstreamError
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import wait_for

RunBackend = Callable[..., RunningBackend]


@pytest.fixture
def backend(shared: RunningBackend) -> RunningBackend:
    return shared


@pytest.fixture
def stub(model: StubModel) -> StubModel:
    model.requests.clear()
    model.models = {}
    model.default = scripts.answer("Hello", " from", " the", " stub", ".")
    return model


def talked(client: BackendClient, *questions: str) -> str:
    """Return the id of a conversation in which these questions were asked."""
    first = client.ask(questions[0], store=True, system="Be brief.")
    for question in questions[1:]:
        client.ask(question, conversation_id=first.conversation_id)
    return str(first.conversation_id)


def read(stub: StubModel) -> list[str]:
    """Return what the model has read last."""
    return [message["content"] for message in stub.calls[-1].body["messages"]]


def test_a_summary_goes_along_in_place_of_what_it_is_of_until_it_is_removed(
    client: BackendClient, stub: StubModel
) -> None:
    conversation = talked(client, "One?", "Two?", "Three?", "Four?")
    stub.next(scripts.answer("They counted."))

    made = client.conversations.summarise(conversation)

    asked = read(stub)[-1]
    assert ("User: One?" in asked, "User: Two?" in asked, "Three?" in asked) == (True, True, False)
    assert (made.text, made.messages, len(made.calls)) == ("They counted.", 4, 1)
    assert made.calls[0]["total_tokens"] > 0
    told = client.estimate(conversation_id=conversation)
    assert (told.summarised, told.messages) == (4, 4)
    client.conversations.change_summary(conversation, made.message_id, "They counted to two.")
    client.ask("Five?", conversation_id=conversation)
    system, *rest = read(stub)
    assert system.startswith("Be brief.\n\nSummary of")
    assert system.endswith("\n\nThey counted to two.")
    assert [words for words in rest if words.endswith("?")] == ["Three?", "Four?", "Five?"]
    items = client.conversations.messages(conversation).items
    assert [(item.summary, item.summarised) for item in items if item.summary] == [("They counted to two.", 4)]
    assert [item.content for item in items[:2]] == ["One?", "Hello from the stub."]

    client.conversations.remove_summary(conversation, made.message_id)
    client.ask("Six?", conversation_id=conversation)

    assert read(stub)[:2] == ["Be brief.", "One?"]
    assert len(read(stub)) == 12

    hits = stub.hits
    written = client.conversations.summarise(conversation, message_id=made.message_id, text="They counted to two.")
    assert (written.text, written.messages, written.calls, stub.hits) == ("They counted to two.", 4, (), hits)
    client.ask("Seven?", conversation_id=conversation)
    assert read(stub)[0].endswith("\n\nThey counted to two.")


def test_the_next_summary_is_made_of_the_last_and_what_came_behind_it(client: BackendClient, stub: StubModel) -> None:
    conversation = talked(client, "One?", "Two?", "Three?")
    stub.next(scripts.answer("They counted."))
    client.conversations.summarise(conversation)
    for question in ("Four?", "Five?"):
        client.ask(question, conversation_id=conversation)

    made = client.conversations.summarise(conversation)

    asked = read(stub)[-1]
    assert ("They counted." in asked, "One?" in asked, "Two?" in asked, "Four?" in asked) == (True, False, True, False)
    assert made.messages == 6


def test_a_branch_from_before_the_summary_goes_along_as_it_is(client: BackendClient, stub: StubModel) -> None:
    conversation = talked(client, "One?", "Two?", "Three?")
    first, _, second, *_ = client.conversations.messages(conversation).items
    client.conversations.summarise(conversation, message_id=client.conversations.messages(conversation).items[3].id)

    client.ask("Too?", conversation_id=conversation, parent_id=second.parent_id)

    assert read(stub) == ["Be brief.", first.content, "Hello from the stub.", "Too?"]


def test_a_summary_is_a_call_of_its_own_and_survives_an_export(backend: RunningBackend, stub: StubModel) -> None:
    client = backend.client
    backend.run(backend.app.state.ledger.flush())
    before, others = client.usage().total.calls, {item.id for item in client.conversations.page(limit=200).items}
    conversation = talked(client, "One?", "Two?")
    stub.next(scripts.answer("They counted."))
    client.conversations.summarise(conversation, model="large")
    backend.run(backend.app.state.ledger.flush())
    assert stub.calls[-1].body["model"] == "large"
    assert (client.usage().total.calls - before, client.conversations.usage(conversation).calls) == (3, 2)
    written = client.conversations.export(conversation, "json")
    (told,) = json.loads(written)["conversations"]
    assert [(message["summary"], message["summarised"]) for message in told["messages"]][1] == ("They counted.", 2)
    assert "They counted." in client.conversations.export(conversation, "md").decode()
    client.conversations.import_file(BytesIO(written.replace(conversation.encode(), b"f" * 32)))
    (other,) = {item.id for item in client.conversations.page(limit=200).items} - others - {conversation}
    assert [item.summary for item in client.conversations.messages(other).items] == [None, "They counted.", None, None]


def test_what_is_too_long_for_the_model_is_summarised_piece_by_piece(run_backend: RunBackend, stub: StubModel) -> None:
    client = run_backend(context_tokens=1500).client
    conversation = talked(client, "one " * 600, "two " * 600, "three " * 3000, "Four?", "Five?")
    stub.requests.clear()
    stub.next(scripts.answer("First."), scripts.answer("Second."))

    client.conversations.summarise(conversation)

    prompts = [call.body["messages"][-1]["content"] for call in stub.calls]
    assert len(prompts) > 2
    assert ("First." in prompts[1], "Second." in prompts[2]) == (True, True)
    assert all(len(prompt) < 6000 for prompt in prompts)


def test_a_window_that_nobody_knew_is_kept_to_once_it_is_told(client: BackendClient, stub: StubModel) -> None:
    conversation = talked(client, "one " * 600, "two " * 600, "Three?", "Four?")
    stub.next(
        scripts.status(400, "This model's maximum context length is 1500 tokens.", code="context_length_exceeded")
    )

    assert client.conversations.summarise(conversation).text == "Hello from the stub."


def test_who_leaves_has_the_model_asked_no_longer(
    backend: RunningBackend, client: BackendClient, stub: StubModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    conversation = talked(client, "one " * 600, "Two?")
    before = stub.hits
    stub.next(scripts.answer("They", scripts.PATIENCE_S, " counted."))
    line = socket.create_connection(("127.0.0.1", backend.port), timeout=10)
    head = f"POST /conversations/{conversation}/summaries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
    line.sendall(f"{head}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    call = stub.wait_for_call(before + 1)
    line.close()
    assert call.wait_until_left(timeout_s=10)
    wait_for(lambda: backend.app.state.turns.active_count == 0)
    wait_for(lambda: "/summaries status=499" in caplog.text)
    assert not any(item.summary for item in client.conversations.messages(conversation).items)


WRONG: dict[str, tuple[type[ChatappError], Callable[[BackendClient, str], Any]]] = {
    "nothing is earlier": (InvalidRequestError, lambda client, id_: client.conversations.summarise(id_)),
    "a question": (
        InvalidRequestError,
        lambda client, id_: client.conversations.summarise(
            id_, message_id=client.conversations.messages(id_).items[0].id
        ),
    ),
    "another's message": (NotFoundError, lambda client, id_: client.conversations.summarise(id_, message_id="0" * 32)),
    "another's conversation": (NotFoundError, lambda client, _: client.conversations.summarise("0" * 32)),
    "no such summary": (
        NotFoundError,
        lambda client, id_: client.conversations.change_summary(
            id_, client.conversations.messages(id_).items[1].id, "It is."
        ),
    ),
    "blank words": (InvalidRequestError, lambda client, id_: client.conversations.change_summary(id_, "x", " ")),
}


def test_what_cannot_be_summarised_is_refused_and_nothing_is_kept(client: BackendClient, stub: StubModel) -> None:
    conversation = talked(client, "One?")
    for what, (error, act) in WRONG.items():
        with pytest.raises(error):
            pytest.fail(f"{what}: {act(client, conversation)}")
    client.ask("Two?", conversation_id=conversation)
    for refusal in (scripts.status(401), scripts.answer(" ")):
        stub.next(refusal)
        with pytest.raises(UpstreamError):
            client.conversations.summarise(conversation)
    assert not any(item.summary for item in client.conversations.messages(conversation).items)
