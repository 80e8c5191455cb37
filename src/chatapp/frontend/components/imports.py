"""Importing conversations from elsewhere: how far it is, and the receipt for it."""

import streamlit as st

from chatapp.errors import ChatappError
from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.languages.words import said, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.protocol.import_resources import ImportInfo, RunningImportInfo
from chatapp.protocol.wording import later

LOOK_S = 1.0
_MB = 1000 * 1000
_SKIPPED_SHOWN = 20
_WHAT = later("An export of ChatGPT, Claude, Gemini, Open WebUI, llm, chatapp or others. Twice adds nothing twice.")
_LARGER = later("Up to {size} MB; a larger file, up to 1 GiB, with `chatapp import FILE` in a shell.")
_DOING = {"receiving": later("Receiving … {size} MB"), "waiting": later("Waiting for others … {size} MB")}


def import_box() -> None:
    """Draw the place to drop an export, how far imports are, and the receipt of the last one."""
    imports = state.view().imports
    with st.container(key="import", gap="small"):
        st.markdown(f"**{t('Import')}**")
        st.caption(f"{t(_WHAT)} {t(_LARGER, size=int(st.get_option('server.maxUploadSize')))}")
        file = st.file_uploader(t("Exported file"), key=state.EXPORT_FILE, label_visibility="collapsed")
        if file is not None and not imports.is_sending and _is_clicked():
            with st.spinner(t("Reading …")):
                imports.begin(state.client(), file)
            state.view().listing.expire()
            st.rerun()
        if isinstance(imports.outcome, ChatappError):
            problem = problem_of(imports.outcome)
            st.error(literal(f"{problem.sentence} {problem.next_step}"))
        elif imports.outcome is not None:
            _receipt(imports.outcome)


def _is_clicked() -> bool:
    return st.button(t("Import this file"), type="primary", width="stretch", key="import-file")


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
            flat_button(t("Cancel import"), "close", f"cancel-{running.id}", actions.cancel_import, running.id)


def _share(running: RunningImportInfo) -> float:
    done = running.bytes_received if running.state == "receiving" else running.bytes_read
    return min(done / running.bytes_total, 1.0) if running.bytes_total else 0.0


def _words(running: RunningImportInfo) -> str:
    if running.state in _DOING:
        return t(_DOING[running.state], size=running.bytes_received // _MB)
    count, new = running.conversations_read, running.conversations_added
    return t("Importing … {count} conversations, {new} new", count=count, new=new)


def _receipt(imported: ImportInfo) -> None:
    source = f"{', '.join(imported.sources)}: " if imported.sources else ""
    sentence = t(
        "{added} of {count} conversations added, with {messages_added} of {messages} messages.",
        added=imported.conversations_added,
        count=imported.conversations_read,
        messages_added=imported.messages_added,
        messages=imported.messages_read,
    )
    if imported.messages_read and not (imported.messages_added or imported.skipped or imported.projects_added):
        sentence += " " + t("All of it came in before.")
    if imported.projects_added:
        sentence += " " + t("Projects added: {count}.", count=imported.projects_added)
    st.success(literal(source + sentence))
    for item in imported.skipped[:_SKIPPED_SHOWN]:
        st.caption(
            literal(t("Skipped {count} in {what}: {why}", count=item.count, what=said(item.what), why=said(item.why)))
        )
    if more := len(imported.skipped[_SKIPPED_SHOWN:]) + imported.skipped_more:
        st.caption(t("… and {count} more.", count=more))
