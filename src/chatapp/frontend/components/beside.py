"""Other models that are asked the same question, and their answers beside each other while they are made."""

import streamlit as st

from chatapp.frontend.components.transcript import live_words
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import answer_actions, state
from chatapp.frontend.session.own_backend import answering_model
from chatapp.protocol.question import MOST_BESIDE
from chatapp.protocol.resources import ModelsInfo
from chatapp.protocol.wording import later

_HELP = later("The same question goes to these too. Their answers stand beside each other, and you keep one.")


def beside_menu(listing: ModelsInfo, model: str) -> None:
    """Draw a field for the models that are asked beside `model`."""
    names = [name for name in (*(route.name for route in listing.routes), *listing.models) if name != model]
    conversation = state.view().conversation
    if not names:
        return
    # A browser goes on telling what a field held that it does not show, as in a closed menu: a new one for new choices.
    field = f"beside-{conversation.name}-{model}-{conversation.choices}"
    state.show(field, [name for name in conversation.others(model) if name in names])
    st.multiselect(
        t("Ask beside it"),
        list(dict.fromkeys(names)),
        key=field,
        max_selections=MOST_BESIDE - 1,
        placeholder=t("Other models"),
        help=t(_HELP),
        on_change=answer_actions.choose_beside,
        args=(field,),
        select_all=False,  # more than may be chosen
    )


def live_beside(answers: tuple[LiveAnswer, ...]) -> None:
    """Draw answers that are being made beside each other, the first that of the conversation's own model."""
    with st.container(key="beside-live", horizontal=True):
        for answer in answers:
            with st.container(key=f"live-{answer.name}", width="stretch"):
                st.caption(literal(answer.model or answering_model() or "…"))
                live_words(answer)
