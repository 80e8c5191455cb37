"""The address of the page: `?c=ID` is the conversation on show, so that reload, back button and bookmarks work.

`&m=ID` leads to one of its messages, `&p=ID` is the project whose conversations are listed.

`?view=usage` shows usage in its place, until another conversation is chosen.
"""

import re
import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from chatapp.frontend.session.view import View

CONVERSATION = "c"
MESSAGE = "m"
PROJECT = "p"
SCREEN = "view"
USAGE = "usage"
_LATE_S = 2.0
"""How long after the page has moved on a click may still come from a browser that has not heard of it."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Address:
    """Where the browser is, as far as this session knows."""

    def __init__(self) -> None:
        self._now: str | None = None
        self._before: str | None = None
        self._moved_at = -_LATE_S
        self._behind_usage: str | None = None
        self._has_read = False

    def read_url(self, view: View) -> None:
        """Show what the browser has gone to: by its first request, or back and forward."""
        self._read_project(view)
        asked_for = st.query_params.get(CONVERSATION)
        if asked_for == self._now or (asked_for == self._before and self._may_be_late()):
            return
        self._before, self._now = self._now, asked_for
        message_id = st.query_params.pop(MESSAGE, None)
        if asked_for and _ID.fullmatch(asked_for):
            if message_id and _ID.fullmatch(message_id):
                view.show_found(asked_for, message_id, words="")
            else:
                view.show_stored(asked_for)
        else:
            view.show_new()

    def _read_project(self, view: View) -> None:
        """List the conversations of the project that the browser has gone to; a click may not have heard of it yet."""
        if self._has_read and not _is_history_navigation():
            return
        self._has_read = True
        asked_for = st.query_params.get(PROJECT, "")
        project_id = asked_for if _ID.fullmatch(asked_for) else None
        if project_id != view.listing.project_id:
            view.listing.show_project(project_id)
            if view.conversation.id is None and not view.conversation.entries:
                view.show_new()

    def open_usage(self) -> None:
        """Let the browser show usage."""
        st.query_params[SCREEN] = USAGE

    def close_usage(self) -> None:
        """Let the browser show the conversation again."""
        self._behind_usage = None
        st.query_params.pop(SCREEN, None)

    def shows_usage(self, view: View) -> bool:
        """Return whether usage is asked for, and has not been left by choosing what to read."""
        if st.query_params.get(SCREEN) != USAGE:
            self._behind_usage = None
            return False
        self._behind_usage = self._behind_usage or view.conversation.name
        if self._behind_usage != view.conversation.name:
            self.close_usage()
            return False
        return True

    def _may_be_late(self) -> bool:
        return time.monotonic() - self._moved_at < _LATE_S and not _is_history_navigation()

    def push_url(self, view: View) -> None:
        """Make the browser's address that of the conversation on show.

        It is told of each move: where it says that it is there already, it may not have heard of the last one.
        """
        wanted, there = view.conversation_id, st.query_params.get(CONVERSATION)
        is_move = wanted != self._now
        if is_move:
            self._before, self._now, self._moved_at = self._now, wanted, time.monotonic()
        project_id, listed = view.listing.project_id, st.query_params.get(PROJECT)
        is_move = is_move or project_id != listed
        if (wanted is None and there is not None) or (project_id is None and listed is not None):
            kept = {name: told for name, told in st.query_params.items() if name not in {CONVERSATION, PROJECT}}
            st.query_params.from_dict({**kept, **_told(wanted, project_id)})
        elif is_move or there != wanted:
            st.query_params.update(_told(wanted, project_id))


def _told(conversation_id: str | None, project_id: str | None) -> dict[str, str]:
    told = {CONVERSATION: conversation_id, PROJECT: project_id}
    return {name: value for name, value in told.items() if value is not None}


def _is_history_navigation() -> bool:
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)
