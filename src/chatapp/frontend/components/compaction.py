"""The offer to summarise earlier messages, where the next question finds little room."""

import streamlit as st

from chatapp.frontend.languages.words import t
from chatapp.frontend.session import answer_actions, state
from chatapp.protocol.usage_resources import EstimateInfo

NEAR = 0.75
"""From this share of the window on it is near."""

_FEWEST_QUESTIONS = 2
_TICK_S = 0.2


def compaction(told: EstimateInfo | None) -> None:
    """Draw the offer where the window is near or over; `told` is what goes along with the next question."""
    conversation = state.view().conversation
    is_going = conversation.summarising is not None
    why = t("Summarising earlier messages …") if is_going else _why(told) if told and conversation.id else None
    if why is None or sum(1 for entry in conversation.entries if not entry.is_answer) < _FEWEST_QUESTIONS:
        return
    with st.container(key="compaction", horizontal=True, gap="small"):
        st.caption(why)
        st.button(
            t("Summarise them"),
            icon=":material/compress:",
            key="summarise",
            type="tertiary",
            disabled=is_going,
            on_click=answer_actions.summarise,
        )


def wait_for_summary() -> None:
    """Wait for the end of a summary that is being made. Any click ends the waiting, not the summary."""
    summarising = state.view().conversation.summarising
    while summarising is not None and summarising.is_going:
        summarising.wait(_TICK_S)


def _why(told: EstimateInfo) -> str | None:
    if told.left_out:
        return t(
            "{count} earlier message finds no room any more.",
            plural="{count} earlier messages find no room any more.",
            count=told.left_out,
        )
    if told.share is not None and told.share >= NEAR:
        return t("Earlier messages take most of what the model can read.")
    return None
