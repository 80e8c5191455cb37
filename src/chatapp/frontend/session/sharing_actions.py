"""What a click does where links to conversations are made and taken back."""

from urllib.parse import urlsplit

import streamlit as st

from chatapp.errors import ChatappError
from chatapp.frontend.conversations.beside import made_together
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import shares_of


def offer_sharing(conversation_id: str) -> None:
    """Show how a link to a conversation is made."""
    view = state.view()
    view.dialog, view.shared_id, view.made_link, view.sharing_error = "share", conversation_id, None, None
    view.undecided = _undecided(conversation_id)


def _undecided(conversation_id: str) -> str | None:
    """Return the model whose answer a link shows where several wait to be chosen from; None where none do."""
    conversation = state.view().conversation
    if conversation.id == conversation_id:
        return conversation.beside[0].model if conversation.beside else None
    client = state.client()
    try:
        last = client.conversations.messages(conversation_id, limit=1).items
        together = made_together(client, conversation_id, last)
    except ChatappError:
        return None
    return together[0].model if together and together[0].id == last[0].id else None


def share(conversation_id: str) -> None:
    """Make a link, for as long as the field says."""
    try:
        made = state.client().conversations.share(conversation_id, days=int(state.choice_of(state.SHARE_DAYS)))
    except ChatappError as error:
        state.view().sharing_error = error
    else:
        state.view().made_link = (made, f"{address_of_page(st.context.url)}{made.path}")
        shares_of.clear()


def revoke(share_id: str) -> None:
    """Take a link back."""
    try:
        state.client().conversations.revoke_share(share_id)
    except ChatappError as error:
        state.view().sharing_error = error
    shares_of.clear()


def end_sharing() -> None:
    """Take the dialog away, and forget the address in it."""
    view = state.view()
    view.dialog = view.shared_id = view.made_link = view.sharing_error = view.undecided = None


def address_of_page(told: str | None) -> str:
    """Return where this page is, by the browser's own word for it; that may be below a path of a proxy."""
    parts = urlsplit(told or "")
    if not parts.netloc:
        return state.settings().backend_url.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
