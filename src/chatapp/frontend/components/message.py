"""What is drawn of a message outside of the transcript: who says it, and files that wait for their question."""

from collections.abc import Sequence

import streamlit as st

from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.transcript.article import files_html
from chatapp.protocol.resources import AttachmentInfo

AVATARS = {"user": ":material/person:", "assistant": ":material/forum:"}


def draw_files(files: Sequence[AttachmentInfo]) -> None:
    """Draw the names and sizes of files, and what models do not get of them."""
    if files:
        st.html(files_html(files))
    for file in files:
        for note in file.notes:
            st.caption(literal(f"{file.name}: {note}"))
