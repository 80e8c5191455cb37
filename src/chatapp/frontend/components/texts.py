"""The words of a message, drawn as Markdown or as they are; what is too large is never drawn first."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatapp.frontend.markdown.cost import beginning, is_drawable
from chatapp.frontend.markdown.rendering import display
from chatapp.frontend.session import actions, state


def draw_markdown(place: DeltaGenerator, text: str, *, key: str) -> None:
    """Draw `text` in `place`: as Markdown, or with a button for that where it would stop the page."""
    if is_drawable(text) or key in state.view().drawn:
        place.markdown(display(text), anchors=False)
    else:
        with place.container():
            st.text(beginning(text))
            _offer(f"This is very long ({_size(text)}), so it is not formatted.", "Format it", key)


def draw_text(text: str, *, key: str) -> None:
    """Draw `text` as it is; where it is very long, its beginning and a button for the rest."""
    shown = text if key in state.view().drawn else beginning(text)
    st.text(shown)
    if shown != text:
        _offer(f"This is very long ({_size(text)}); it goes on.", "Show all", key)


def _offer(why: str, what: str, key: str) -> None:
    st.caption(why)
    st.button(what, key=f"draw-{key}", on_click=actions.draw, args=(key,))


def _size(text: str) -> str:
    return f"{len(text):,} characters"
