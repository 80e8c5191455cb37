"""Projects in the sidebar, and the project of the conversation on show."""

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.conversations.projects import FOLDED
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import project_actions, state
from chatapp.protocol.project_resources import ProjectInfo


def projects(listing: Listing) -> None:
    """Draw the projects above the conversations, or the name of the one whose conversations are shown."""
    project = state.view().projects.find(listing.project_id)
    is_other_list = listing.is_archive or (listing.query and project is None)
    if is_other_list or listing.chosen is not None or not state.view().projects.is_supported:
        return
    project = state.view().projects.find(listing.project_id)
    if project is None and not state.view().projects.items:
        _new_project()
        return
    with st.container(key="projects", gap=None):
        if project is None:
            _project_list()
        else:
            _head(project)
    if project is not None and not listing.items and not listing.query and listing.error is None:
        st.caption(t("No conversation is in it yet."))


def project_mark() -> None:
    """Draw which project the conversation on show is in."""
    project = state.view().project
    if project is not None:
        flat_button(literal(project.name), "folder", "project-mark", project_actions.edit_project, project.id)


def _project_list() -> None:
    listing = state.view().projects
    st.caption(t("Projects"))
    for project in listing.shown:
        flat_button(
            literal(project.name),
            "folder",
            f"project-open-{project.id}",
            project_actions.open_project,
            project.id,
            is_wide=True,
        )
    with st.container(horizontal=True, gap=None, key="projects-foot"):
        _new_project()
        if len(listing.items) > FOLDED:
            name = t("Show fewer") if listing.is_unfolded else t("Show all {count}", count=len(listing.items))
            unfolded = {"is_unfolded": not listing.is_unfolded}
            st.button(name, key="projects-all", type="tertiary", on_click=project_actions.unfold, kwargs=unfolded)


def _new_project() -> None:
    flat_button(t("New project"), "create_new_folder", "project-new", project_actions.edit_project, None)


def _head(project: ProjectInfo) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None, key="project-head"):
        flat_button(literal(project.name), "arrow_back", "project-close", project_actions.close_project, is_wide=True)
        flat_button(
            t("Change project"),
            "tune",
            "project-edit",
            project_actions.edit_project,
            project.id,
            tip=t("Name, instructions, model"),
        )
