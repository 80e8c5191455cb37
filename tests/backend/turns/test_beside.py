"""Several answers to one question, made at once."""

import threading
from typing import Any

import pytest

from chatapp.errors import TurnActiveError
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.turn_steps import begin, messages, wait_for, wait_until_over


@pytest.fixture
def backend(shared: RunningBackend) -> RunningBackend:
    return shared


@pytest.fixture
def stub(model: StubModel) -> StubModel:
    model.requests.clear()
    model.models = {}
    model.default = scripts.answer("Hello", " from", " the", " stub", ".")
    return model


def test_answers_to_one_question_are_made_at_once_and_end_each_for_itself(
    backend: RunningBackend, stub: StubModel
) -> None:
    goes_on = threading.Event()
    stub.models = {
        "slow": scripts.answer("One", scripts.until(goes_on), "!"),
        "broken": scripts.answer("Tw", scripts.reset),
        "quick": scripts.answer("Three"),
    }
    conversations = backend.client.conversations
    first = begin(backend, model="slow")
    conversation = str(first.conversation_id)
    (question, _) = conversations.messages(conversation).items

    def beside(model: str) -> Any:
        return conversations.regenerate(conversation, message_id=question.id, model=model, beside=True)

    with beside("broken") as events:
        assert next(iter(events)).conversation_id == conversation
    wait_for(lambda: [it["status"] for it in messages(backend, conversation)] == ["complete", "incomplete"])
    assert "".join(getattr(event, "text", "") for event in beside("quick")) == "Three"
    assert conversations.get(conversation).active_turn_id == first.turn_id
    with pytest.raises(TurnActiveError):
        conversations.regenerate(conversation, message_id=question.id)
    with pytest.raises(TurnActiveError):
        begin(backend, conversation_id=conversation)
    goes_on.set()
    wait_until_over(backend, first.turn_id)

    ids = conversations.messages(conversation).items[-1].siblings
    answers = [conversations.messages(conversation, branch=id_).items[-1] for id_ in ids]
    assert [(it.content, it.status, it.model) for it in answers] == [
        ("One!", "complete", "slow"),
        ("Tw", "incomplete", "broken"),
        ("Three", "complete", "quick"),
    ]


def test_three_answers_to_a_question_are_made_at_once_at_most(backend: RunningBackend, stub: StubModel) -> None:
    goes_on = threading.Event()
    stub.default = scripts.answer("One", scripts.until(goes_on))
    first = begin(backend)
    fields: dict[str, Any] = {"beside": True}
    conversation = str(first.conversation_id)
    streams = [backend.client.conversations.regenerate(conversation, **fields) for _ in range(2)]
    with pytest.raises(TurnActiveError):
        backend.client.conversations.regenerate(conversation, **fields)
    goes_on.set()
    assert all("".join(getattr(event, "text", "") for event in stream) == "One" for stream in streams)


@pytest.mark.parametrize("is_project", [False, True], ids=["conversation", "project"])
def test_deleting_stops_the_answers_beside_too(backend: RunningBackend, stub: StubModel, *, is_project: bool) -> None:
    goes_on = threading.Event()
    stub.default = scripts.answer("One", scripts.until(goes_on), "!")
    zoo = backend.client.projects.begin("Zoo").id
    conversation = str(begin(backend, project_id=zoo).conversation_id)
    with backend.client.conversations.regenerate(conversation, beside=True) as events:
        beside = next(iter(events)).turn_id

    if is_project:
        backend.client.projects.delete(zoo, with_conversations=True)
    else:
        backend.client.conversations.delete(conversation)

    assert wait_until_over(backend, beside)["status"] == "stopped"
    goes_on.set()
