"""`chatapp projects`: conversations that belong together, and the files that go along with them."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import typer

from chatapp.cli.attachments import ADDRESSES, STDIN, is_there, matching
from chatapp.cli.backends import with_backend
from chatapp.cli.folders import files_in
from chatapp.cli.shell_chat import SHORT_ID_CHARS
from chatapp.cli.terminal import StatusLine, counted, printable
from chatapp.cli.writing import note, write_resource
from chatapp.client import BackendClient
from chatapp.errors import ChatappError, NotFoundError, SettingsError, UnsupportedMediaTypeError
from chatapp.protocol.chosen_pages import without_pages
from chatapp.protocol.project_resources import ProjectInfo

_HINT = "List them with: chatapp projects list"


def project_named(backend: BackendClient, name: str, *, state: str | None = None) -> ProjectInfo:
    """Return the project of that name, or whose id begins so.

    Raises:
        NotFoundError: there is none.
        SettingsError: there are several.
    """
    hint = f"{_HINT} --deleted" if state == "deleted" else _HINT
    wanted = name.strip().casefold()
    items = backend.projects.all(state=state)
    found = [it for it in items if it.name.casefold() == wanted] or [
        it for it in items if wanted and it.id.startswith(wanted)
    ]
    if not found:
        which = f"{state} project" if state else "project"
        raise NotFoundError(f"There is no {which} {name}.", hint=hint)
    if len(found) > 1:
        raise SettingsError(f"{len(found)} projects are called {name}.", hint=f"Write the id of one. {hint}")
    return found[0]


def list_projects(*, is_deleted: bool, as_json: bool, backend_url: str | None) -> None:
    """Print the projects, the one last talked in or changed first."""
    state = "deleted" if is_deleted else None
    items: Sequence[ProjectInfo] = with_backend(
        lambda backend: backend.projects.all(state=state), backend_url, asks=False
    )
    if as_json:
        write_resource({"projects": items})
        return
    for item in items:
        counts = f"{counted(item.conversations, 'conversation')}, {counted(item.files, 'file')}"
        typer.echo(f"{item.id[:SHORT_ID_CHARS]}  {printable(' '.join(item.name.split()))}  ({counts})")
    if not items:
        note(
            "No project is deleted." if is_deleted else "There is no project yet. Begin one: chatapp projects new NAME"
        )


def begin_project(name: str, *, instructions: str | None, model: str | None, backend_url: str | None) -> None:
    """Begin a project.

    Raises:
        SettingsError: another is called so, and a name would not do for either any more.
    """

    def begin(backend: BackendClient) -> ProjectInfo:
        require_unused(backend, name)
        return backend.projects.begin(name, instructions=instructions, model=model)

    made = with_backend(begin, backend_url, asks=False)
    note(f'Begun: {made.name}. Ask in it with: chatapp ask --project {made.id[:SHORT_ID_CHARS]} "…"')


def require_unused(backend: BackendClient, name: str, *, project_id: str | None = None) -> None:
    """Do nothing if no project, or that of `project_id` alone, is called `name`.

    Raises:
        SettingsError: one is.
    """
    if _is_taken(backend, name, project_id=project_id):
        raise SettingsError(f"A project is called {name} already.", hint="Choose another name.")


def _is_taken(backend: BackendClient, name: str, *, project_id: str | None = None) -> bool:
    wanted = name.strip().casefold()
    return any(it.name.casefold() == wanted and it.id != project_id for it in backend.projects.all())


def remove_project(name: str, *, is_undone: bool, with_conversations: bool, backend_url: str | None) -> None:
    """Delete a project, or restore it; its conversations stay unless they are to go with it."""

    is_shared = False

    def change(backend: BackendClient) -> ProjectInfo:
        found = project_named(backend, name, state="deleted" if is_undone else None)
        if is_undone:
            nonlocal is_shared
            is_shared = _is_taken(backend, found.name)
            return backend.projects.restore(found.id)
        backend.projects.delete(found.id, with_conversations=with_conversations)
        return found

    changed = with_backend(change, backend_url, asks=False)
    short_id = changed.id[:SHORT_ID_CHARS]
    if not is_undone:
        note(f"Deleted: {changed.name}. Take it back with: chatapp projects rm --undo {short_id}")
        return
    note(f"Restored: {changed.name}")
    if is_shared:
        note(f"Another is called so. Rename this one with: chatapp projects change {short_id} --name NAME")


def add_files(name: str, files: Sequence[str], *, backend_url: str | None) -> None:
    """Add files, patterns of them and folders to a project; what no model could make anything of is left out, and said.

    Raises:
        SettingsError: one of them is not there, or is an address, what is piped in or pages of a file.
    """
    paths = [path for each in files for found in _matching(each) for path in _paths(Path(found))]
    status = StatusLine()
    with_backend(partial(_add, name, paths, status), backend_url, status=status, asks=False)


def _matching(name: str) -> Iterator[str]:
    """Return the files that a name stands for, as of a question; what a project does not take is refused."""
    is_no_file = name == STDIN or name.startswith(ADDRESSES) or without_pages(name)[1] is not None
    if is_no_file and not is_there(name):
        raise SettingsError(f"{name} is no file.", hint="A project takes whole files and folders: save it as one.")
    return matching(name)


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
            note(f"{added} of {counted(len(paths), 'file')} sent before:")
            raise
    status.clear()
    note(f"{project.name} has {counted(backend.projects.get(project.id).files, 'file')}, {added} sent now.")


def _paths(path: Path) -> Sequence[Path]:
    return list(files_in(path)) if path.is_dir() else [path]
