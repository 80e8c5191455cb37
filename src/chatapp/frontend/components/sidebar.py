"""The sidebar: the conversations, and below them one line on how the backend is."""

from collections.abc import Callable

import streamlit as st

from chatapp.frontend.access import accounts
from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.components.history import history
from chatapp.frontend.components.imports import running_imports
from chatapp.frontend.components.runs import Runs
from chatapp.frontend.languages.words import said, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, own_backend, state
from chatapp.frontend.session.backend import BackendStatus

REFRESH_S, AWAY_S = 4, 2
"""After which the page looks at the backend again, where it is ready and where it is not. Sooner than `backend.py` asks
anew it would hear nothing new."""
_PATIENCE_S = 0.25
"""A click that comes meanwhile waits as long."""


def sidebar() -> None:
    """Draw the sidebar."""
    with st.sidebar:
        st.html('<p class="st-key-brand"><i aria-hidden="true">forum</i> <b>chatapp</b></p>')
        _new_chat()
        running_imports()
        history()
        if accounts.is_signed_in() or state.has_typed_key():
            _account()
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall", key="foot-line"):
            is_ready = own_backend.readiness().is_ready
            st.fragment(_status, run_every=REFRESH_S if is_ready else AWAY_S)(Runs(), was_ready=is_ready)
            _icon(t("Usage"), "bar_chart", "usage-open", actions.open_usage)
            _icon(t("Settings"), "settings", "settings-open", actions.open_dialog, "settings")


def _new_chat() -> None:
    with st.container(horizontal=True, gap="small", key="new"):
        icon = ":material/edit_square:"
        st.button(t("New chat"), icon=icon, width="stretch", on_click=actions.new_chat, key="new-chat")
        st.button(
            t("Temporary chat"),
            icon=":material/visibility_off:",
            help=t("Temporary chat that is not stored"),
            on_click=actions.new_chat,
            kwargs={"is_temporary": True},
            key="temporary-chat",
        )


def _icon(name: str, icon: str, key: str, on_click: Callable[..., None], *args: object) -> None:
    """Draw a button of which only the icon is seen; its name is read out, and told to who points at it."""
    flat_button(name, icon, key, on_click, *args, tip=name)


def _status(runs: Runs, *, was_ready: bool) -> None:
    """Draw what changes by itself; Streamlit runs this again every few seconds while no answer is being made."""
    if state.is_signed_out_elsewhere():
        st.rerun(scope="app")
    patience_s = _PATIENCE_S if runs.is_again() else 0
    readiness = own_backend.readiness(patience_s=patience_s)
    if not readiness.is_known_key:
        state.ask_for_key()
        st.rerun(scope="app")
    context, view = state.session_context(), state.view()
    is_read = view.dialog is not None  # drawn anew, it would begin with its first tab
    if readiness.is_ready and not was_ready:
        view.listing.expire()  # it may say that it could not be fetched
    has_news = readiness.is_ready != was_ready or view.listing.is_undo_over()
    if not is_read and (has_news or view.has_news(context) or view.has_new_list(context)):
        st.rerun(scope="app")
    badge(readiness)
    if not readiness.is_ready:
        st.caption(literal(said(readiness.sentence, readiness.hint)))


def badge(readiness: BackendStatus) -> None:
    """Draw in one word or two whether a question would be answered."""
    if readiness.is_ready:
        name = t("Demonstration model") if readiness.is_demo else t("Ready")
        st.badge(name, icon=":material/check_circle:", color="green")
        return
    named = readiness.is_answering and (readiness.model or readiness.provider)
    what = t("{model} is not ready", model=named) if named else t("Not connected")
    st.badge(literal(what), icon=":material/error:", color="red")


def _account() -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="account"):
        st.caption(literal(accounts.person(state.settings(), state.api_key()) or t("Signed in")))
        sign_out = st.logout if accounts.is_signed_in() else actions.sign_out
        st.button(t("Sign out"), key="sign-out", type="tertiary", on_click=sign_out)
