"""The dialog of a project: its name, what the model is told in it, which model that is, its files and its end."""

import streamlit as st

from chatapp.frontend.components.project_files import project_files
from chatapp.frontend.languages.elsewhere import sentence_elsewhere
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, own_backend, project_actions, state
from chatapp.protocol.project_resources import MOST_INSTRUCTIONS_CHARS, MOST_NAME_CHARS, ProjectInfo
from chatapp.protocol.wording import later

_HINT = later("For instance: answer in British English, and name your sources.")


def project_dialog() -> None:
    """Draw the dialog."""
    st.dialog(t("Project"), width="medium", icon=":material/folder:", on_dismiss=actions.close_dialog)(_project)()


def _project() -> None:
    view = state.view()
    if view.dialog is None:  # what was clicked in it has changed the page behind it
        st.rerun()
    project = view.edited_project
    _form(project)
    for problem in view.project_drop.problems:
        st.error(literal(sentence_elsewhere(problem, words())), icon=":material/error:")
    if project is not None:
        project_files(project)
        _end(project)


def _form(project: ProjectInfo | None) -> None:
    own = project.id if project else "new"
    name, instructions, model = (f"project-{what}-{own}" for what in ("name", "instructions", "model"))
    with st.form("project-form", border=False):
        st.text_input(t("Name"), project.name if project else "", key=name, max_chars=MOST_NAME_CHARS)
        st.text_area(
            t("Instructions"),
            (project and project.instructions) or "",
            key=instructions,
            max_chars=MOST_INSTRUCTIONS_CHARS,
            placeholder=t(_HINT),
            help=t("What the model is told in each conversation of the project, before the conversation's own."),
        )
        names = _models(project)
        chosen = names.index(project.model) if project and project.model else None
        st.selectbox(
            t("Model"), names, chosen, key=model, placeholder=t("The usual one"), help=t("Asked where none is chosen.")
        )
        st.form_submit_button(
            t("Save") if project else t("Create project"),
            type="primary",
            key="project-save",
            on_click=project_actions.save_project,
            args=(name, instructions, model),
        )


def _models(project: ProjectInfo | None) -> list[str]:
    listing = own_backend.models()
    names = list(listing.models) if listing else []
    return [project.model, *names] if project and project.model and project.model not in names else names


def _end(project: ProjectInfo) -> None:
    count = project.conversations
    with st.expander(t("Delete this project"), icon=":material/delete:"):
        if count:
            what = t(
                "What becomes of its {count} conversation?",
                plural="What becomes of its {count} conversations?",
                count=count,
            )
            st.caption(what)
        else:
            st.caption(t("It can be restored for 30 days."))
        with st.container(horizontal=True, gap="small"):
            _delete(t("Delete the project alone") if count else t("Delete"), "project-delete", with_conversations=False)
            if count:
                _delete(t("Delete all of it"), "project-delete-all", with_conversations=True)


def _delete(name: str, key: str, *, with_conversations: bool) -> None:
    kwargs = {"with_conversations": with_conversations}
    st.button(name, key=key, on_click=project_actions.delete_project, kwargs=kwargs)
