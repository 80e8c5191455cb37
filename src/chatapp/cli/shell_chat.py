"""The chat that questions from the shell are asked in: stored if that is wanted and can be, else held here."""

from contextlib import closing, suppress

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events
from chatapp.client.chat import ChatOptions, EphemeralChat, StoredChat
from chatapp.errors import ChatappError, NotFoundError, StoreUnavailableError
from chatapp.protocol.events import Done, Notice
from chatapp.protocol.resources import ConversationInfo


class ShellChat:
    """A chat that is begun with its first question.

    Leave the events of an answer (`close()`, or Ctrl-C) and the answer is stopped.
    """

    def __init__(
        self,
        backend: BackendClient,
        *,
        conversation_id: str | None = None,
        is_stored: bool = True,
        is_streamed: bool = True,
    ) -> None:
        self._ephemeral = EphemeralChat(backend, is_streamed=is_streamed)
        self._stored = StoredChat(backend, conversation_id, is_streamed=is_streamed) if is_stored else None

    def ask(self, prompt: str, options: ChatOptions) -> Events:
        """Return the events of the answer. Where a new conversation cannot be stored, a notice says so first."""
        if self._stored is None:
            yield from self._ephemeral.ask(prompt, options)
            return
        try:
            yield from _stopped_when_left(self._stored, self._stored.ask(prompt, options))
        except StoreUnavailableError as error:
            if self._stored.id is not None:
                raise
            self._stored = None
            yield Notice("not_kept", f"This conversation is not kept. {error.sentence()}")
            yield from self._ephemeral.ask(prompt, options)
        except ChatappError:
            with suppress(ChatappError):
                self._stored.discard_if_empty()
            raise

    def retry(self, options: ChatOptions) -> Events:
        """Return the events of another answer to the last question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        if self._stored is None:
            return self._ephemeral.retry(options)
        return _stopped_when_left(self._stored, self._stored.retry(options))

    def undo(self) -> str:
        """Take the last question and its answer back, and return the question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return (self._stored or self._ephemeral).undo()


def last_conversation(backend: BackendClient) -> ConversationInfo:
    """Return the conversation that was last talked in, pinned or not.

    Raises:
        NotFoundError: there is none.
    """
    found: list[ConversationInfo] = []
    cursor: str | None = None
    while not found or (cursor and found[-1].pinned):  # the pinned ones come first
        page = backend.conversations.page(cursor=cursor)
        if not page.items:
            raise NotFoundError("There is no conversation to continue.", hint="Ask without --continue to begin one.")
        found += page.items
        cursor = page.next
    return max(found, key=lambda conversation: conversation.updated_at)


def _stopped_when_left(chat: StoredChat, events: Events) -> Events:
    is_over = False
    with closing(events):
        try:
            for event in events:
                is_over = isinstance(event, Done)
                yield event
        except (GeneratorExit, KeyboardInterrupt):
            if not is_over:
                with suppress(ChatappError):
                    chat.stop()
            raise
