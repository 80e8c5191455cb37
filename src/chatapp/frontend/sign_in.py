"""The door: where keys are required, a visitor types one in before anything else is shown."""

import streamlit as st

from chatapp.frontend import state
from chatapp.frontend.connection import ask_readiness
from chatapp.frontend.rendering import literal


def sign_in() -> None:
    """Draw the form that asks for a key, and let the visitor in when the backend knows it."""
    with st.container(key="sign-in"):
        st.markdown("## Sign in")
        st.caption("This chat is private. Type the key that its owner gave you; it stays with this browser tab.")
        with st.form("sign-in-form", border=False):
            key = st.text_input("API key", type="password", autocomplete="current-password")
            is_sent = st.form_submit_button("Sign in", type="primary", width="stretch")
        if is_sent:
            _try(key.strip())


def _try(key: str) -> None:
    readiness = ask_readiness(state.settings().backend_url, api_key=key) if key.isascii() and key else None
    if readiness is None or not readiness.is_known_key:
        st.error("The backend does not know this key. Check it for missing characters.", icon=":material/key_off:")
    elif readiness.is_answering:
        state.sign_in(key)
        st.rerun()
    else:
        st.error(literal(f"{readiness.sentence} {readiness.hint}"), icon=":material/cloud_off:")
