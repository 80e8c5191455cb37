"""The list of conversations in the sidebar."""

from functools import partial

import streamlit as st

from chatapp.frontend.components.choosing import choice, chosen_bar
from chatapp.frontend.components.projects import move_field, projects
from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.languages.words import said, t, words
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import list_actions, state
from chatapp.protocol.export_formats import OF_ONE
from chatapp.protocol.resources import ConversationInfo, SnippetInfo
from chatapp.protocol.wording import later


def history() -> None:
    """Draw the search box and the conversations, pinned ones first, then by the day they were last talked in."""
    listing = state.view().listing
    if not listing.is_supported:
        st.caption(t("This backend keeps no conversations: they live as long as this tab."))
        return
    with st.container(key="history", gap="small"):
        _head(listing)
        if listing.error is not None:
            st.caption(literal(f"{t('The conversations cannot be shown.')} {said(listing.error.detail)}"))
        _undo(listing)
        projects(listing)
        for group in listing.groups(state.timezone()):
            st.caption(group.heading.shown(words()))
            with st.container(key=f"group-{group.name.lower()}", gap=None):
                for item in group.items:
                    _row(item)
        if listing.query and not listing.items:
            st.caption(t("No conversation has these words."))
        if listing.has_more:
            st.button(
                t("More conversations"), key="more", type="tertiary", on_click=list_actions.show_more, width="stretch"
            )
        elif not listing.is_archive and not listing.query and listing.project_id is None:
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
        live="400ms",
        label_visibility="collapsed",
    )


def _archive_button() -> None:
    st.button(
        t("Archived"),
        icon=":material/archive:",
        key="archive",
        type="tertiary",
        on_click=list_actions.show_archive,
        kwargs={"is_archive": True},
    )


def _archive_head(listing: Listing) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="archive-head"):
        st.button(
            t("Archived"),
            icon=":material/arrow_back:",
            key="archive-close",
            type="tertiary",
            on_click=list_actions.show_archive,
            kwargs={"is_archive": False},
        )
    if not listing.items and listing.error is None:
        st.caption(t("Nothing is archived."))


def _undo(listing: Listing) -> None:
    if listing.undo is None or listing.undo.is_over:
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="deleted"):
        st.caption(literal(listing.undo.sentence(words())))
        st.button(t("Undo"), key="undo", type="tertiary", on_click=list_actions.undo)


def _row(item: ConversationInfo) -> None:
    conversation_id, title = item.id, item.title or t("New conversation")
    view = state.view()
    row = view.open_row
    if row is not None and row == (conversation_id, "rename"):
        _rename_field(conversation_id, title)
        return
    if view.listing.chosen is not None:
        choice(item, title, view.listing.chosen)
        return
    is_current = conversation_id == view.conversation_id
    with st.container(
        horizontal=True, wrap=False, gap=None, key="current-row" if is_current else f"row-{conversation_id}"
    ):
        _open_button(item, title)
        _menu(item)
    if item.archived_at and view.listing.query:
        st.caption(t("in the archive"))
    if item.client:
        st.caption(literal(t("via {client}", client=item.client)))
    if item.snippet:
        st.caption("".join(map(_marked, item.snippet)))
    if row is not None and row == (conversation_id, "move"):
        move_field([conversation_id])
    if row is not None and row == (conversation_id, "export"):
        _export_buttons(conversation_id, title)


def _open_button(item: ConversationInfo, title: str) -> None:
    st.button(
        literal(title),
        key=f"open-{item.id}",
        type="tertiary",
        icon=":material/pending:" if item.active_turn_id else None,
        width="stretch",
        on_click=list_actions.open_conversation,
        args=(item.id, item.message_id),
    )


def _menu(item: ConversationInfo) -> None:
    key = f"menu-{item.id}"
    st.menu_button(
        literal(t("More for {title}", title=item.title or t("New conversation"))),
        [
            later("Rename"),
            later("Unpin") if item.pinned else later("Pin"),
            later("Back to the list") if item.archived_at else later("Archive"),
            later("Move to project"),
            later("Export"),
            later("Choose several"),
            later("Delete"),
        ],
        format_func=t,
        icon=":material/more_horiz:",
        key=key,
        type="tertiary",
        on_click=list_actions.choose,
        args=(item.id, key, item.pinned),
    )


def _rename_field(conversation_id: str, title: str) -> None:
    field = f"name-{conversation_id}"
    with st.container(key="rename"), st.form("rename-form", border=False):
        st.text_input(t("Name"), title, key=field, max_chars=200, label_visibility="collapsed")
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button(
                t("Save"), key="rename-save", on_click=list_actions.rename, args=(conversation_id, field)
            )
            st.form_submit_button(t("Cancel"), key="rename-cancel", type="tertiary", on_click=list_actions.close_row)


def _export_buttons(conversation_id: str, title: str) -> None:
    client = state.client()
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="export", gap="xxsmall"):
        for it in OF_ONE:
            st.download_button(
                it.title,
                partial(client.conversations.export, conversation_id, it.name),
                file_name=f"{_file_name(title)}.{it.name}",
                mime=it.media_type.partition(";")[0],
                key=f"export-{it.name}",
                on_click="ignore",
            )
        st.button("", icon=":material/close:", key="export-close", type="tertiary", on_click=list_actions.close_row)


def _file_name(title: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in title).strip("-")[:60] or "conversation"


def _marked(part: SnippetInfo) -> str:
    return f"**{literal(part.text)}**" if part.is_match else literal(part.text)
