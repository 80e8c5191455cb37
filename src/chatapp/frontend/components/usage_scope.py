"""Whose calls the usage page tells of: those of one's own key, or of all."""

import streamlit as st

from chatapp.frontend.access.owner import may_see_all
from chatapp.frontend.languages.words import t
from chatapp.frontend.session import state


def everybody() -> None:
    """Offer to tell of all, to whoever may see that."""
    if may_see_all(state.settings(), state.api_key()):
        st.toggle(t("All keys"), key=state.EVERYBODY, help=t("What every key has used, for the keys of ADMIN_KEYS."))
