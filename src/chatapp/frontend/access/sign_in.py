"""The door: where keys are required, a visitor signs in before anything else is shown."""

import logging
from html import escape

import streamlit as st
from streamlit.errors import StreamlitAuthError

from chatapp.frontend.access import accounts
from chatapp.frontend.access.cookie import has_stale_cookie, kept_sign_in
from chatapp.frontend.languages.words import said, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import state
from chatapp.frontend.session.admitted import admit
from chatapp.frontend.session.backend import READY_TIMEOUT_S, ask_readiness, readiness_of
from chatapp.frontend.session.kept_sign_ins import kept_sign_ins
from chatapp.protocol.wording import later

logger = logging.getLogger(__name__)

_PRIVATE = later("This chat is private. Type the key that its owner gave you.")
_UNKNOWN = later("{person} has no key here that the backend knows.")


def is_let_in() -> bool:
    """Return whether to show the page. An account brings its key along, and so does a sign-in that was kept."""
    if state.is_signed_out_elsewhere():
        state.sign_out()
    if state.needs_sign_in():
        _come_back()
    admit(state.transcript(), is_let_in=not state.needs_sign_in())
    return not state.needs_sign_in()


def _come_back() -> None:
    kept = kept_sign_in(state.settings())
    if (key := accounts.key(state.settings())) and _is_admitted(key):
        state.sign_in(key)
    elif kept is not None and _is_admitted(kept.key):
        state.sign_in(kept.key, kept)


def keep_signed_in() -> None:
    """Draw what makes the browser of somebody who has just signed in fetch its cookie."""
    if ticket := state.ticket():
        st.html(_mark(ticket))


def _mark(ticket: str) -> str:
    """Return what `assets/signing.js` looks for; without a ticket it drops the cookie."""
    return f'<i class="signing" id="signing-{escape(ticket[:8])}" data-ticket="{escape(ticket)}"></i>'


def sign_in() -> None:
    """Draw the ways to sign in, and let the visitor in when the backend knows their key."""
    with st.container(key="sign-in"):
        st.markdown(f"## {t('Sign in to chatapp')}", anchors=False)
        if has_stale_cookie(state.settings()):
            st.html(_mark(""))
        if accounts.is_signed_in():
            _unknown_account()
        else:
            ways = accounts.ways()
            _ask_for_account(ways)
            _ask_for_key(t("Or type the key that its owner gave you.") if ways else t(_PRIVATE))


def _unknown_account() -> None:
    who = accounts.email()
    if who is None:
        st.error(t("Your account has no verified e-mail address."), icon=":material/person_off:")
    else:
        hint = t("Ask the owner of this chat for a key with that name.")
        st.error(literal(f"{t(_UNKNOWN, person=who)} {hint}"), icon=":material/person_off:")
    st.button(t("Sign in as somebody else"), key="sign-out", width="stretch", on_click=st.logout)


def _ask_for_account(ways: list[accounts.LoginProvider]) -> None:
    for provider, name in ways:
        key = f"sign-in-with-{provider or 'account'}"
        if st.button(t("Sign in with {provider}", provider=t(name)), key=key, type="primary", width="stretch"):
            try:
                st.login(provider)
            except StreamlitAuthError as error:
                logger.error("Nobody can sign in with %s. %s", name, " ".join(str(error).split()))
                st.error(
                    t("This way to sign in is not set up well. The page's log says more."), icon=":material/error:"
                )


def _ask_for_key(request: str) -> None:
    st.caption(request)
    with st.form("sign-in-form", border=False):
        key = st.text_input(t("API key"), type="password", autocomplete="current-password")
        is_kept = st.checkbox(t("Stay signed in on this device"), value=True, key="stay-signed-in")
        is_sent = st.form_submit_button(t("Sign in"), type="primary", width="stretch")
    if is_sent:
        _try(key.strip(), is_kept=is_kept)


def _is_admitted(key: str) -> bool:
    readiness = readiness_of(state.settings().backend_url, api_key=key, patience_s=2 * READY_TIMEOUT_S)
    return readiness.is_admitted


def _begin(key: str, *, is_kept: bool) -> None:
    """Let somebody in, and end what the browser has kept of whoever was there before."""
    before = kept_sign_in(state.settings())
    if before is not None and before.key != key:
        before.is_over = True
    if is_kept:
        ticket, kept = kept_sign_ins().begin(key)
        state.sign_in(key, kept, ticket=ticket)
    else:
        state.sign_in(key)


def _try(key: str, *, is_kept: bool) -> None:
    is_possible = key.isascii() and key.isprintable() and key
    readiness = ask_readiness(state.settings().backend_url, api_key=key) if is_possible else None
    if readiness is None or not readiness.is_known_key:
        st.error(t("The backend does not know this key. Check it for missing characters."), icon=":material/key_off:")
    elif readiness.is_admitted:
        _begin(key, is_kept=is_kept)
        st.rerun()
    else:
        sentence = said(readiness.sentence) or t("What answers at BACKEND_URL is no chatapp backend.")
        st.error(literal(f"{sentence} {said(readiness.hint)}".strip()), icon=":material/cloud_off:")
