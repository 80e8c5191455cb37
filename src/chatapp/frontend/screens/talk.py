"""The conversation on show with all that is its own, as a part of the page that a click in it draws alone."""

from concurrent.futures import Future

import streamlit as st

from chatapp import __version__
from chatapp.frontend.components.hits import hits
from chatapp.frontend.components.model_menu import model_menu, temporary_mark
from chatapp.frontend.components.projects import project_mark
from chatapp.frontend.components.runs import Runs
from chatapp.frontend.languages.words import t
from chatapp.frontend.screens.chat import LiveView, PromptBox, around_box, chat
from chatapp.frontend.session import state
from chatapp.protocol.resources import ConversationInfo
from chatapp.protocol.wording import later

_ABOUT = later("Your own AI chat. The page and its backend run where you started them.")


def talk(box: PromptBox) -> LiveView | None:
    """Draw it; return the view of the answer that is being made, if one is.

    It is a fragment: what changes it alone draws nothing beside it, such as the list of conversations. While a run
    waits for an answer, Streamlit would have a click in a fragment wait as well.
    """
    if not _is_waited_for():
        _fragment(Runs(), box)
        return None
    with st.container():  # so that it keeps its place
        return _draw(box, is_part=False)


def catch_up() -> None:
    """Show what the browser asks for, and what has happened since the last run."""
    view = state.view()
    state.accept_messages()
    state.address().read_url(view)
    if unasked := view.refresh(state.session_context(), query=state.query()):
        state.give_back(unasked)
    state.address().push_url(view)
    state.mirror_messages()


def name_page(title: str | None) -> None:
    """Give the page the name of the conversation on show, and say behind its menu what it is."""
    name = f"{title} · chatapp" if title else "chatapp"
    about = f"**chatapp {__version__}** — {t(_ABOUT)}"
    if state.is_new_title(name, about):
        st.set_page_config(name, menu_items={"About": about})


@st.fragment
def _fragment(runs: Runs, box: PromptBox) -> None:
    told = None
    if runs.is_again():
        if not _is_enough():
            st.rerun(scope="app")
        told = _catch_up_alone()
    live_view = _draw(box, is_part=True)
    if live_view is not None:
        live_view.let_through()
    if _is_waited_for():
        st.rerun(scope="app")  # and wait there; what is drawn stays as it is
    if told is not None and state.view().load_conversation(state.session_context(), told):
        st.rerun(scope="fragment")


def _draw(box: PromptBox, *, is_part: bool) -> LiveView | None:
    top = st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center", key="top")
    above = st.empty()
    live_view = chat()
    if live_view is not None:
        live_view.let_speak()
    with top:
        model_menu()
        project_mark()
        temporary_mark()
    with above:
        hits()
    around_box(box, is_drawn_again=is_part)
    return live_view


def _is_waited_for() -> bool:
    conversation = state.view().conversation
    return conversation.live is not None or conversation.summarising is not None


def _is_enough() -> bool:
    """Return whether what was clicked changes nothing beside the conversation."""
    view = state.view()
    if state.needs_sign_in() or state.is_signed_out_elsewhere() or view.dialog is not None:
        return False
    if view.listing.is_changed or view.listing.query != state.query():
        return False
    state.accept_messages()
    if unasked := view.finish_answer(state.session_context()):
        state.give_back(unasked)
        return False
    return True


def _catch_up_alone() -> Future[ConversationInfo] | None:
    """Show what has happened in the conversation; return what the backend will tell of it, where it is drawn before."""
    view, context = state.view(), state.session_context()
    told = view.conversation.ask_for_news(context)
    if told is None:
        view.load_conversation(context)
    state.address().push_url(view)
    state.mirror_messages()
    name_page(view.conversation.title)
    return told
