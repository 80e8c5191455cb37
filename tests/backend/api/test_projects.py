"""Projects over HTTP: real backend, stub model."""

from collections.abc import Callable

import pytest

from chatapp.client import BackendClient
from chatapp.errors import InvalidRequestError, NotFoundError
from support.running_backend import RunningBackend
from support.stub_model import StubModel

THESIS = {"instructions": "Be brief.", "model": "large"}


@pytest.fixture
def client(shared: RunningBackend) -> BackendClient:
    return shared.client


def test_questions_in_a_project_are_asked_by_its_instructions_and_its_model(
    client: BackendClient, model: StubModel
) -> None:
    thesis = client.projects.begin("Thesis", **THESIS)
    asked = client.ask("One?", project_id=thesis.id, system="In French.")
    client.projects.change(thesis.id, instructions="Be long.", model=None)
    client.ask("Two?", conversation_id=asked.conversation_id)

    first, second = model.calls[-2:]

    assert (first.body["model"], first.body["messages"][0]["content"]) == ("large", "Be brief.\n\nIn French.")
    assert (second.body["model"], second.body["messages"][0]["content"]) == ("stub-model", "Be long.\n\nIn French.")
    assert client.estimate("Two?", project_id=thesis.id).messages == 2
    assert [one.title for one in client.conversations.page(project=thesis.id).items] == ["One?"]


def test_conversations_move_between_projects(client: BackendClient) -> None:
    there = client.projects.begin("There")
    moving = client.conversations.begin(title="Moving")

    assert client.conversations.change(moving.id, project_id=there.id).project_id == there.id
    assert client.projects.get(there.id).conversations == 1
    assert client.conversations.change(moving.id, project_id=None).project_id is None
    assert moving.id in {one.id for one in client.conversations.page(project="none").items}


def test_a_deleted_project_is_restored_as_it_was(client: BackendClient) -> None:
    thesis = client.projects.begin("Lost", **THESIS)
    talk = client.conversations.begin(project_id=thesis.id)

    client.projects.delete(thesis.id, with_conversations=True)

    assert thesis.id not in {one.id for one in client.projects.all()}
    assert thesis.id in {one.id for one in client.projects.all(state="deleted")}
    with pytest.raises(NotFoundError):
        client.conversations.get(talk.id)
    assert client.projects.restore(thesis.id)[:4] == thesis[:4]
    assert client.conversations.get(talk.id).project_id == thesis.id


@pytest.mark.parametrize(
    "attempt",
    [
        lambda client: client.projects.begin(" "),
        lambda client: client.projects.begin("x" * 201),
        lambda client: client.projects.begin("Thesis", instructions="x" * 100_001),
        lambda client: client.projects.change("gone", name=None),
        lambda client: client.ask("Why?", project_id="p", store=False),
        lambda client: client.ask("Why?", project_id="p", conversation_id="c"),
        lambda client: client.ask("Why?", project_id="p", messages=[]),
    ],
)
def test_what_cannot_be_is_refused(attempt: Callable[[BackendClient], object], client: BackendClient) -> None:
    with pytest.raises(InvalidRequestError):
        attempt(client)
