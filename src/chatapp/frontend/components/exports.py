"""Exporting all conversations."""

from datetime import datetime
from functools import partial

import streamlit as st

from chatapp.client import BackendClient
from chatapp.frontend.languages.words import t
from chatapp.frontend.session import state
from chatapp.protocol.export_formats import OF_ALL


def export_box() -> None:
    """Draw the buttons that download all conversations, one for each format."""
    client, day = state.client(), f"{datetime.now(state.timezone()):%Y-%m-%d}"
    with st.container(key="export-all", gap="small"):
        st.markdown(f"**{t('Export')}**")
        holds = (t("{format} holds {what}.", format=f"**{it.title}**", what=t(it.holds)) for it in OF_ALL)
        st.caption("  \n".join([t("All conversations but deleted ones."), *holds]))
        with st.container(horizontal=True, gap="small"):
            for it in OF_ALL:
                st.download_button(
                    it.title,
                    partial(_file, client, it.name),
                    file_name=f"chatapp-{day}.{it.ending}",
                    mime=it.media_type.partition(";")[0],
                    key=f"export-all-{it.name}",
                    on_click="ignore",
                    icon=":material/download:",
                )


def _file(client: BackendClient, export_format: str) -> bytes:
    return b"".join(client.conversations.export_all(export_format))
