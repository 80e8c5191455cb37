"""What is done with conversations of the list and takes more than a click: moving them, and taking one along."""

from collections.abc import Collection
from functools import partial

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, project_actions, state
from chatapp.protocol.export_formats import OF_ONE

MOST_WITHOUT_SEARCH = 8
"""As many projects are seen at a glance."""


def move_dialog() -> None:
    """Draw the projects that conversations can be moved into."""
    st.dialog(t("Move to project"), icon=":material/drive_file_move:", on_dismiss=actions.close_dialog)(_move)()


def _move() -> None:
    view = state.view()
    if view.dialog != "move":  # what was clicked in it has changed the page behind it
        st.rerun()
    ids = view.moving
    name = view.listing.title_of(ids[0]) if len(ids) == 1 else t("{count} chosen", count=len(ids))
    st.caption(literal(name))
    with st.container(key="move", gap="xxsmall"):
        _places({item.project_id for item in view.listing.items if item.id in ids})


def _places(known: Collection[str | None]) -> None:
    """Draw a button for each place that conversations, which are in `known` projects, can be moved to."""
    shelf = state.view().projects.items
    wanted = _wanted() if len(shelf) > MOST_WITHOUT_SEARCH else ""
    found = [project for project in shelf if wanted in project.name.casefold()]
    for project in found:
        _place(literal(project.name), "folder", project.id, is_there=set(known) == {project.id})
    if wanted and not found:
        st.caption(t("No project is called that."))
    if set(known) != {None}:
        _place(t("No project"), "folder_off", None)
    flat_button(
        t("New project…"),
        "create_new_folder",
        "move-to-new",
        partial(project_actions.edit_project, moving=state.view().moving),
        None,
        is_wide=True,
    )


def _wanted() -> str:
    name = t("Find a project")
    field = st.text_input(
        name,
        key=state.PROJECT_SEARCH,
        icon=":material/search:",
        placeholder=name,
        live=True,
        label_visibility="collapsed",
    )
    return field.strip().casefold()


def _place(name: str, icon: str, project_id: str | None, *, is_there: bool = False) -> None:
    flat_button(
        name,
        "check" if is_there else icon,
        f"move-to-{project_id or 'none'}",
        project_actions.move,
        project_id,
        is_off=is_there,
        is_wide=True,
    )


def export_dialog() -> None:
    """Draw the formats that a conversation can be taken along in."""
    st.dialog(t("Export"), icon=":material/download:", on_dismiss=actions.close_dialog)(_export)()


def _export() -> None:
    view, client = state.view(), state.client()
    conversation_id = view.exported_id or ""
    title = view.listing.title_of(conversation_id)
    st.caption(literal(title))
    with st.container(key="export", gap="small"):
        for it in OF_ONE:
            st.download_button(
                it.title,
                partial(client.conversations.export, conversation_id, it.name),
                file_name=f"{_file_name(title)}.{it.ending}",
                mime=it.media_type.partition(";")[0],
                key=f"export-{it.name}",
                icon=":material/download:",
                on_click="ignore",
                width="stretch",
            )
            st.caption(t("{format} holds {what}.", format=it.title, what=t(it.holds)))


def _file_name(title: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in title).strip("-")[:60] or "conversation"
