"""What the browser is told beside what it shows: the prompts that `/` offers, and what it is to remember."""

import json
from html import escape

import streamlit as st

from chatapp.config.prompts import prompts_folder, saved_prompts
from chatapp.frontend.session import state
from chatapp.frontend.session.wishes import wishes_cookie

_TTL_S = 5.0


def remember_wishes() -> None:
    """Have the browser remember how its reader wants the page; `assets/sidebar.js` does it."""
    name, text = wishes_cookie(state.settings()), state.wishes()
    st.html(f'<i class="wishes" data-name="{escape(name)}" data-text="{escape(text)}"></i>')


def offer_prompts() -> None:
    """Tell the browser which prompts there are; `assets/composer.js` offers them."""
    none = "" if state.settings().api_keys else f"No prompts yet. Save them as Markdown files in {prompts_folder()}"
    st.html(f'<i class="prompts" data-prompts="{escape(_prompts())}" data-none="{escape(none)}"></i>')


@st.cache_data(ttl=_TTL_S, show_spinner=False)
def _prompts() -> str:
    return json.dumps([{"name": it.name, "about": it.about, "text": it.filled({})} for it in saved_prompts()])
