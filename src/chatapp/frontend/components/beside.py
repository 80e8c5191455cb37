"""Other models that are asked the same question, and their answers beside each other while they are made."""

import streamlit as st

from chatapp.frontend.components.transcript import live_words
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import answer_actions, state
from chatapp.protocol.question import MOST_BESIDE
from chatapp.protocol.resources import ModelsInfo
from chatapp.protocol.wording import later

_HELP = later("The same question goes to these too. Their answers stand beside each other, and you keep one.")


def beside_menu(told: ModelsInfo, model: str) -> None:
    """Draw a field for the models that are asked beside `model`."""
    names = [name for name in (*(route.name for route in told.routes), *told.models) if name != model]
    conversation = state.view().conversation
    if not names or conversation.is_temporary:
        return
    chosen = [name for name in conversation.beside_models if name in names]
    state.show(state.BESIDE, chosen)
    st.multiselect(
        t("Ask beside it"),
        list(dict.fromkeys(names)),
        key=state.BESIDE,
        max_selections=MOST_BESIDE - 1,
        placeholder=t("Other models"),
        help=t(_HELP),
        on_change=answer_actions.choose_beside,
    )


def live_beside(answers: tuple[LiveAnswer, ...]) -> None:
    """Draw answers that are being made beside each other."""
    with st.container(key="beside-live", horizontal=True):
        for answer in answers:
            with st.container(key=f"live-{answer.name}", width="stretch"):
                st.caption(literal(answer.model or "…"))
                live_words(answer)
