"""`chatapp projects`, and questions in a project from the shell."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chatapp.cli.projects import project_named
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
    assert "empty.txt has no text" in added.stderr
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


@pytest.mark.parametrize("other", ["-c", "--no-store"])
def test_a_project_is_for_a_new_conversation_that_is_kept(other: str, chatapp: Run, shared: RunningBackend) -> None:
    done = chatapp("ask", "--backend-url", shared.url, "--project", "Zoo", other, "Why?")

    assert (done.returncode, done.stdout) == (2, "")
