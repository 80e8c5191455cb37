"""Model servers and their keys, entered on the page by whoever runs it. A key that is written is never shown again."""

from pathlib import Path

import streamlit as st

from chatapp.config import demo_model
from chatapp.config.connections import connections_file, read_connections
from chatapp.errors import SettingsError
from chatapp.frontend.access.owner import may_change_servers
from chatapp.frontend.components import server_actions
from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.languages.words import said, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.protocol.wording import later

_MOST_CHARS = 2000
_KEY = later("Left empty, a server that is there keeps the key it has, unless its address is of another host.")
_WRITTEN = later("Written to {path}, readable by its owner alone; nobody sees a key again here.")


def servers() -> None:
    """Draw a form for one more server, and those of the file with what can be done to them."""
    path = connections_file(state.settings())
    _form(path)  # above what comes and goes, so that it keeps its place and the cursor that is in it
    outcome, state.view().server_outcome = state.view().server_outcome, None
    tell_outcome(outcome)
    _ask_whether_to_save(path)
    try:
        names = list(read_connections(path).connections) if path.exists() else []
    except SettingsError as error:
        st.error(literal(error.sentence()), icon=":material/error:")
        return
    for name in names:
        with st.container(horizontal=True, vertical_alignment="center", key=f"server-{name}"):
            st.markdown(literal(name))
            flat_button(t("Remove"), "delete", f"remove-{name}", server_actions.remove_server, path, name)


def demo_note(model: str | None) -> None:
    """Say that the model is a small one, and lead whoever may to where a better one is added."""
    st.markdown(literal(f"{t('You are talking to {model}.', model=model)} {t(demo_model.ADVICE)}"))
    if may_change_servers(state.settings(), state.api_key()):
        flat_button(t("Add one in the settings"), "add", "add-model", actions.open_models)


def _ask_whether_to_save(path: Path) -> None:
    """Say why the server that was entered does not answer, and offer to write it all the same."""
    unsaved = state.view().unsaved_server
    if unsaved is None:
        return
    st.warning(
        literal(f"{t('{name} is not saved yet.', name=unsaved.name)} {said(unsaved.fault)}"),
        icon=":material/cloud_off:",
    )
    with st.container(horizontal=True, gap="small", key="server-unsaved"):
        st.button(t("Save anyway"), key="server-anyway", on_click=server_actions.save_anyway, args=(path,))
        st.button(t("Change it"), key="server-leave", type="tertiary", on_click=server_actions.leave_unsaved)


def tell_outcome(outcome: SettingsError | str | None) -> None:
    """Draw what became of a change, if there was one."""
    if isinstance(outcome, SettingsError):
        st.error(literal(said(outcome.detail, outcome.hint)), icon=":material/error:")
    elif outcome:
        st.success(literal(outcome), icon=":material/check:")


def _form(path: Path) -> None:
    with st.form("server-form"):
        st.markdown(f"**{t('Add a server, or change one')}**")
        st.text_input(t("Name"), max_chars=64, placeholder="groq", key=state.SERVER_NAME)
        st.text_input(
            t("Address"), max_chars=_MOST_CHARS, placeholder="https://api.groq.com/openai/v1", key=state.SERVER_URL
        )
        st.text_input(
            t("API key"), type="password", max_chars=_MOST_CHARS, autocomplete="off", key=state.SERVER_KEY, help=t(_KEY)
        )
        st.caption(literal(t(_WRITTEN, path=path)))
        st.form_submit_button(
            t("Save"), type="primary", key="server-save", on_click=server_actions.save_server, args=(path,)
        )
