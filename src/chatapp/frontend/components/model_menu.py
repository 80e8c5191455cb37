"""How the conversation on show is answered: by which model, and with which instructions."""

import streamlit as st

from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.frontend.session.backend import models_of, readiness_of

_HINT = "For instance: answer in French, in one short paragraph."


def model_menu() -> None:
    """Draw the model that answers; behind it the others that can be asked, and a field for instructions."""
    url, api_key = state.settings().backend_url, state.api_key()
    readiness = readiness_of(url, api_key=api_key)
    chat_options = state.view().conversation.chat_options
    model = chat_options.model or readiness.model
    if model is None:
        return
    icon = ":material/edit_note:" if chat_options.system else None
    with st.popover(literal(model), icon=icon, type="tertiary", key="chat-options"):
        names = models_of(url, api_key=api_key) if readiness.is_ready else []
        if len(names) > 1:
            _model_list(names, model)
        _instructions(chat_options.system or "")


def _model_list(names: list[str], model: str) -> None:
    state.show(state.MODEL, model)
    names = names if model in names else [model, *names]
    st.selectbox("Model", names, key=state.MODEL, on_change=actions.choose_model)


def _instructions(system: str) -> None:
    field = f"instructions-{state.view().conversation.name}"
    state.show(field, system)
    st.text_area(
        "Instructions",
        key=field,
        placeholder=_HINT,
        help="How this conversation is answered: the system prompt of the questions that are asked from now on.",
        on_change=actions.instruct,
        args=(field,),
    )
