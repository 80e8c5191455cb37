"""The line below the box to ask from: what goes along with the next question, and what that costs."""

from html import escape

import streamlit as st

from chatapp.client import messages_from
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import estimate_of
from chatapp.protocol.usage_line import gauge_parts
from chatapp.protocol.usage_resources import EstimateInfo


def gauge() -> EstimateInfo | None:
    """Draw it where something was said before, and return what it says; it keeps its place while an answer is made."""
    conversation = state.view().conversation
    if not conversation.entries:
        st.empty()  # a part of the page that is drawn alone finds only places that it has drawn in before
        return None
    estimate = None
    if conversation.live is None and (conversation.id or conversation.is_temporary):
        estimate = estimate_of(
            state.settings().backend_url,
            api_key=state.api_key(),
            conversation_id=None if conversation.is_temporary else conversation.id,
            messages=messages_from(conversation.messages) if conversation.is_temporary else None,
            attachments=[file.reference for file in conversation.waiting_files],
            options=conversation.chat_options,
            last=conversation.entries[-1].id + "".join(filter(None, (entry.summary for entry in conversation.entries))),
        )
    st.html(f'<p class="gauge">{_shown(estimate) if estimate else "&nbsp;"}</p>')
    return estimate


def _shown(estimate: EstimateInfo) -> str:
    meter = ""
    if estimate.share is not None:
        meter = f'<i class="track"><i style="width:{min(estimate.share, 1) * 100:.1f}%"></i></i>'
    title, language = t("What goes along with the next question"), words()
    parts = escape(" · ".join(map(language.isolated, gauge_parts(estimate, language))))
    return f'{meter}<span title="{escape(title)}">{parts}</span>'
