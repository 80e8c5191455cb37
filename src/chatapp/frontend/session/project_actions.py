"""What a click among the projects does."""

from collections.abc import Sequence
from time import monotonic

from chatapp.errors import ChatappError, SettingsError
from chatapp.frontend.conversations.bulk import Undo
from chatapp.frontend.languages.words import t
from chatapp.frontend.session import state
from chatapp.frontend.session.actions import error_shown, keep
from chatapp.frontend.session.outcomes import FileDrop
from chatapp.protocol.project_resources import ProjectFileInfo


def open_project(project_id: str) -> None:
    """Show the conversations of a project, and an empty one in it."""
    state.show(state.SEARCH, "")
    state.view().listing.show_project(project_id)
    keep(state.view().show_new())


def close_project() -> None:
    """Show the conversations of no project again; an empty one is in none."""
    view = state.view()
    view.listing.show_project(None)
    if view.conversation.id is None and not view.conversation.entries:
        keep(view.show_new())


def unfold(*, is_unfolded: bool) -> None:
    """Show all projects, or the first of them."""
    state.view().projects.is_unfolded = is_unfolded


def edit_project(project_id: str | None, *, moving: Sequence[str] = ()) -> None:
    """Lay over the page what a project is, or what a new one is to be, into which conversations are `moving`."""
    view = state.view()
    view.edited_project, view.moving, view.dialog = view.projects.find(project_id), tuple(moving), "project"
    view.project_drop = FileDrop()


def save_project(name: str, instructions: str, model: str) -> None:
    """Keep the project as these fields say; a new one is shown."""
    view, client = state.view(), state.client()
    fields = {
        "instructions": state.value_of(instructions).strip() or None,
        "model": state.value_of(model) or None,
    }
    title = state.value_of(name).strip()
    try:
        if not title:
            raise SettingsError(t("The project has no name yet."))
        if view.edited_project is not None:
            client.projects.change(view.edited_project.id, name=title, **fields)
        else:
            _begin(client.projects.begin(title, **fields).id)
    except ChatappError as error:  # said in the dialog, where the fields still are
        view.project_drop = FileDrop(view.project_drop.number, (error,))
        return
    view.projects.expire()
    view.dialog = None


def _begin(project_id: str) -> None:
    """Move what waits for a new project into it, or else show it."""
    view = state.view()
    view.projects.expire()
    view.projects.refresh(state.client())
    if view.moving:
        view.move(view.moving, project_id, state.session_context())
    else:
        open_project(project_id)


def delete_project(*, with_conversations: bool) -> None:
    """Delete the project that is edited; its conversations stay, or go with it."""
    view = state.view()
    project = view.edited_project
    if project is None:
        return
    with error_shown():
        state.client().projects.delete(project.id, with_conversations=with_conversations)
        view.listing.show_project(None)
        view.listing.undo = Undo("Deleted the project", {project.id: project.name}, monotonic())
        if view.conversation.project_id == project.id and (with_conversations or view.conversation.id is None):
            keep(view.show_new())
    view.projects.expire()
    view.dialog = None


def offer_move(ids: Sequence[str]) -> None:
    """Show where conversations can be moved."""
    view = state.view()
    view.dialog, view.moving = "move", tuple(ids)


def move(project_id: str | None) -> None:
    """Move the conversations into a project, or out of theirs."""
    view = state.view()
    view.dialog = None
    with error_shown():
        view.move(view.moving, project_id, state.session_context())


def add_files(project_id: str, field: str) -> None:
    """Add what was dropped to a project; of what cannot be added it is said why."""
    view, problems = state.view(), []
    for file in state.choice_of(field) or ():
        try:
            state.client().projects.add_file(project_id, file, name=file.name)
        except ChatappError as error:
            problems.append(error)
    view.project_drop = FileDrop(view.project_drop.number + 1, tuple(problems))
    view.projects.expire()


def remove_file(project_id: str, file_id: str) -> None:
    """Let a file go along no more."""
    with error_shown():
        state.client().projects.remove_file(project_id, file_id)
    state.view().projects.expire()


def files_of(project_id: str) -> tuple[ProjectFileInfo, ...]:
    """Return the files of a project; none where the backend cannot tell."""
    try:
        return state.client().projects.files(project_id)
    except ChatappError:
        return ()
