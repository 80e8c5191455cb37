"""What a click does with an answer, beside asking once more."""

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.languages.language import DEFAULT
from chatapp.frontend.languages.words import words
from chatapp.frontend.session import state
from chatapp.frontend.session.actions import error_shown, keep
from chatapp.protocol.wording import later

_MOST_TITLE_CHARS = 200


def fork(entry: DisplayMessage) -> None:
    """Go on from a message in a conversation of its own."""
    view = state.view()
    if view.conversation.id is not None and entry.is_stored:
        with error_shown():
            begun = state.client().conversations.fork(view.conversation.id, entry.id)
            _name(begun.id, view.conversation.title)
            keep(view.show_stored(begun.id))
            view.listing.expire()


def _name(fork_id: str, title: str | None) -> None:
    """Name a fork after the conversation that it was made of; the backend does so in English."""
    if title and words().code != DEFAULT:
        named = words().found(later("Fork of {title}")).replace("{title}", title)
        state.client().conversations.change(fork_id, title=named[:_MOST_TITLE_CHARS])


def keep_answer(message_id: str) -> None:
    """Go on behind one of the answers that stand beside each other, with the model that gave it."""
    conversation = state.view().conversation
    kept = next((entry for entry in conversation.beside if entry.id == message_id), None)
    if kept is None or conversation.live is not None:
        return
    options, is_other = conversation.chat_options, kept is not conversation.beside[0]
    with error_shown():
        conversation.keep(kept, state.session_context())
        conversation.beside, conversation.beside_models = (), ()
        conversation.choices += 1
        if kept.model and is_other:
            conversation.apply(options._replace(model=kept.model), state.session_context())


def choose_beside(field: str) -> None:
    """Ask the models that were chosen beside the conversation's own from now on."""
    state.view().conversation.beside_models = tuple(state.choice_of(field) or ())


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
