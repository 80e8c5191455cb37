"""Importing conversations from elsewhere, and the receipt for it."""

from typing import BinaryIO

import streamlit as st

from chatapp.errors import ChatappError
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import client_of
from chatapp.protocol.resources import ImportInfo

IMPORT_TIMEOUT_S = 600.0
_SKIPPED_SHOWN = 20
_WHAT = "An export of ChatGPT, Claude, Gemini, Open WebUI, llm, chatapp or others. Twice adds nothing twice."


def import_box() -> None:
    """Draw the place to drop an export, and the receipt of the last one."""
    view = state.view()
    if not view.listing.is_supported:
        return
    with st.popover("Import", icon=":material/upload_file:", width="stretch", key="import"):
        st.caption(_WHAT)
        file = st.file_uploader("Export", key=state.EXPORT_FILE, label_visibility="collapsed")
        if file is not None and st.button("Import this file", type="primary", width="stretch", key="import-file"):
            with st.spinner("Reading …"):
                view.imported = _imported(file)
            view.listing.expire()
            st.rerun()
        if isinstance(view.imported, ChatappError):
            problem = problem_of(view.imported)
            st.error(literal(f"{problem.sentence} {problem.next_step}"))
        elif view.imported is not None:
            _receipt(view.imported)


def _imported(file: BinaryIO) -> ImportInfo | ChatappError:
    client = client_of(state.settings().backend_url, timeout_s=IMPORT_TIMEOUT_S, api_key=state.api_key())
    try:
        return client.conversations.import_file(file)
    except ChatappError as error:
        return error


def _receipt(imported: ImportInfo) -> None:
    source = f"{', '.join(imported.sources)}: " if imported.sources else ""
    st.success(
        literal(
            f"{source}{imported.conversations_added} of {imported.conversations_read} conversations added, with "
            f"{imported.messages_added} of {imported.messages_read} messages."
        )
    )
    for item in imported.skipped[:_SKIPPED_SHOWN]:
        st.caption(literal(f"Skipped {item.count} in {item.what}: {item.why}"))
    if more := len(imported.skipped[_SKIPPED_SHOWN:]) + imported.skipped_more:
        st.caption(f"… and {more} more.")
