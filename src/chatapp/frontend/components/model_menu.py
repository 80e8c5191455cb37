"""How the conversation on show is answered: by which model, and with which instructions."""

from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from chatapp.frontend.components.beside import beside_menu
from chatapp.frontend.components.compaction import summarise_button
from chatapp.frontend.components.model_list import model_list
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, own_backend, state
from chatapp.protocol.question import EFFORTS
from chatapp.protocol.resources import ModelsInfo
from chatapp.protocol.wording import later

MOST_OFFERS = 3

_MOST_TOKENS = 10_000_000
_NONE, _NOT_CHOSEN = later("No model answers"), later("Choose a model")
_TEMPERATURE = later("0 is the most predictable, 2 the most varied. Empty: as the model does by itself.")
_INSTRUCTIONS = later(
    "How this conversation is answered: the system prompt of the questions that are asked from now on."
)


def temporary_mark() -> None:
    """Draw that nothing of what is said is kept, once the words that say so have gone up with the first question."""
    conversation = state.view().conversation
    if conversation.is_temporary and conversation.entries:
        st.html(f'<span class="temporary-mark">{escape(t("Temporary chat"))}</span>')


def model_menu() -> None:
    """Draw the model that answers; behind it the others that can be asked, and a field for instructions."""
    conversation, model = state.view().conversation, own_backend.answering_model()
    chat_options = conversation.chat_options
    if model is None:
        return
    listing = own_backend.models() if own_backend.readiness().is_answering else None
    icon = ":material/edit_note:" if chat_options.system else None
    others = len(conversation.others(model))
    name = f"{model} +{others}" if others else model or t(_NOT_CHOSEN if listing and listing.models else _NONE)
    with st.popover(literal(name), icon=icon, type="tertiary", key="chat-options"):
        if listing is not None and (len(listing.connections) > 1 or listing.routes):
            model_list(listing, listing.listed_as(model))
        elif listing is not None and len(listing.models) > 1:
            _select(list(listing.models), listing.listed_as(model))
        if listing is not None:
            beside_menu(listing, model)
        _instructions(chat_options.system or "")
        _sampling(chat_options.sampling or {})
        summarise_button()


def _select(names: list[str], model: str) -> None:
    field = f"own-model-{state.view().conversation.name}-{model}"  # see `beside_menu`
    state.show(field, model)
    names = names if model in names else [model, *names]
    st.selectbox(t("Model"), names, key=field, on_change=actions.choose_selected_model, args=(field,))


def model_gone() -> None:
    """Say that the model of the conversation is gone, if it is, and offer others."""
    model = state.view().conversation.chat_options.model
    listing = own_backend.models() if model and own_backend.readiness().is_answering else None
    if listing is not None and model and listing.is_gone(model):
        _offer_others(listing, model)


def _offer_others(listing: ModelsInfo, model: str) -> None:
    with st.container(key="model-gone", gap="small"):
        st.warning(
            t("{model} is no longer among the models. Which is to answer?", model=literal(model)),
            icon=":material/error:",
        )
        with st.container(horizontal=True, gap="small"):
            for name in listing.models[:MOST_OFFERS]:
                st.button(literal(name), key=f"offer-{name}", on_click=actions.choose_model, args=(name,))


def _sampling(sampling: Mapping[str, Any]) -> None:
    """Draw how the model chooses its words in this conversation; what is empty is the model's own."""
    name = state.view().conversation.name
    temperature, most, effort = (f"{what}-{name}" for what in ("temperature", "max-tokens", "effort"))
    for field, parameter in ((temperature, "temperature"), (most, "max_tokens"), (effort, "reasoning_effort")):
        state.show(field, sampling.get(parameter))
    change = partial(actions.set_sampling, temperature, most, effort)
    own = t("Default")
    with st.container(horizontal=True, gap="small", key="sampling"):
        st.number_input(
            t("Temperature"),
            0.0,
            2.0,
            None,
            0.1,
            key=temperature,
            help=t(_TEMPERATURE),
            placeholder=own,
            on_change=change,
        )
        st.number_input(
            t("Most tokens"),
            1,
            _MOST_TOKENS,
            None,
            key=most,
            help=t("Longest answer."),
            placeholder=own,
            on_change=change,
        )
        st.selectbox(
            t("Effort"),
            EFFORTS,
            None,
            key=effort,
            help=t("How much a model that thinks is to think."),
            placeholder=own,
            on_change=change,
        )


def _instructions(system: str) -> None:
    field = f"instructions-{state.view().conversation.name}"
    state.show(field, system)
    st.text_area(
        t("Instructions"),
        key=field,
        placeholder=t("For instance: answer in French, in one short paragraph."),
        help=t(_INSTRUCTIONS),
        on_change=actions.instruct,
        args=(field,),
    )
