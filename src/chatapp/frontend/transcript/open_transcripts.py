"""The transcripts of all sessions, by their tokens; each is gone with the session that holds it."""

from weakref import WeakValueDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatapp.frontend.transcript.transcript import Transcript


@st.cache_resource(show_spinner=False)
def open_transcripts() -> WeakValueDictionary[str, Transcript]:
    """Return the transcripts by their tokens, the same for the whole process."""
    return WeakValueDictionary()


def new_transcript() -> Transcript:
    """Return a transcript for the session that runs now."""
    context = get_script_run_ctx()
    transcript = Transcript(context.session_id if context else "")
    open_transcripts()[transcript.token] = transcript
    return transcript
