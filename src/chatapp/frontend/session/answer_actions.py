"""What a click does with an answer, beside asking once more."""

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.session import state
from chatapp.frontend.session.actions import error_shown, keep


def fork(entry: DisplayMessage) -> None:
    """Go on from a message in a conversation of its own."""
    view = state.view()
    if view.conversation.id is not None and entry.is_stored:
        with error_shown():
            begun = state.client().conversations.fork(view.conversation.id, entry.id)
            keep(view.show_stored(begun.id))
            view.listing.expire()


def summarise() -> None:
    """Have earlier messages summarised."""
    if isinstance(conversation := state.view().conversation, StoredConversation):
        conversation.summarise(state.session_context())


def change_summary(entry: DisplayMessage, text: str | None) -> None:
    """Have the summary beside an answer say something else; None takes it away."""
    conversation = state.view().conversation
    if isinstance(conversation, StoredConversation) and (text is None or text.strip()):
        with error_shown():
            conversation.change_summary(entry, text, state.session_context())
