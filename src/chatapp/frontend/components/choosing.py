"""Choosing several conversations of the list, and what can be done with them."""

from datetime import datetime
from functools import partial

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.conversations.bulk import zip_of
from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.languages.words import t
from chatapp.frontend.session import list_actions, project_actions, state


def chosen_bar(listing: Listing) -> None:
    """Draw how many are chosen, and what can be done with them."""
    chosen = tuple(listing.chosen or ())
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap=None, key="chosen"):
        st.caption(t("{count} chosen", count=len(chosen)))
        flat_button(t("Choose none"), "close", "choose-end", list_actions.end_choosing)
        flat_button(t("Choose all"), "select_all", "choose-all", list_actions.choose_all)
        st.download_button(
            t("Export"),
            partial(zip_of, state.client(), chosen),
            file_name=f"chatapp-{datetime.now(state.timezone()):%Y-%m-%d}.zip",
            mime="application/zip",
            icon=":material/download:",
            key="chosen-export",
            type="tertiary",
            on_click="ignore",
            disabled=not chosen,
        )
        move = project_actions.offer_move
        flat_button(t("Move to project"), "drive_file_move", "chosen-move", move, chosen, is_off=not chosen)
        if listing.is_archive:
            flat_button(
                t("Back to the list"), "unarchive", "chosen-archive", list_actions.archive_chosen, is_off=not chosen
            )
        else:
            flat_button(t("Archive"), "archive", "chosen-archive", list_actions.archive_chosen, is_off=not chosen)
        flat_button(t("Delete"), "delete", "chosen-delete", list_actions.delete_chosen, is_off=not chosen)
