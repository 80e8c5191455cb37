"""The address of the page: `?c=ID` is the conversation on show, so that reload, back button and bookmarks work."""

import re
import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatapp.frontend.session.view import View

CONVERSATION = "c"
_LATE_S = 2.0
"""How long after the page has moved on a click may still come from a browser that has not heard of it."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Address:
    """Where the browser is, as far as this session knows."""

    def __init__(self) -> None:
        self._now: str | None = None
        self._before: str | None = None
        self._moved_at = -_LATE_S

    def read_url(self, view: View) -> None:
        """Show what the browser has gone to: by its first request, or back and forward."""
        asked_for = st.query_params.get(CONVERSATION)
        if asked_for == self._now or (asked_for == self._before and self._may_be_late()):
            return
        self._before, self._now = self._now, asked_for
        if asked_for and _ID.fullmatch(asked_for):
            view.show_stored(asked_for)
        else:
            view.show_new()

    def _may_be_late(self) -> bool:
        is_recent = time.monotonic() - self._moved_at < _LATE_S
        context = get_script_run_ctx()
        return is_recent and not (context and context.is_history_navigation)

    def push_url(self, view: View) -> None:
        """Make the browser's address that of the conversation on show."""
        wanted = view.conversation_id
        if wanted != self._now:
            self._before, self._now, self._moved_at = self._now, wanted, time.monotonic()
        if wanted is None:
            st.query_params.pop(CONVERSATION, None)
        elif st.query_params.get(CONVERSATION) != wanted:
            st.query_params[CONVERSATION] = wanted
