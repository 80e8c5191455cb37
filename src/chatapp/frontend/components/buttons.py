"""Buttons without a frame, as most of the page are."""

from collections.abc import Callable

import streamlit as st


def flat_button(
    name: str,
    icon: str | None,
    key: str,
    on_click: Callable[..., None],
    *args: object,
    is_off: bool = False,
    is_wide: bool = False,
    tip: str | None = None,
) -> None:
    """Draw a button that calls `on_click` with `args`; `icon` is one of Material's, `tip` told to who points at it."""
    st.button(
        name,
        icon=icon and f":material/{icon}:",
        key=key,
        type="tertiary",
        width="stretch" if is_wide else "content",
        disabled=is_off,
        help=tip,
        on_click=on_click,
        args=args,
    )
