"""Projects over HTTP: real backend, stub model."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from chatapp.client import BackendClient
from chatapp.errors import InvalidRequestError, NotFoundError, UnsupportedMediaTypeError
from support import documents, scripts
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
    assert client.estimate("Two?", project_id=thesis.id).messages == 1
    assert [one.title for one in client.conversations.page(project=thesis.id).items] == ["One?"]


def test_words_are_looked_for_in_a_project_or_outside_of_all(client: BackendClient) -> None:
    zoo = client.projects.begin("Zoo")
    inside, outside = (client.ask(f"A zebra {it}?", project_id=it and zoo.id, store=True) for it in ("inside", None))

    def found(**which: str) -> set[str | None]:
        return {one.id for one in client.conversations.page(query="zebra", **which).items}

    assert found(project=zoo.id) == {inside.conversation_id}
    assert found(project="none") == {outside.conversation_id}
    assert found() == {inside.conversation_id, outside.conversation_id}
    with pytest.raises(NotFoundError):
        found(project="0" * 32)


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


def add_files(client: BackendClient, project_id: str, **texts: str) -> None:
    for name, content in texts.items():
        client.projects.add_file(project_id, BytesIO(content.encode()), name=f"{name}.txt")


def test_all_files_go_along_while_they_fit(client: BackendClient, model: StubModel) -> None:
    zoo = client.projects.begin("Zoo", instructions="Be brief.")
    add_files(client, zoo.id, whales="Whales sing.", birds="Birds fly.")
    assert [(file.name, file.size) for file in client.projects.files(zoo.id)] == [("birds.txt", 10), ("whales.txt", 12)]

    asked = client.ask("What do they do?", project_id=zoo.id)
    system, question = (message["content"] for message in model.calls[-1].body["messages"])
    client.projects.remove_file(zoo.id, client.projects.files(zoo.id)[0].id)
    client.ask("And now?", conversation_id=asked.conversation_id)

    assert system == "Be brief.\n\nFile: birds.txt\n```\nBirds fly.\n```\n\nFile: whales.txt\n```\nWhales sing.\n```"
    assert question == "What do they do?"
    assert "Birds" not in model.calls[-1].body["messages"][0]["content"]


def test_of_too_many_files_the_parts_that_fit_the_question_go_along(client: BackendClient, model: StubModel) -> None:
    zoo = client.projects.begin("Large zoo")
    filler = "\n\n".join(f"Paragraph {number} tells of nothing in particular. " * 8 for number in range(120))
    add_files(client, zoo.id, fish=filler, birds=f"{filler}\n\nThe kingfisher dives for minnows.\n\n{filler}")

    client.estimate("What does a kingfisher dive for?", project_id=zoo.id)
    asked = client.ask("What does a kingfisher dive for?", project_id=zoo.id)
    (said,) = (message["content"] for message in model.calls[-1].body["messages"])
    (answer,) = client.conversations.messages(str(asked.conversation_id)).items[1:]

    assert said.startswith("File: birds.txt, the parts that fit the question\n")
    assert "The kingfisher dives for minnows." in said
    assert said.endswith("What does a kingfisher dive for?")
    assert len(said) < len(filler) // 2
    assert [notice.text for notice in answer.notices] == [
        "Of the 2 files of the project the model reads the parts that fit the question, from birds.txt."
    ]


def test_parts_of_files_that_share_a_name_all_go_along(client: BackendClient, model: StubModel) -> None:
    zoo = client.projects.begin("Zoo of two years")
    filler = "\n\n".join(f"Paragraph {number} tells of nothing in particular. " * 8 for number in range(120))
    for fish in ("minnows", "sticklebacks"):
        text = f"{filler}\n\nThe kingfisher dives for {fish}.\n\n{filler}"
        client.projects.add_file(zoo.id, BytesIO(text.encode()), name="notes.txt")

    client.ask("What does a kingfisher dive for?", project_id=zoo.id)

    (said,) = (message["content"] for message in model.calls[-1].body["messages"])
    assert "dives for minnows." in said
    assert "dives for sticklebacks." in said


def test_pictures_go_along_with_each_question_the_one_that_it_names_first(
    client: BackendClient, model: StubModel
) -> None:
    zoo = client.projects.begin("Zoo with pictures")
    for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg", "the_seal.jpg")):
        client.projects.add_file(zoo.id, BytesIO(documents.photo(40 + number)), name=name)
    client.projects.add_file(zoo.id, BytesIO(documents.scan("red", "blue")), name="scan.pdf")

    asked = client.ask("What does the seal do?", project_id=zoo.id)
    *pictures, text = model.calls[-1].body["messages"][-1]["content"]
    (answer,) = client.conversations.messages(str(asked.conversation_id)).items[1:]

    shown, left_out = "the_seal.jpg, a.jpg, b.jpg", "c.jpg, scan.pdf"
    assert [picture["type"] for picture in pictures] == ["image_url"] * 3
    assert text["text"].startswith(f"(Shown of the project's files: {shown}.)\n\n")
    assert [notice.text for notice in answer.notices] == [f"Left out to fit the model's context: {left_out}."]
    assert [file.tokens for file in client.projects.files(zoo.id)] == [1200] * 3 + [2400, 1200]
    assert "(" not in str(client.conversations.messages(str(asked.conversation_id)).items[0].content)


def test_what_a_model_does_not_take_of_a_project_is_said_and_the_rest_goes_along(
    backend: RunningBackend, stub: StubModel
) -> None:
    client = backend.client
    zoo = client.projects.begin("Zoo unseen")
    add_files(client, zoo.id, whales="Whales sing.")
    client.projects.add_file(zoo.id, BytesIO(documents.photo()), name="whale.jpg")
    stub.next(scripts.status(500, "image input is not supported - hint: you may need to provide the mmproj"))

    asked = client.ask("Is it large?", project_id=zoo.id)
    system, question = (message["content"] for message in stub.calls[-1].body["messages"])
    (answer,) = client.conversations.messages(str(asked.conversation_id)).items[1:]

    assert "Whales sing." in system
    assert question == "(Files of the project that are left out here: whale.jpg.)\n\nIs it large?"
    assert [notice.text for notice in answer.notices] == ["Left out, as the model does not take them: whale.jpg."]


def test_a_file_of_which_no_model_could_make_anything_is_refused(client: BackendClient) -> None:
    zoo = client.projects.begin("Zoo")
    with pytest.raises(UnsupportedMediaTypeError, match=r"empty\.txt has nothing"):
        client.projects.add_file(zoo.id, BytesIO(b" \n"), name="empty.txt")
    with pytest.raises(NotFoundError):
        client.projects.add_file("gone", BytesIO(b"Words."), name="a.txt")
    assert client.projects.get(zoo.id).files == 0


def test_files_of_projects_come_along_in_an_export(shared: RunningBackend, client: BackendClient) -> None:
    zoo = client.projects.begin("Zoo to export")
    add_files(client, zoo.id, whales="Whales sing.", birds="Birds fly.")
    talk = str(client.ask("What do they do?", project_id=zoo.id).conversation_id)
    archive = b"".join(client.conversations.export_all(ids=[talk]))
    single = client.conversations.export(talk, "json")
    client.projects.delete(zoo.id, with_conversations=True)
    store = shared.app.state.store
    store.conversations.purge(talk, owner="")
    store.project_files.purge_expired(as_of=datetime.now(UTC) + timedelta(days=31))

    receipt = client.conversations.import_file(BytesIO(archive))

    (come,) = [project for project in client.projects.all() if project.name == "Zoo to export"]
    assert (receipt.skipped, come.conversations) == ((), 1)
    assert [file.name for file in client.projects.files(come.id)] == ["birds.txt", "whales.txt"]
    assert shared.app.state.store.project_files.find(come.id, ["whales"])[0].text == "Whales sing."
    assert b'"content_id"' in single


def test_projects_of_claude_come_with_instructions_and_documents_and_hold_their_conversations(
    client: BackendClient,
) -> None:
    documents_of_it = [{"uuid": "d", "filename": "sea.pdf", "content": "The sea is salty."}, {"filename": "gone.txt"}]
    about = {"uuid": "p1", "name": "Sea", "description": "All of it", "prompt_template": "Be brief."}
    said = [{"uuid": "m", "sender": "human", "text": "Which?"}]
    example = {"uuid": "p2", "name": "How to use Claude", "is_starter_project": True}
    exported = {
        "conversations.json": [{"uuid": "c", "name": "In it", "chat_messages": said, "project_uuid": "p1"}],
        "projects/p1.json": {**about, "docs": documents_of_it},
        "projects/p2.json": {**example, "docs": documents_of_it},
    }
    archive = documents.zipped({name: json.dumps(content) for name, content in exported.items()})

    receipt = client.conversations.import_file(BytesIO(archive))
    client.conversations.import_file(BytesIO(archive))

    (project,) = [one for one in client.projects.all() if one.name == "Sea"]
    (file,) = client.projects.files(project.id)
    assert (project.instructions, project.conversations, file.name) == ("Be brief.", 1, "sea.pdf")
    assert (receipt.projects_added, receipt.sources) == (1, ("claude",))
    assert {(item.what, item.why) for item in receipt.skipped} == {
        ("Sea", "the description of a project"),
        ("Sea", "a file of the project, which is not in the export or has no text"),
        ("How to use Claude", "it is the example that every account has"),
    }
