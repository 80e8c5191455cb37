"""Which sessions may use the page, as its server has to know before it takes a file."""

from weakref import WeakValueDictionary

import streamlit as st

from chatapp.frontend.transcript.transcript import Transcript


@st.cache_resource(show_spinner=False)
def admitted_sessions() -> WeakValueDictionary[str, Transcript]:
    """Return the transcripts of the sessions that are let in by the ids of these, the same for the whole process.

    Each is gone with the session that holds it.
    """
    return WeakValueDictionary()


def admit(transcript: Transcript, *, is_let_in: bool) -> None:
    """Remember whether the session that shows `transcript` is let in."""
    if is_let_in and transcript.session_id:
        admitted_sessions()[transcript.session_id] = transcript
    else:
        admitted_sessions().pop(transcript.session_id, None)
