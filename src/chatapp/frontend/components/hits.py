"""The way from one place that a search has found to the next."""

from contextlib import suppress
from functools import partial

import streamlit as st

from chatapp.errors import ChatappError
from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import list_actions, state

_SHOWN_CHARS = 40
_ISOLATED, _END = "\u2068", "\u2069"  # words of another direction do not turn what follows them around


def hits() -> None:
    """Draw the words that led to the conversation on show, and the buttons that go on from there."""
    landing = state.view().conversation.landing
    if landing is None or not landing.words:
        return
    words = landing.words if len(landing.words) <= _SHOWN_CHARS else f"{landing.words[:_SHOWN_CHARS]}…"
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xxsmall", key="hits"):
        place = None
        with suppress(ChatappError):
            place = state.view().conversation.place_of_hit(state.session_context())
        where = t(" · {place} of {count}", place=place.number, count=place.total) if place else ""
        st.caption((literal(words) if words.isascii() else f"{_ISOLATED}{literal(words)}{_END}") + where)
        _step(t("Earlier hit"), "keyboard_arrow_up", "hit-earlier", is_earlier=True)
        _step(t("Later hit"), "keyboard_arrow_down", "hit-later", is_earlier=False)
        flat_button(t("End the search"), "close", "hit-close", list_actions.end_search)


def _step(name: str, icon: str, key: str, *, is_earlier: bool) -> None:
    flat_button(
        name,
        icon,
        key,
        partial(list_actions.show_hit, is_earlier=is_earlier),
        is_off=is_earlier in state.view().conversation.last_hits,
    )
