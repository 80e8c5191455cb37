"""The rows of the list of conversations, drawn by one component of ours: their number costs a click next to nothing."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import streamlit as st

from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.session import list_actions, own_backend, state
from chatapp.protocol.resources import ConversationInfo
from chatapp.protocol.wording import later


def rows(listing: Listing) -> None:
    """Draw the conversations under their headings."""
    if listing.items or listing.has_more:
        told = (_told(listing),)  # in a tuple as the transcript is
        _component()(key=state.ROWS, data=told, on_act_change=_act)
    else:
        listing.news.forget()


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("chatapp.conversations", js="rows.js", isolate_styles=False)


def _told(listing: Listing) -> dict[str, Any]:
    """Return what the browser is told: each row names its menu by the place of it."""
    menus: dict[tuple[str, ...], int] = {}
    lines: list[dict[str, Any]] = []
    may_share = own_backend.shares() is not None  # once: a look into Streamlit's cache takes some 40 us
    for group in listing.groups(state.timezone()):
        lines.append({"group": group.name.lower(), "name": group.heading.shown(words())})
        lines.extend(_row(item, listing, menus, may_share=may_share) for item in group.items)
    return {
        **listing.news.tell(
            lines, {"menus": [[(entry, t(entry)) for entry in menu] for menu in menus], "texts": _texts()}
        ),
        "language": words().code,
        "current": state.view().conversation_id,
        "busy": [item.id for item in listing.items if item.active_turn_id is not None],
        "chosen": None if listing.chosen is None else sorted(listing.chosen),
        "has_more": listing.has_more,
    }


def _texts() -> dict[str, str]:
    return {
        "more": t("More for {title}", title="{title}"),
        "more_conversations": t("More conversations"),
        "name": t("Name"),
        "save": t("Save"),
        "cancel": t("Cancel"),
    }


def _row(
    item: ConversationInfo, listing: Listing, menus: dict[tuple[str, ...], int], *, may_share: bool
) -> dict[str, Any]:
    row = {
        "id": item.id,
        "title": item.title or t("New conversation"),
        "when": int(item.updated_at.timestamp()),
        "menu": menus.setdefault(_entries(item, may_share=may_share), len(menus)),
        "notes": list(_notes(item, listing)),
        "snippet": [[part.text, part.is_match] for part in item.snippet or ()],
    }
    return {name: told for name, told in row.items() if told}


def _entries(item: ConversationInfo, *, may_share: bool) -> tuple[str, ...]:
    return (
        later("Rename"),
        later("Unpin") if item.pinned else later("Pin"),
        later("Back to the list") if item.archived_at else later("Archive"),
        later("Move to project"),
        later("Export"),
        *([later("Share")] if may_share else []),
        later("Choose several"),
        later("Delete"),
    )


def _notes(item: ConversationInfo, listing: Listing) -> Iterable[str]:
    if item.archived_at and listing.query:
        yield t("in the archive")
    if item.client:
        yield t("via {client}", client=item.client)


def _act() -> None:
    """Do what a click in the rows stands for."""
    clicked = state.clicked(state.ROWS)
    what, conversation_id = clicked.get("do", ""), clicked.get("id", "")
    if what == "all":
        list_actions.show_whole_list()
    elif what == "more":
        list_actions.show_more()
    elif what == "toggle":
        list_actions.toggle(conversation_id)
    elif what == "rename":
        list_actions.rename(conversation_id, clicked.get("text", ""))
    elif what == "menu":
        list_actions.choose(conversation_id, clicked.get("entry", ""))
    elif what == "open":
        list_actions.open_conversation(conversation_id)
