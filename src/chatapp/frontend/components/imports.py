"""Bringing conversations along from elsewhere, and the receipt for it."""

from typing import Any, BinaryIO

import streamlit as st

from chatapp.errors import ChatappError
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import client_of

IMPORT_TIMEOUT_S = 600.0
_SKIPPED_SHOWN = 20
_WHAT = "An export of ChatGPT, Claude, Open WebUI, llm or chatapp. Bringing it twice adds nothing twice."


def import_box() -> None:
    """Draw the place to drop an export, and the receipt of the last one."""
    view = state.view()
    if not view.listing.is_supported:
        return
    with st.popover("Bring conversations along", icon=":material/upload_file:", width="stretch", key="import"):
        st.caption(_WHAT)
        file = st.file_uploader("Export", key=state.EXPORT_FILE, label_visibility="collapsed")
        if file is not None and st.button("Import", type="primary", width="stretch", key="import-file"):
            with st.spinner("Reading …"):
                view.receipt = _receipt(file)
            view.listing.expire()
            st.rerun()
        if view.receipt is not None:
            _draw(view.receipt)


def _receipt(file: BinaryIO) -> dict[str, Any]:
    """Return what the backend says of `file`, or what went wrong under `error`."""
    client = client_of(state.settings().backend_url, timeout_s=IMPORT_TIMEOUT_S, api_key=state.api_key())
    try:
        return client.conversations.import_file(file)
    except ChatappError as error:
        problem = problem_of(error)
        return {"error": f"{problem.sentence} {problem.next_step}"}


def _draw(receipt: dict[str, Any]) -> None:
    if "error" in receipt:
        st.error(literal(receipt["error"]))
        return
    added, read = receipt["conversations_added"], receipt["conversations_read"]
    source = f"{', '.join(receipt['sources'])}: " if receipt["sources"] else ""
    st.success(
        literal(
            f"{source}{added} of {read} conversations added, with {receipt['messages_added']} of "
            f"{receipt['messages_read']} messages."
        )
    )
    skipped = receipt["skipped"]
    for item in skipped[:_SKIPPED_SHOWN]:
        st.caption(literal(f"Skipped {item['count']} in {item['what']}: {item['why']}"))
    if more := len(skipped[_SKIPPED_SHOWN:]) + receipt["skipped_more"]:
        st.caption(f"… and {more} more.")
