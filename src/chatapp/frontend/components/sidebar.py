"""The sidebar: whether the backend is ready, how it is asked, and what this session has done so far."""

from html import escape

import streamlit as st

from chatapp.config import demo_model
from chatapp.frontend.access import accounts
from chatapp.frontend.components.exports import export_box
from chatapp.frontend.components.history import history
from chatapp.frontend.components.imports import import_box, running_imports
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.frontend.session.backend import BackendStatus, cost_of, readiness_of

REFRESH_S = 10
_MINUTE_S, _HOUR_S = 60, 3600


def sidebar() -> None:
    """Draw the sidebar."""
    with st.sidebar:
        with st.container(key="brand"):
            st.markdown(":material/forum: **chatapp**")
        _new_chat()
        running_imports()
        history()
        _status()
        _options()
        st.button("Usage", icon=":material/bar_chart:", key="usage-open", type="tertiary", on_click=actions.open_usage)
        _files()
        if accounts.is_signed_in():
            _account()


def _new_chat() -> None:
    with st.container(horizontal=True, gap="small", key="new"):
        st.button("New chat", icon=":material/edit_square:", width="stretch", on_click=actions.new_chat, key="new-chat")
        st.button(
            "Temporary chat",
            icon=":material/visibility_off:",
            help="Temporary chat that is not stored",
            on_click=actions.new_chat,
            kwargs={"is_temporary": True},
            key="temporary-chat",
        )


@st.fragment(run_every=REFRESH_S)
def _status() -> None:
    """Draw what changes by itself; Streamlit runs this again every few seconds while no answer is being made."""
    readiness = readiness_of(state.settings().backend_url, api_key=state.api_key())
    if not readiness.is_known_key:
        state.sign_out()
        st.rerun(scope="app")
    context = state.session_context()
    if state.view().has_news(context) or state.view().has_new_list(context):
        st.rerun(scope="app")
    with st.container(key="status", gap="small"):
        _badge(readiness)
        _facts()
    if readiness.is_demo:
        with st.popover("Small demonstration model", icon=":material/school:", width="stretch", key="better-model"):
            st.markdown(f"{literal(demo_model.ADVICE)}\n\n{demo_model.SETTINGS}")


def _badge(readiness: BackendStatus) -> None:
    if readiness.is_ready:
        st.badge(literal(readiness.model or "Ready"), icon=":material/check_circle:", color="green")
        return
    what = f"{readiness.model} is not ready" if readiness.is_answering and readiness.model else "Not connected"
    st.badge(what, icon=":material/error:", color="red")
    st.caption(literal(f"{readiness.sentence} {readiness.hint}".strip()))


def _facts() -> None:
    facts = {
        "Backend": state.settings().backend_url,
        "Messages": _count(state.view().conversation),
        "Session": _duration(state.duration_s()),
    }
    if cost := _cost(state.view().conversation):
        facts["Cost"] = cost
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    st.html(f'<dl class="facts">{rows}</dl>')


def _cost(conversation: OpenConversation) -> str | None:
    """Return what the conversation has cost so far, None while that is nothing."""
    if conversation.id is None or conversation.live is not None:
        return None
    url, count = state.settings().backend_url, len(conversation.messages)
    return cost_of(url, api_key=state.api_key(), conversation_id=conversation.id, messages=count)


def _count(conversation: OpenConversation) -> str:
    """Return how many messages are loaded, with a plus where the backend has earlier ones."""
    return f"{len(conversation.messages)}{'+' if conversation.has_unloaded else ''}"


def _options() -> None:
    with st.container(key="options"):
        st.toggle("Stream answers", key=state.STREAMING, help="Show words as the model says them, or all at once.")
        st.number_input(
            "Request timeout (seconds)",
            min_value=1.0,
            max_value=3600.0,
            step=5.0,
            format="%g",
            key=state.TIMEOUT,
            help="How long to wait for the next word.",
        )


def _files() -> None:
    """Draw how conversations come in and go out, where the backend keeps any."""
    if state.view().listing.is_supported:
        with st.container(horizontal=True, gap="small", key="files"):
            import_box()
            export_box()


def _account() -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="account"):
        st.caption(literal(accounts.email() or ""))
        st.button("Sign out", key="sign-out", type="tertiary", on_click=st.logout)


def _duration(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    hours, rest = divmod(int(seconds), _HOUR_S)
    return f"{hours} h {rest // _MINUTE_S} min" if hours else f"{rest // _MINUTE_S} min"
