"""`chatapp projects`, and questions in a project from the shell."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chatapp.cli.project_changes import (
    change_project,
    instructions_of,
    move_conversations,
    remove_files,
    show_project,
)
from chatapp.cli.projects import add_files, begin_project, project_named, remove_project
from chatapp.errors import NotFoundError, SettingsError
from support.running_backend import RunningBackend
from support.stub_model import StubModel

Run = Callable[..., CompletedProcess[str]]


def test_a_project_is_begun_filled_talked_in_listed_and_deleted(
    chatapp: Run, shared: RunningBackend, model: StubModel, tmp_path: Path
) -> None:
    def run(*arguments: str) -> CompletedProcess[str]:
        return chatapp(*arguments, env={"BACKEND_URL": shared.url})

    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "whales.txt").write_text("Whales sing.")
    (tmp_path / "empty.txt").write_text(" ")

    begun = run("projects", "new", "Zoo", "-s", "Be brief.")
    added = run("projects", "add", "zoo", "notes", "*.txt")
    asked = run("ask", "--project", "Zoo", "What do they do?")
    shown = [run("projects", "list").stdout, run("list", "--project", "Zoo").stdout]
    gone = run("projects", "rm", "Zoo")

    (zoo,) = shared.client.projects.all(state="deleted")
    assert begun.stderr == f'Begun: Zoo. Ask in it with: chatapp ask --project {zoo.id[:8]} "…"\n'
    assert "empty.txt has nothing" in added.stderr
    assert added.stderr.endswith("Zoo has 1 file, 1 sent now.\n")
    assert (asked.stdout, asked.stderr) == ("Hello from the stub.\n", "")
    assert model.calls[-1].body["messages"][0]["content"].startswith("Be brief.\n\nFile: whales.txt")
    assert shown[0] == f"{zoo.id[:8]}  Zoo  (1 conversation, 1 file)\n"
    assert shown[1].endswith("  What do they do?\n")
    assert f"chatapp projects rm --undo {zoo.id[:8]}" in gone.stderr


def test_a_project_is_named_by_its_name_or_its_id(shared: RunningBackend) -> None:
    begin = shared.client.projects.begin
    thesis, _, _ = begin("Thesis"), begin("Twice"), begin("Twice")

    assert {project_named(shared.client, it).id for it in ("thesis ", thesis.id[:12])} == {thesis.id}
    with pytest.raises(NotFoundError, match="There is no project  "):
        project_named(shared.client, " ")
    with pytest.raises(SettingsError, match="2 projects are called Twice"):
        project_named(shared.client, "Twice")


def test_a_project_is_shown_and_changed_and_conversations_are_moved(
    shared: RunningBackend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, projects = shared.url, shared.client.projects
    reef = projects.begin("Reef", instructions="Be long.", model="stub-model")
    projects.add_file(reef.id, BytesIO(b"Corals grow."), name="corals.txt")
    (tmp_path / "told.md").write_text("Be brief.")
    talk = shared.client.conversations.begin(title="Fish")

    told = instructions_of(None, str(tmp_path / "told.md"))
    change_project("reef", new_name="Atoll", instructions=told, model="", backend_url=url)
    with pytest.raises(NotFoundError):
        move_conversations([talk.id, "f" * 32], project="Atoll", out=False, backend_url=url)
    assert shared.client.conversations.get(talk.id).project_id is None
    move_conversations([talk.id], project="Atoll", out=False, backend_url=url)
    show_project("Atoll", as_json=False, backend_url=url)
    shown = capsys.readouterr().out
    assert shown.startswith(f"Atoll  ({reef.id[:8]})\nModel: the default\n1 conversation, 1 file\n  corals.txt  (")
    assert shown.endswith("\n\nBe brief.\n")

    remove_files("Atoll", ["corals.txt"], backend_url=url)
    move_conversations([talk.id], project=None, out=True, backend_url=url)
    show_project("Atoll", as_json=True, backend_url=url)
    as_json = json.loads(capsys.readouterr().out)
    assert (as_json["name"], as_json["conversations"], as_json["files"], as_json["file_list"]) == ("Atoll", 0, 0, [])
    with pytest.raises(NotFoundError, match="Atoll has no file corals"):
        remove_files("Atoll", ["corals.txt"], backend_url=url)
    with pytest.raises(SettingsError, match="Where to is not clear"):
        move_conversations([talk.id], project=None, out=False, backend_url=url)


def test_a_name_is_for_one_living_project_and_finds_a_deleted_one_beside_it(
    shared: RunningBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    def begin(name: str) -> None:
        begin_project(name, instructions=None, model=None, backend_url=shared.url)

    begin("Essay")
    begin("Novel")
    for taken in ("Essay", " essay "):
        with pytest.raises(SettingsError, match="already"):
            begin(taken)
    with pytest.raises(SettingsError, match="already"):
        change_project("Novel", new_name="ESSAY", instructions=None, model=None, backend_url=shared.url)
    change_project("Novel", new_name="novel", instructions=None, model=None, backend_url=shared.url)
    old = project_named(shared.client, "Essay").id
    remove_project("Essay", is_undone=False, with_conversations=False, backend_url=shared.url)
    begin("Essay")

    remove_project("Essay", is_undone=True, with_conversations=False, backend_url=shared.url)

    assert old in {it.id for it in shared.client.projects.all()}
    assert f"Another is called so. Rename this one with: chatapp projects change {old[:8]}" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["-c", "--no-store"])
def test_a_project_is_for_a_new_conversation_that_is_kept(other: str, chatapp: Run, shared: RunningBackend) -> None:
    done = chatapp("ask", "--backend-url", shared.url, "--project", "Zoo", other, "Why?")

    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("name", ["-", "http://127.0.0.1/a.pdf", "a.pdf#pages=2"])
def test_what_is_no_file_is_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is no file"):
        add_files("Zoo", [name], backend_url=None)
