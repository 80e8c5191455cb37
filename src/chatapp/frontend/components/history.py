"""The list of conversations in the sidebar."""

from functools import partial

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.components.choosing import chosen_bar
from chatapp.frontend.components.projects import projects
from chatapp.frontend.components.rows import rows
from chatapp.frontend.components.runs import Runs
from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.languages.words import said, t, words
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import list_actions, state
from chatapp.protocol.wording import later

_NOT_IN_PROJECT = later("No conversation of the project has these words.")
_AS_IT_WAS = later("The list is as it was seen last.")


def history() -> None:
    """Draw the search box and the conversations, pinned ones first, then by the day they were last talked in.

    They are a fragment: what changes them alone draws nothing else, and sends a third. While a run waits for an answer,
    Streamlit would have a click in a fragment wait as well.
    """
    view, conversation = state.view(), state.view().conversation
    view.listing.has_changed_alone = False  # all is drawn now
    if conversation.live is None and conversation.summarising is None:
        _fragment(Runs())
    else:
        with st.container():  # so that it keeps its place
            _history()


@st.fragment
def _fragment(runs: Runs) -> None:
    if runs.is_again() and not list_actions.is_list_enough():
        st.rerun(scope="app")
    _history()


def _history() -> None:
    listing = state.view().listing
    if not listing.is_supported:
        st.caption(t("This backend keeps no conversations: they live as long as this tab."))
        return
    with st.container(key="history", gap="small"):
        _head(listing)
        if listing.error is not None:
            what = t(_AS_IT_WAS) if listing.items else t("The conversations cannot be shown.")
            st.caption(literal(f"{what} {said(listing.error.detail)}"))
        _undo(listing)
        projects(listing)
        rows(listing)
        if listing.query and not listing.items:
            st.caption(t("No conversation has these words.") if listing.project_id is None else t(_NOT_IN_PROJECT))
        is_plain = not (listing.has_more or listing.is_archive or listing.query)
        if is_plain and listing.project_id is None:
            _archive_button()


def _head(listing: Listing) -> None:
    if listing.chosen is not None:
        chosen_bar(listing)
    elif listing.items or listing.query or listing.is_archive:
        _search_box()
    if listing.is_archive and not listing.query:
        _archive_head(listing)


def _search_box() -> None:
    st.text_input(
        t("Search conversations"),
        key=state.SEARCH,
        type="search",
        placeholder=t("Search"),
        live=True,
        label_visibility="collapsed",
    )


def _archive_button() -> None:
    flat_button(t("Archived"), "archive", "archive", partial(list_actions.show_archive, is_archive=True))


def _archive_head(listing: Listing) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="archive-head"):
        flat_button(t("Archived"), "arrow_back", "archive-close", partial(list_actions.show_archive, is_archive=False))
    if not listing.items and listing.error is None:
        st.caption(t("Nothing is archived."))


def _undo(listing: Listing) -> None:
    listing.drawn_undo = listing.undo
    if listing.undo is None or listing.undo.is_over:
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="deleted"):
        st.caption(literal(listing.undo.sentence(words())))
        st.button(t("Undo"), key="undo", type="tertiary", on_click=list_actions.undo)
