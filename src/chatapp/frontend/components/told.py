"""What the browser is told beside what it shows: the prompts that `/` offers, and what it is to remember."""

import json
from html import escape

import streamlit as st

from chatapp.config.prompts import prompts_folder, saved_prompts
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.session import state
from chatapp.frontend.session.wishes import wishes_cookie
from chatapp.protocol.wording import later

_TTL_S = 5.0
_NO_PROMPTS = later("No prompts yet. Save them as Markdown files in {folder}")


def tell(unasked: str) -> None:
    """Tell all of it, as one element: `unasked` is a question that is not known to have reached the backend.

    See `assets/unasked.js`.
    """
    st.html(f'{_wishes()}{_offered()}<i class="unasked" data-text="{escape(unasked)}"></i>')


def remember_wishes() -> None:
    """Have the browser remember how its reader wants the page, where nothing else is told."""
    st.html(_wishes())


def _wishes() -> str:
    """Return what `assets/sidebar.js` remembers; `assets/language.js` reads there which language the page is in."""
    name, text = wishes_cookie(state.settings()), state.wishes()
    language = words()
    said = f'data-language="{language.code}" data-direction="{language.direction}"'
    return f'<i class="wishes" data-name="{escape(name)}" data-text="{escape(text)}" {said}></i>'


def _offered() -> str:
    """Return which prompts there are; `assets/composer.js` offers them."""
    none = "" if state.settings().api_keys else t(_NO_PROMPTS, folder=prompts_folder())
    return f'<i class="prompts" data-prompts="{escape(_prompts())}" data-none="{escape(none)}"></i>'


def forget_prompts() -> None:
    """Look anew which prompts there are: one was changed."""
    _prompts.clear()


@st.cache_data(ttl=_TTL_S, show_spinner=False)
def _prompts() -> str:
    return json.dumps([{"name": it.name, "about": it.about, "text": it.filled({})} for it in saved_prompts()])
