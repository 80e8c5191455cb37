"""Projects on the page, without a browser: real backend, stub model."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from support import documents
from support.pages import ask, choose, click, contents, conversation_in, rows
from support.stub_model import StubModel

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, shared: Any) -> AppTest:
    for item in shared.client.conversations.page(limit=200).items:
        shared.client.conversations.delete(item.id)
    for project in shared.client.projects.all():
        shared.client.projects.delete(project.id)
    return open_page(shared.url)


@pytest.fixture
def client(shared: Any) -> BackendClient:
    return shared.client


def begin_project(page: AppTest, name: str, instructions: str = "") -> AppTest:
    click(page, "project-new")
    return fill_in(page, "new", name, instructions)


def fill_in(page: AppTest, which: str, name: str, instructions: str = "") -> AppTest:
    page.text_input(key=f"project-name-{which}").set_value(name)
    page.text_area(key=f"project-instructions-{which}").set_value(instructions)
    return click(page, "project-save")


def shelf(page: AppTest) -> list[str]:
    return [button.label for button in page.button if str(button.key).startswith("project-open-")]


def test_a_project_is_made_talked_in_and_left(page: AppTest, client: BackendClient, model: StubModel) -> None:
    ask(page, "Outside?")
    begin_project(page, "My *thesis*", "Be brief.")
    assert (rows(page), page.button(key="project-close").label) == ([], r"My \*thesis\*")

    ask(page, "Inside?")

    assert model.calls[-1].body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (rows(page), page.button(key="project-mark").label) == (["Inside?"], r"My \*thesis\*")
    click(page, "project-close")
    assert (rows(page), shelf(page)) == (["Outside?"], [r"My \*thesis\*"])
    (project,) = client.projects.all()
    assert client.conversations.get(conversation_in(page)).project_id == project.id


def test_a_conversation_is_moved_and_moved_back(page: AppTest, client: BackendClient) -> None:
    there = client.projects.begin("There")
    ask(page, "Here?")
    moved = conversation_in(page)
    page.session_state.view.projects.expire()

    choose(page, moved, "Move to project")
    assert [button.key for button in page.button if "move-to-" in str(button.key)] == [
        f"move-to-{there.id}",
        "move-to-new",
    ]
    click(page, f"move-to-{there.id}")

    assert (rows(page), client.conversations.get(moved).project_id) == ([], there.id)
    click(page, "undo")
    assert (rows(page), client.conversations.get(moved).project_id) == (["Here?"], None)


def test_what_cannot_be_saved_is_said_and_stays_as_it_was_typed(page: AppTest, client: BackendClient) -> None:
    begin_project(page, " ", "Be brief.")

    assert page.error, "nothing is said"
    assert (page.text_area(key="project-instructions-new").value, client.projects.all()) == ("Be brief.", ())


def test_several_are_moved_at_once_into_a_new_project(page: AppTest, client: BackendClient) -> None:
    for prompt in ("One?", "Two?"):
        client.ask(prompt, store=True)
    page.session_state.view.listing.expire()
    page.run()

    choose(page, client.conversations.page().items[0].id, "Choose several")
    click(page, "choose-all")
    click(page, "chosen-move")
    click(page, "move-to-new")
    fill_in(page, "new", "Both")

    (project,) = client.projects.all()
    assert (project.name, project.conversations, rows(page)) == ("Both", 2, [])


@pytest.mark.parametrize(("how", "left"), [("project-delete", ["Inside?"]), ("project-delete-all", [])])
def test_a_deleted_project_is_taken_back(how: str, left: list[str], page: AppTest, client: BackendClient) -> None:
    begin_project(page, "Thesis")
    ask(page, "Inside?")
    page.session_state.view.projects.expire()
    page.run()

    click(page, "project-edit")
    click(page, how)
    assert (shelf(page), rows(page)) == ([], left)
    click(page, "undo")

    assert (shelf(page), rows(page)) == (["Thesis"], [])
    assert client.projects.all()[0].conversations == 1


def test_a_project_that_is_deleted_elsewhere_leaves_the_list_of_all(page: AppTest, client: BackendClient) -> None:
    begin_project(page, "Thesis")
    ask(page, "Inside?")

    client.projects.delete(client.projects.all()[0].id)
    page.session_state.view.listing.expire()
    page.session_state.view.projects.expire()
    page.run()

    assert (shelf(page), rows(page)) == ([], ["Inside?"])


def test_a_reload_finds_the_project_again(page: AppTest, open_page: Open, shared: Any, client: BackendClient) -> None:
    begin_project(page, "Thesis")
    (project,) = client.projects.all()
    reloaded = open_page(shared.url, query={"p": "".join(page.query_params["p"])})
    ask(reloaded, "Inside?")
    there = {name: "".join(value) for name, value in reloaded.query_params.items()}
    assert (rows(reloaded), there["p"]) == (["Inside?"], project.id)
    assert client.conversations.get(there["c"]).project_id == project.id
    reloaded = open_page(shared.url, query=there)
    assert (rows(reloaded), contents(reloaded)[0]) == (["Inside?"], ("user", "Inside?"))

    click(reloaded, "project-close")

    assert set(reloaded.query_params) == {"c"}
    elsewhere = open_page(shared.url, query={"p": "0" * 32})
    assert (shelf(elsewhere), set(elsewhere.query_params)) == (["Thesis"], set())


def test_files_are_added_to_a_project_and_removed(page: AppTest, client: BackendClient) -> None:
    begin_project(page, "Zoo")
    (zoo,) = client.projects.all()
    click(page, "project-edit")

    files = [("sums.ipynb", documents.notebook(), "text/plain"), ("empty.txt", b" ", "text/plain")]
    page.file_uploader(key=f"project-drop-{zoo.id}-0").set_value(files).run()

    (file,) = client.projects.files(zoo.id)
    assert (file.name, [error.value.split(" has")[0] for error in page.error]) == ("sums.ipynb", ["empty.txt"])
    assert any("Pictures in it are left out" in caption.value for caption in page.caption)
    click(page, f"project-remove-{file.id}")
    assert (client.projects.files(zoo.id), client.projects.get(zoo.id).files) == ((), 0)
