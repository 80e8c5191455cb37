"""The script that Streamlit runs from top to bottom for every visitor and every click."""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from chatapp import __version__
from chatapp.frontend.access.sign_in import is_let_in, keep_signed_in, sign_in
from chatapp.frontend.components.compaction import wait_for_summary
from chatapp.frontend.components.hits import hits
from chatapp.frontend.components.model_menu import model_menu
from chatapp.frontend.components.project_dialog import project_dialog
from chatapp.frontend.components.projects import project_mark
from chatapp.frontend.components.row_dialogs import export_dialog, move_dialog
from chatapp.frontend.components.settings_dialog import settings_dialog
from chatapp.frontend.components.sharing import share_dialog
from chatapp.frontend.components.sidebar import sidebar
from chatapp.frontend.components.told import offer_prompts, remember_wishes
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.screens.chat import chat, prompt_box
from chatapp.frontend.screens.usage import usage
from chatapp.frontend.session import state
from chatapp.frontend.session.view import Dialog
from chatapp.protocol.wording import later

_HERE = Path(__file__).parent
_ABOUT = later("Your own AI chat. The page and its backend run where you started them.")
_DIALOGS: Mapping[Dialog, Callable[[], None]] = {
    "settings": settings_dialog,
    "project": project_dialog,
    "share": share_dialog,
    "move": move_dialog,
    "export": export_dialog,
}


def page() -> None:
    """Draw the page, then follow the answer that is being made, if one is, and draw it once more when it has ended."""
    state.begin()
    if not is_let_in():
        _frame("chatapp")
        sign_in()
        return
    _catch_up()
    keep_signed_in()
    remember_wishes()
    title = state.view().conversation.title
    _frame(f"{title} · chatapp" if title else "chatapp")
    if state.address().shows_usage(state.view()):
        usage()
        sidebar()
        _dialog()
        return
    top = st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center", key="top")
    above = st.empty()
    prompt_box()
    offer_prompts()
    live_view = chat()
    sidebar()
    with top:
        model_menu()
        project_mark()
    with above:
        hits()
    if _dialog():
        return
    if live_view is not None:  # what is in a dialog could not be used while this run goes on
        live_view.follow()
        st.rerun()
    elif state.view().conversation.summarising is not None:
        wait_for_summary()
        st.rerun()


def _dialog() -> bool:
    """Draw what lies over the page, and return whether anything does."""
    dialog = state.view().dialog
    if dialog is not None:
        _DIALOGS[dialog]()
    return dialog is not None


def _frame(title: str) -> None:
    about = f"**chatapp {__version__}** — {t(_ABOUT)}"
    if state.is_new_title(title, about):
        st.set_page_config(title, str(_HERE / "assets" / "icon.svg"), menu_items={"About": about})
    st.html(_HERE / "assets" / "style.css")
    if words().direction == "rtl":
        st.html(_HERE / "assets" / "rtl.css")


def _catch_up() -> None:
    """Show what the browser asks for, and what has happened since the last run."""
    view = state.view()
    state.accept_messages()
    state.address().read_url(view)
    if unasked := view.refresh(state.session_context(), query=state.query()):
        state.give_back(unasked)
    state.address().push_url(view)
    state.mirror_messages()


page()
