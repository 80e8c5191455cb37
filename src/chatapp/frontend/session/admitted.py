"""Which sessions may use the page, as its server has to know before it takes a file."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


@st.cache_resource(show_spinner=False)
def admitted_sessions() -> set[str]:
    """Return the ids of the sessions that are let in, one set for the whole process."""
    return set()


def admit(*, is_let_in: bool) -> None:
    """Remember whether the session that runs now is let in."""
    context = get_script_run_ctx()
    if context is None:
        return
    if is_let_in:
        admitted_sessions().add(context.session_id)
    else:
        admitted_sessions().discard(context.session_id)
