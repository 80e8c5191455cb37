"""`chatapp projects show`, `change` and `rm-file`, and `chatapp move`: one project, and what is in it."""

from collections.abc import Sequence

import typer

from chatapp.cli.backends import with_backend
from chatapp.cli.files import text_in
from chatapp.cli.projects import project_named, require_unused
from chatapp.cli.shell_chat import SHORT_ID_CHARS, conversations_named
from chatapp.cli.terminal import counted, printable
from chatapp.cli.writing import note, write_resource
from chatapp.client import BackendClient
from chatapp.errors import NotFoundError, SettingsError
from chatapp.protocol.project_resources import ProjectFileInfo, ProjectInfo
from chatapp.protocol.resources import ConversationInfo


def show_project(name: str, *, as_json: bool, backend_url: str | None) -> None:
    """Print a project: its instructions, model and files."""

    def look(backend: BackendClient) -> tuple[ProjectInfo, Sequence[ProjectFileInfo]]:
        found = project_named(backend, name)
        return backend.projects.get(found.id), backend.projects.files(found.id)

    project, files = with_backend(look, backend_url, asks=False)
    if as_json:
        write_resource({**project._asdict(), "file_list": files})
        return
    typer.secho(printable(f"{project.name}  ({project.id[:SHORT_ID_CHARS]})"), bold=True)
    typer.echo(printable(f"Model: {project.model or 'the default'}"))
    typer.echo(f"{counted(project.conversations, 'conversation')}, {counted(len(files), 'file')}")
    for file in files:
        typer.echo(printable(f"  {file.name}  ({counted(file.tokens, 'token')})"))
    if project.instructions:
        typer.echo(f"\n{printable(project.instructions)}")


def change_project(
    name: str, *, new_name: str | None, instructions: str | None, model: str | None, backend_url: str | None
) -> None:
    """Change what is not None; an empty text takes the instructions, or the model, away.

    Raises:
        SettingsError: there is nothing to change, or another project has the new name.
    """
    given = {"instructions": instructions, "model": model}
    changes = {key: value or None for key, value in given.items() if value is not None}
    if new_name is not None:
        changes["name"] = new_name
    if not changes:
        raise SettingsError("There is nothing to change.", hint="Add --name, --system or --model.")

    def change(backend: BackendClient) -> ProjectInfo:
        found = project_named(backend, name)
        if new_name is not None:
            require_unused(backend, new_name, project_id=found.id)
        return backend.projects.change(found.id, **changes)

    changed = with_backend(change, backend_url, asks=False)
    note(f"Changed: {changed.name}")


def remove_files(name: str, files: Sequence[str], *, backend_url: str | None) -> None:
    """Let files go along no more; nothing happens unless the project has all of them.

    Raises:
        NotFoundError: it does not.
    """

    def remove(backend: BackendClient) -> tuple[ProjectInfo, int]:
        project = project_named(backend, name)
        there = backend.projects.files(project.id)
        chosen = {it.id for each in files for it in _files_named(there, each, project.name)}
        for file_id in chosen:
            backend.projects.remove_file(project.id, file_id)
        return backend.projects.get(project.id), len(chosen)

    project, count = with_backend(remove, backend_url, asks=False)
    note(f"{project.name} has {counted(project.files, 'file')}, {count} removed now.")


def _files_named(there: Sequence[ProjectFileInfo], wanted: str, project: str) -> Sequence[ProjectFileInfo]:
    """Return all files that are called so, as a folder's may be, or the ones whose id begins so."""
    found = [it for it in there if it.name == wanted] or [it for it in there if wanted and it.id.startswith(wanted)]
    if not found:
        raise NotFoundError(f"{project} has no file {wanted}.", hint="List them with: chatapp projects show NAME")
    return found


def move_conversations(beginnings: Sequence[str], *, project: str | None, out: bool, backend_url: str | None) -> None:
    """Move conversations into a project, or out of theirs; nothing happens unless all of them are there.

    Raises:
        SettingsError: not one place is named, or a conversation not clearly.
        NotFoundError: one of them is not there.
    """
    if (project is None) is not out:
        raise SettingsError("Where to is not clear.", hint="Add either --project NAME or --no-project.")

    def move(backend: BackendClient) -> tuple[list[ConversationInfo], ProjectInfo | None]:
        found = None if project is None else project_named(backend, project)
        target = found.id if found else None
        named = conversations_named(backend, beginnings)
        return [backend.conversations.change(item.id, project_id=target) for item in named], found

    moved, found = with_backend(move, backend_url, asks=False)
    where = f"into {found.name}" if found else "out of their projects"
    note(f"Moved {where}: {counted(len(moved), 'conversation')}.")


def instructions_of(text: str | None, file: str | None) -> str | None:
    """Return the instructions that were typed, or are in a file or piped in.

    Raises:
        SettingsError: both are given, or the file cannot be read as text.
    """
    if file is None:
        return text
    if text is not None:
        raise SettingsError("The instructions are given twice.", hint="Add either --system or --system-file.")
    return text_in(file).strip()
