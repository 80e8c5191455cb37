"""What a click does. Streamlit calls these before it draws the page anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatapp.errors import ChatappError
from chatapp.frontend.conversations.conversation import ChatOptions
from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.session import state
from chatapp.frontend.session.view import OpenRow


def ask() -> None:
    """Ask what is in the box."""
    ask_this(state.value_of(state.PROMPT))


def ask_this(prompt: str) -> None:
    """Ask `prompt`."""
    state.adopt_messages()
    if prompt.strip():
        state.view().ask(prompt, state.asking())


def ask_again() -> None:
    """Ask the last question again."""
    state.view().ask_again(state.asking())


def ask_again_whole() -> None:
    """Ask the last question again, for an answer in one piece."""
    state.ask_whole()
    ask_again()


def ask_temporarily() -> None:
    """Ask the last question again, where nothing is stored."""
    state.view().ask_temporarily(state.asking())


def choose_model() -> None:
    """Ask the chosen model from now on."""
    _adopt(state.view().conversation.chat_options._replace(model=state.value_of(state.MODEL) or None))


def instruct(field: str) -> None:
    """Have questions answered from now on as `field` says."""
    _adopt(state.view().conversation.chat_options._replace(system=state.value_of(field).strip() or None))


def stop() -> None:
    """Stop the answer that is being made."""
    state.view().conversation.stop()


def draw(key: str) -> None:
    """Draw a text that is so large that it is only drawn when somebody wants it."""
    state.view().drawn.add(key)


def show_earlier() -> None:
    """Show a page of messages more."""
    with _trouble_shown():
        state.view().conversation.show_earlier(state.asking())


def show_later() -> None:
    """Show a page of later messages."""
    state.view().conversation.show_later()


def regenerate(entry: DisplayMessage) -> None:
    """Get another answer beside `entry`."""
    conversation = state.view().conversation
    if isinstance(conversation, StoredConversation):
        conversation.regenerate(entry, state.asking())
    else:
        conversation.ask_again(state.asking())


def show_branch(message_id: str) -> None:
    """Show the branch that goes through a message."""
    conversation = state.view().conversation
    if isinstance(conversation, StoredConversation):
        with _trouble_shown():
            conversation.show_branch(message_id, state.asking())


def begin_edit(entry: DisplayMessage) -> None:
    """Write a question anew."""
    state.view().editing = entry.id


def end_edit() -> None:
    """Leave the question as it is."""
    state.view().editing = None


def send_edit(entry: DisplayMessage, field: str) -> None:
    """Ask what was written in place of the question `entry`."""
    if (prompt := state.value_of(field)).strip():
        state.view().edit(entry, prompt, state.asking())


def new_chat(*, is_temporary: bool = False) -> None:
    """Begin an empty conversation."""
    _keep(state.view().show_new(is_temporary=is_temporary))


def open_conversation(conversation_id: str) -> None:
    """Show a conversation of the list."""
    _keep(state.view().show_stored(conversation_id))


def show_more() -> None:
    """Show a page of conversations more."""
    state.view().listing.show_more()


def choose(conversation_id: str, menu: str, is_pinned: bool) -> None:
    """Do what was chosen in a row's menu."""
    client = state.client()
    handlers: dict[str, Callable[[], object]] = {
        "Rename": lambda: _open_row(OpenRow(conversation_id, "rename")),
        "Export": lambda: _open_row(OpenRow(conversation_id, "export")),
        "Pin": lambda: client.conversations.change(conversation_id, pinned=not is_pinned),
        "Unpin": lambda: client.conversations.change(conversation_id, pinned=not is_pinned),
        "Delete": lambda: state.view().delete(conversation_id, state.asking()),
    }
    with _trouble_shown():
        handlers[state.value_of(menu)]()
    state.view().listing.expire()


def rename(conversation_id: str, field: str) -> None:
    """Return a conversation the name in `field`."""
    state.view().open_row = None
    if title := state.value_of(field).strip():
        with _trouble_shown():
            state.client().conversations.change(conversation_id, title=title)
        state.view().listing.expire()


def close_row() -> None:
    """Let the open row of the list be a plain one again."""
    state.view().open_row = None


def restore() -> None:
    """Take back what was thrown away last."""
    with _trouble_shown():
        state.view().restore(state.asking())


def _adopt(chat_options: ChatOptions) -> None:
    with _trouble_shown():
        state.view().conversation.adopt(chat_options, state.asking())


def _open_row(row: OpenRow) -> None:
    state.view().open_row = row


def _keep(prompt: str | None) -> None:
    if prompt:
        state.give_back(prompt)


@contextmanager
def _trouble_shown() -> Iterator[None]:
    """Let the page say what went wrong instead of what was clicked."""
    try:
        yield
    except ChatappError as error:
        state.view().trouble = error
