"""The offer to summarise earlier messages: seen where the next question finds little room, else in menu and palette."""

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.conversations.summarised import SummarisedConversation
from chatapp.frontend.languages.words import t
from chatapp.frontend.session import answer_actions, state
from chatapp.protocol.usage_resources import EstimateInfo
from chatapp.protocol.wording import later

NEAR = 0.75
"""From this share of the window on it is near."""

_FEWEST_QUESTIONS = 2
_TICK_S = 0.05
_MADE = later("Summarised: the summary goes along in place of those messages.")


def compaction(estimate: EstimateInfo | None) -> None:
    """Draw the offer, to be seen where the window is near or over, by the `estimate` of the next question.

    Elsewhere `assets/keys.js` offers it, and clicks the button that is not seen.
    """
    conversation = state.view().conversation
    if isinstance(conversation, SummarisedConversation) and conversation.has_new_summary:
        conversation.has_new_summary = False
        st.toast(t(_MADE), icon=":material/compress:")
    is_going = conversation.summarising is not None
    why = t("Summarising earlier messages …") if is_going else _why(estimate) if estimate else None
    if not _is_worth_it(conversation):
        return
    if why is None:
        _button(t("Summarise them"), "summarise", is_going=is_going)
        return
    with st.container(key="compaction", horizontal=True, gap="small"):
        st.caption(why)
        _button(t("Summarise them"), "summarise", is_going=is_going)


def summarise_button() -> None:
    """Draw what summarises earlier messages at any time, where there are enough of them."""
    conversation = state.view().conversation
    if _is_worth_it(conversation):
        _button(t("Summarise earlier messages"), "summarise-now", is_going=conversation.summarising is not None)


def _button(name: str, key: str, *, is_going: bool) -> None:
    flat_button(name, "compress", key, answer_actions.summarise, is_off=is_going)


def _is_worth_it(conversation: OpenConversation) -> bool:
    questions = sum(not entry.is_answer for entry in conversation.entries)
    return conversation.id is not None and questions >= _FEWEST_QUESTIONS


def wait_for_summary() -> None:
    """Wait for the end of a summary that is being made. Any click ends the waiting, not the summary."""
    while (summarising := state.view().conversation.summarising) is not None and summarising.is_going:
        summarising.wait(_TICK_S)  # in between a click ends this run, where it looks into Streamlit's session


def _why(estimate: EstimateInfo) -> str | None:
    if estimate.left_out:
        return t(
            "{count} earlier message finds no room any more, as some is kept for the answer.",
            plural="{count} earlier messages find no room any more, as some is kept for the answer.",
            count=estimate.left_out,
        )
    if estimate.share is not None and estimate.share >= NEAR:
        return t("Earlier messages take most of what the model can read.")
    return None
