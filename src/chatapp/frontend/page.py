"""The script that Streamlit runs from top to bottom for every visitor and every click."""

from pathlib import Path

import streamlit as st

from chatapp import __version__
from chatapp.frontend import state
from chatapp.frontend.chat import conversation, prompt_box
from chatapp.frontend.sidebar import sidebar
from chatapp.frontend.sign_in import sign_in

_HERE = Path(__file__).parent
_ABOUT = f"**chatapp {__version__}** — your own AI chat. The page and its backend run where you started them."


def page() -> None:
    """Draw the page, then follow the answer that is being made, if one is, and draw it once more when it has ended."""
    st.set_page_config("chatapp", str(_HERE / "assets" / "icon.svg"), menu_items={"About": _ABOUT})
    st.html(_HERE / "assets" / "style.css")
    state.begin()
    if state.needs_sign_in():
        sign_in()
        return
    prompt_box()
    view = conversation()
    sidebar()
    if view is not None:
        view.follow()
        st.rerun()


page()
