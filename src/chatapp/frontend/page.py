"""The script that Streamlit runs from top to bottom for every visitor and every click."""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from chatapp.frontend.access.sign_in import is_let_in, keep_signed_in, sign_in
from chatapp.frontend.components.compaction import wait_for_summary
from chatapp.frontend.components.project_dialog import project_dialog
from chatapp.frontend.components.row_dialogs import export_dialog, move_dialog
from chatapp.frontend.components.settings_dialog import models_dialog, settings_dialog
from chatapp.frontend.components.sharing import share_dialog
from chatapp.frontend.components.sidebar import sidebar
from chatapp.frontend.components.told import remember_wishes
from chatapp.frontend.languages.words import words
from chatapp.frontend.screens.chat import prompt_box
from chatapp.frontend.screens.talk import catch_up, name_page, talk
from chatapp.frontend.screens.usage import usage
from chatapp.frontend.session import state
from chatapp.frontend.session.view import Dialog

_HERE = Path(__file__).parent
_DIALOGS: Mapping[Dialog, Callable[[], None]] = {
    "settings": settings_dialog,
    "models": models_dialog,
    "project": project_dialog,
    "share": share_dialog,
    "move": move_dialog,
    "export": export_dialog,
}


def page() -> None:
    """Draw the page, then follow the answer that is being made, if one is, and draw it once more when it has ended."""
    state.begin()
    if not is_let_in():
        name_page(None)
        _style()
        sign_in()
        return
    catch_up()
    keep_signed_in()
    name_page(state.view().conversation.title)
    _style()
    if state.address().shows_usage(state.view()):
        remember_wishes()
        usage()
        _sidebar()
        _dialog()
        return
    live_view = talk(prompt_box())
    _sidebar()
    if _dialog():
        return
    if live_view is not None:  # what is in a dialog could not be used while this run goes on
        live_view.follow()
        st.rerun()
    elif state.view().conversation.summarising is not None:
        wait_for_summary()
        st.rerun()


def _sidebar() -> None:
    """Draw the sidebar, whose lists have waited where an answer is made."""
    state.view().refresh_lists(state.session_context(), state.query())
    sidebar()


def _dialog() -> bool:
    """Draw what lies over the page, and return whether anything does."""
    dialog = state.view().dialog
    if dialog is not None:
        _DIALOGS[dialog]()
    return dialog is not None


def _style() -> None:
    st.html(_HERE / "assets" / "style.css")
    if words().direction == "rtl":
        st.html(_HERE / "assets" / "rtl.css")


page()
