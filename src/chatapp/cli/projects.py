"""`chatapp projects`: conversations that belong together, and the files that go along with them."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from chatapp.cli.attachments import matching
from chatapp.cli.backends import with_backend
from chatapp.cli.folders import files_in
from chatapp.cli.terminal import StatusLine, json_text, printable
from chatapp.cli.writing import note
from chatapp.client import BackendClient
from chatapp.errors import ChatappError, NotFoundError, SettingsError, UnsupportedMediaTypeError
from chatapp.protocol.project_resources import ProjectInfo

SHORT_ID_CHARS = 8
_HINT = "List them with: chatapp projects list"


def project_named(backend: BackendClient, name: str, *, state: str | None = None) -> ProjectInfo:
    """Return the project of that name, or whose id begins so.

    Raises:
        NotFoundError: there is none.
        SettingsError: there are several.
    """
    wanted = name.strip().casefold()
    items = backend.projects.all(state=state)
    found = [it for it in items if it.name.casefold() == wanted] or [
        it for it in items if wanted and it.id.startswith(wanted)
    ]
    if not found:
        raise NotFoundError(f"There is no project {name}.", hint=_HINT)
    if len(found) > 1:
        raise SettingsError(f"{len(found)} projects are called {name}.", hint=f"Write the id of one. {_HINT}")
    return found[0]


def list_projects(*, is_deleted: bool, as_json: bool, backend_url: str | None) -> None:
    """Print the projects, the one last talked in or changed first."""
    state = "deleted" if is_deleted else None
    items: Sequence[ProjectInfo] = _with_backend(lambda backend: backend.projects.all(state=state), backend_url)
    if as_json:
        from chatapp.cli.resource_json import as_dict  # noqa: PLC0415 - milliseconds that only --json needs

        typer.echo(json_text({"projects": [as_dict(item) for item in items]}))
        return
    for item in items:
        counts = f"{_counted(item.conversations, 'conversation')}, {_counted(item.files, 'file')}"
        typer.echo(f"{item.id[:SHORT_ID_CHARS]}  {printable(' '.join(item.name.split()))}  ({counts})")
    if not items:
        note(
            "No project is deleted." if is_deleted else "There is no project yet. Begin one: chatapp projects new NAME"
        )


def begin_project(name: str, *, instructions: str | None, model: str | None, backend_url: str | None) -> None:
    """Begin a project."""
    made = _with_backend(
        lambda backend: backend.projects.begin(name, instructions=instructions, model=model), backend_url
    )
    note(f'Begun: {made.name}. Ask in it with: chatapp ask --project {made.id[:SHORT_ID_CHARS]} "…"')


def remove_project(name: str, *, is_undone: bool, with_conversations: bool, backend_url: str | None) -> None:
    """Delete a project, or restore it; its conversations stay unless they are to go with it."""

    def change(backend: BackendClient) -> ProjectInfo:
        found = project_named(backend, name, state="deleted" if is_undone else None)
        if is_undone:
            return backend.projects.restore(found.id)
        backend.projects.delete(found.id, with_conversations=with_conversations)
        return found

    changed = _with_backend(change, backend_url)
    undo = f"Take it back with: chatapp projects rm --undo {changed.id[:SHORT_ID_CHARS]}"
    note(f"Restored: {changed.name}" if is_undone else f"Deleted: {changed.name}. {undo}")


def add_files(name: str, files: Sequence[str], *, backend_url: str | None) -> None:
    """Add files, patterns of them and folders to a project; what has no text is left out, and said.

    Raises:
        SettingsError: one of them is not there.
    """
    paths = [path for each in files for found in matching(each) for path in _paths(Path(found))]
    status = StatusLine()
    with_backend(partial(_add, name, paths, status), backend_url, status=status, asks=False)


def _add(name: str, paths: Sequence[Path], status: StatusLine, backend: BackendClient) -> None:
    project = project_named(backend, name)
    added = 0
    for place, path in enumerate(paths, 1):
        status.show(f"Sending {path.name} ({place} of {len(paths)}) …")
        try:
            backend.projects.add_file(project.id, path)
            added += 1
        except UnsupportedMediaTypeError as error:
            status.clear()
            note(error.detail)
        except ChatappError:
            status.clear()
            note(f"{added} of {_counted(len(paths), 'file')} sent before:")
            raise
    status.clear()
    note(f"{project.name} has {_counted(backend.projects.get(project.id).files, 'file')}, {added} sent now.")


def _paths(path: Path) -> Sequence[Path]:
    return list(files_in(path)) if path.is_dir() else [path]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _with_backend(act: Any, backend_url: str | None) -> Any:
    return with_backend(act, backend_url, status=StatusLine(), asks=False)
