"""What a click does with an answer, beside asking once more."""

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.session import state
from chatapp.frontend.session.actions import error_shown


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
