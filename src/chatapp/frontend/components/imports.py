"""Importing conversations from elsewhere: how far it is, and the receipt for it."""

import streamlit as st

from chatapp.client import BackendClient
from chatapp.errors import ChatappError
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.frontend.session.backend import client_of
from chatapp.protocol.resources import ImportInfo, RunningImportInfo

IMPORT_TIMEOUT_S = 2 * 60 * 60.0
"""The backend ends an import by itself before, and answers then."""

LOOK_S = 1.0
_MB = 1000 * 1000
_SKIPPED_SHOWN = 20
_WHAT = "An export of ChatGPT, Claude, Gemini, Open WebUI, llm, chatapp or others. Twice adds nothing twice."
_DOING = {"receiving": "Receiving", "waiting": "Waiting for others", "reading": "Importing"}


def import_box() -> None:
    """Draw the place to drop an export, how far imports are, and the receipt of the last one."""
    imports = state.view().imports
    with st.container(key="import", gap="small"):
        st.markdown("**Import**")
        st.caption(f"{_WHAT} Files of more than {st.get_option('server.maxUploadSize')} MB go to `POST /import`.")
        file = st.file_uploader("Export", key=state.EXPORT_FILE, label_visibility="collapsed")
        if file is not None and not imports.is_sending and _is_clicked():
            with st.spinner("Reading …"):
                imports.begin(_client(), file)
            state.view().listing.expire()
            st.rerun()
        if isinstance(imports.outcome, ChatappError):
            problem = problem_of(imports.outcome)
            st.error(literal(f"{problem.sentence} {problem.next_step}"))
        elif imports.outcome is not None:
            _receipt(imports.outcome)


def _is_clicked() -> bool:
    return st.button("Import this file", type="primary", width="stretch", key="import-file")


def running_imports() -> None:
    """Draw how far imports are, again and again as long as there are any."""
    imports = state.view().imports
    if not state.view().listing.is_supported:
        return
    if imports.look(state.client()):
        state.view().listing.expire()
        st.rerun()
    if imports.is_going:
        st.fragment(_progress, run_every=LOOK_S)()


def _progress() -> None:
    imports = state.view().imports
    if imports.look(state.client()) or not imports.is_going:
        state.view().listing.expire()
        st.rerun(scope="app")
    for running in imports.running:
        with st.container(key=f"importing-{running.id}", gap="xsmall"):
            st.progress(_share(running), text=_words(running))
            st.button(
                "Cancel import",
                key=f"cancel-{running.id}",
                icon=":material/close:",
                type="tertiary",
                on_click=actions.cancel_import,
                args=(running.id,),
            )


def _share(running: RunningImportInfo) -> float:
    done = running.bytes_received if running.state == "receiving" else running.bytes_read
    return min(done / running.bytes_total, 1.0) if running.bytes_total else 0.0


def _words(running: RunningImportInfo) -> str:
    what = _DOING.get(running.state, "Importing")
    if running.state != "reading":
        return f"{what} … {running.bytes_received / _MB:.0f} MB"
    return f"{what} … {running.conversations_read:,} conversations, {running.conversations_added:,} new"


def _client() -> BackendClient:
    return client_of(state.settings().backend_url, timeout_s=IMPORT_TIMEOUT_S, api_key=state.api_key())


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
