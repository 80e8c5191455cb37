"""What a click does. Streamlit calls these before it draws the page anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatapp.client.chat import ChatOptions
from chatapp.errors import ChatappError
from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.session import state
from chatapp.frontend.session.backend import takes_no_images
from chatapp.frontend.session.view import Dialog
from chatapp.protocol.chosen_pages import division_of, pages_among


def send_typed() -> None:
    """Ask what is in the box.

    Files without words, beside one that cannot be read, or of a kind that the model does not take, wait for the next
    question.
    """
    prompt, files = state.typed()
    for file in files:
        if not _attach(file):
            keep(prompt)
            return
    if prompt.strip() and _is_to_be_warned():
        keep(prompt)
        return
    send(prompt)


def send(prompt: str) -> None:
    """Ask `prompt`."""
    state.accept_messages()
    if prompt.strip():
        state.view().listing.undo = None  # its reader has gone on
        state.view().send(prompt, state.session_context())


def go_on(prompt: str) -> None:
    """Ask `prompt` for the rest of an answer that was cut off; a second click at once asks for nothing more."""
    if state.view().conversation.is_cut_off:
        send(prompt)


def ask_again() -> None:
    """Ask the last question again."""
    state.view().ask_again(state.session_context())


def ask_again_whole() -> None:
    """Ask the last question again, for an answer in one piece."""
    state.ask_whole()
    ask_again()


def ask_temporarily() -> None:
    """Ask the last question again, where nothing is stored."""
    state.view().ask_temporarily(state.session_context())


def choose_selected_model(field: str) -> None:
    """Ask the model that `field` holds from now on."""
    choose_model(state.value_of(field))


def choose_model(name: str) -> None:
    """Ask the model `name` from now on."""
    state.wish_for_model(name or None)
    _apply(_chat_options()._replace(model=name or None))


def instruct(field: str) -> None:
    """Have questions answered from now on as `field` says."""
    _apply(_chat_options()._replace(system=state.value_of(field).strip() or None))


def instruct_new() -> None:
    """Have new conversations answered as the settings say."""
    state.view().instruct_new(state.value_of(state.INSTRUCTIONS).strip() or None)


def set_sampling(temperature: str, max_tokens: str, effort: str) -> None:
    """Have the model choose its words as these fields say from now on."""
    wanted = {
        "temperature": state.choice_of(temperature),
        "max_tokens": state.choice_of(max_tokens),
        "reasoning_effort": state.choice_of(effort),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    _apply(_chat_options()._replace(sampling=given or None))


def stop() -> None:
    """Stop the answer that is being made."""
    state.view().conversation.stop()


def draw(message_id: str) -> None:
    """Draw a message that is so large that it is only drawn when somebody wants it."""
    state.view().drawn.add(message_id)


def load_earlier() -> None:
    """Load messages before the first one."""
    conversation = state.view().conversation
    if isinstance(conversation, StoredConversation):
        with error_shown():
            conversation.load_earlier(state.session_context())


def regenerate(entry: DisplayMessage) -> None:
    """Get another answer beside `entry`."""
    conversation = state.view().conversation
    if isinstance(conversation, StoredConversation):
        conversation.regenerate(entry, state.session_context())
    else:
        conversation.ask_again(state.session_context())


def show_branch(message_id: str) -> None:
    """Show the branch that goes through a message."""
    conversation = state.view().conversation
    if isinstance(conversation, StoredConversation):
        with error_shown():
            conversation.show_branch(message_id, state.session_context())


def edit(entry: DisplayMessage, prompt: str) -> None:
    """Ask `prompt` in place of the question `entry`."""
    if prompt.strip():
        state.view().edit(entry, prompt, state.session_context())


def new_chat(*, is_temporary: bool = False) -> None:
    """Begin an empty conversation, with the whole list beside it, in which it will stand."""
    state.show(state.SEARCH, "")
    if state.view().listing.is_archive:
        state.view().listing.show_archive(is_archive=False)
    keep(state.view().show_new(is_temporary=is_temporary))


def sign_out() -> None:
    """Forget who was here."""
    state.sign_out()


def open_dialog(dialog: Dialog) -> None:
    """Lay a dialog over the page."""
    state.view().dialog = dialog


def open_models() -> None:
    """Lay the settings over the page, where they are about models."""
    open_dialog("models")


def close_dialog() -> None:
    """Take away what lies over the page."""
    state.view().dialog = None


def cancel_import(import_id: str) -> None:
    """End an import; what is in stays."""
    with error_shown():
        state.client().conversations.cancel_import(import_id)


def _chat_options() -> ChatOptions:
    return state.view().conversation.chat_options


def _apply(chat_options: ChatOptions) -> None:
    with error_shown():
        state.view().conversation.apply(chat_options, state.session_context())


def _attach(file: Any) -> bool:
    """Send a file for the next question, and return whether that went well."""
    with error_shown():
        state.view().conversation.waiting_files += (state.client().attach(file, name=file.name),)
        return True
    return False


def edit_queued() -> None:
    """Put the question that waits for the answer to end into the box again."""
    conversation = state.view().conversation
    keep(conversation.queued)
    conversation.queued = None


def _is_to_be_warned() -> bool:
    """Return, once for each model, whether pictures wait for a question that the model takes none with."""
    conversation = state.view().conversation
    if not any(file.kind == "image" for file in conversation.waiting_files):
        return False
    model = conversation.chat_options.model
    if conversation.warned_of == (model or "") or not takes_no_images(
        state.settings().backend_url, api_key=state.api_key(), model=model
    ):
        return False
    conversation.warned_of = model or ""
    return True


def choose_pages(place: int, field: str) -> None:
    """Let only those pages of a file that waits go along which `field` names; all where it is empty."""
    conversation = state.view().conversation
    files, wanted = list(conversation.waiting_files), state.value_of(field).strip()
    if place >= len(files):
        return
    file = files[place]
    with error_shown():
        division = division_of(file.media_type)
        chosen = pages_among(wanted, name=file.name, count=file.pages, division=division) if wanted else None
        files[place] = file._replace(chosen=chosen and str(chosen))
        conversation.waiting_files = tuple(files)


def look_at(message_id: str, reference: str) -> None:
    """Show what a model got of a file that went along with a message."""
    view = state.view()
    files = [file for entry in view.conversation.entries if entry.id == message_id for file in entry.files]
    view.looked_at = next((file for file in files if file.reference == reference), None)


def drop_files() -> None:
    """Let no files go along with the next question."""
    state.view().conversation.waiting_files = ()


def keep(prompt: str | None) -> None:
    """Put a question that was not asked yet into the box again."""
    if prompt:
        state.give_back(prompt)


@contextmanager
def error_shown() -> Iterator[None]:
    """Have the page show what went wrong."""
    try:
        yield
    except ChatappError as error:
        state.view().error = error


def open_usage() -> None:
    """Show what calls to models have taken."""
    state.address().open_usage()


def close_usage() -> None:
    """Show the conversation again."""
    state.address().close_usage()
