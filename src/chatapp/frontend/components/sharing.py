"""Links under which others read a conversation: making one, and taking them back."""

from collections.abc import Iterable

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.conversations.moments import local_time, short_day
from chatapp.frontend.languages.elsewhere import sentence_elsewhere
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import own_backend, sharing_actions, state
from chatapp.protocol.share_resources import ShareInfo
from chatapp.protocol.wording import later

_DAYS = {1: later("A day"), 7: later("A week"), 30: later("30 days"), 90: later("90 days"), 365: later("A year")}
_USUAL = 30
_WHAT = later(
    "Whoever has the link reads the conversation as it is now, without signing in: no later messages, nothing else."
)

_UNDECIDED = later(
    "Several answers wait to be chosen from: the link shows the one of {model}. To share another, keep that one first."
)


def share_dialog() -> None:
    """Draw how a link to a conversation is made, and those that there are."""
    if (conversation_id := state.view().shared_id) is not None:
        st.dialog(t("Share"), icon=":material/link:", on_dismiss=sharing_actions.end_sharing)(_share)(conversation_id)


def _share(conversation_id: str) -> None:
    made = state.view().made_link
    st.markdown(literal(state.view().listing.title_of(conversation_id)))
    if made is not None:
        link, url = made
        with st.container(key="made-link"):
            st.code(url, language=None, wrap_lines=True)
        st.caption(t("Good until {day}. It is shown this once.", day=_day(link)))
    else:
        st.caption(t(_WHAT))
        if (model := state.view().undecided) is not None:
            st.warning(literal(t(_UNDECIDED, model=model)), icon=":material/alt_route:")
        days = list(_DAYS)
        st.selectbox(t("Good for"), days, days.index(_USUAL), format_func=lambda it: t(_DAYS[it]), key=state.SHARE_DAYS)
        st.button(
            t("Make a link"), type="primary", key="share-make", on_click=sharing_actions.share, args=(conversation_id,)
        )
    if view_error := state.view().sharing_error:
        st.error(literal(sentence_elsewhere(view_error, words())), icon=":material/error:")
    _links(share for share in _shares() if share.conversation_id == conversation_id)


def links_box() -> None:
    """Draw all links of this visitor, where there are any."""
    shares = _shares()
    if shares:
        st.markdown(f"**{t('Links that others read by')}**")
        _links(shares, names=True)


def _shares() -> tuple[ShareInfo, ...]:
    return own_backend.shares() or ()


def _links(shares: Iterable[ShareInfo], *, names: bool = False) -> None:
    for share in shares:
        with st.container(horizontal=True, vertical_alignment="center", key=f"share-{share.id}"):
            st.caption(literal(_named(share) if names else t("Until {day}", day=_day(share))))
            flat_button(t("Take back"), "link_off", f"revoke-{share.id}", sharing_actions.revoke, share.id)


def _named(share: ShareInfo) -> str:
    return t("{title}, until {day}", title=share.title or t("New conversation"), day=_day(share))


def _day(share: ShareInfo) -> str:
    return short_day(local_time(share.expires_at, state.timezone()).date().isoformat(), words())
