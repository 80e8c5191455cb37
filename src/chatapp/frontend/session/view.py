"""What one browser session shows: a conversation, the list of all, and what is being changed in them."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from chatapp.errors import ChatappError, NotFoundError
from chatapp.frontend.conversations.answer_streams import RequestContext
from chatapp.frontend.conversations.conversation import ChatOptions, Conversation
from chatapp.frontend.conversations.entries import DisplayMessage, ShownMessage
from chatapp.frontend.conversations.listing import Deleted, Listing
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.conversations.temporary import TemporaryConversation


class OpenRow(NamedTuple):
    """A row of the list that shows more than its name."""

    conversation_id: str
    what: Literal["rename", "export"]


class View:
    """Its state changes in plain attributes only: Streamlit may end a run at any access to `st.session_state`.

    `trouble` is what an action failed with, `receipt` what the last import did, `editing` the id of the question that
    is being written anew, `mirrored` what others were last told of the conversation, `drawn` which
    texts are drawn although they are very large.
    """

    def __init__(self) -> None:
        self.conversation: Conversation = StoredConversation()
        self.listing = Listing()
        self.trouble: ChatappError | None = None
        self.editing: str | None = None
        self.open_row: OpenRow | None = None
        self.receipt: dict[str, Any] | None = None
        self.mirrored: list[ShownMessage] = []
        self.drawn: set[str] = set()
        self._listed_id: str | None = None

    @property
    def conversation_id(self) -> str | None:
        """The id of the conversation on show, as soon as the backend has begun it."""
        conversation = self.conversation
        return conversation.id or (conversation.live.conversation_id if conversation.live else None)

    def refresh(self, asking: RequestContext, *, query: str) -> str | None:
        """Take over what happened meanwhile; give back a question that waited for an answer that was cut."""
        had_answer = self.conversation.live is not None
        unasked = self.conversation.settle(asking)
        if had_answer and self.conversation.live is None:
            self.listing.expire()
        self._refresh_conversation(asking)
        self.listing.refresh(asking.client, query)
        return unasked

    def has_news(self, asking: RequestContext) -> bool:
        """Return whether the conversation on show has changed elsewhere, and show it."""
        if not isinstance(self.conversation, StoredConversation):
            return False
        try:
            return self.conversation.refresh(asking)
        except ChatappError:
            return False

    def is_unlisted(self) -> bool:
        """Say, once, that the answer that is being made has begun a conversation which the list does not hold yet."""
        live = self.conversation.live
        if live is None or not live.turn_id or live.conversation_id in {None, self._listed_id}:
            return False
        self._listed_id = live.conversation_id
        if any(item["id"] == live.conversation_id for item in self.listing.items):
            return False
        self.listing.expire()
        return True

    def ask(self, prompt: str, asking: RequestContext) -> None:
        """Ask `prompt` in the conversation on show."""
        self._refresh_conversation(asking)
        self.trouble = None
        if not self.listing.is_supported and not self.conversation.entries:
            self.conversation = TemporaryConversation()
        self.conversation.ask(prompt, asking)
        self.listing.expire()

    def ask_again(self, asking: RequestContext) -> None:
        """Ask the last question again."""
        self.conversation.ask_again(asking)
        self.listing.expire()

    def ask_temporarily(self, asking: RequestContext) -> None:
        """Ask the last question again, in a temporary conversation with the messages before it."""
        chat_options = self.conversation.chat_options
        self.show_messages(self.conversation.messages)
        self.conversation.chat_options = chat_options
        self.conversation.ask_again(asking)

    def edit(self, entry: DisplayMessage, prompt: str, asking: RequestContext) -> None:
        """Ask `prompt` in place of the question `entry`."""
        self.editing = None
        self.conversation.edit(entry, prompt, asking)

    def show_new(self, *, is_temporary: bool = False) -> str | None:
        """Show an empty conversation; give back a question that was not asked yet."""
        return self._show(TemporaryConversation() if is_temporary else StoredConversation())

    def show_stored(self, conversation_id: str) -> str | None:
        """Show a conversation of the list; give back a question that was not asked yet."""
        if conversation_id == self.conversation.id:
            return None
        return self._show(StoredConversation(conversation_id))

    def show_messages(self, messages: Sequence[ShownMessage]) -> None:
        """Show a temporary conversation that holds `messages`."""
        self._show(TemporaryConversation.holding(messages))

    def delete(self, conversation_id: str, asking: RequestContext) -> None:
        """Throw a conversation away.

        Raises:
            ChatappError: the backend cannot do it.
        """
        asking.client.conversations.delete(conversation_id)
        self.listing.deleted = Deleted(conversation_id, self.listing.title_of(conversation_id))
        self.listing.expire()
        if conversation_id == self.conversation.id:
            self.show_new()

    def restore(self, asking: RequestContext) -> None:
        """Take back the conversation that was thrown away last.

        Raises:
            ChatappError: the backend cannot do it.
        """
        deleted, self.listing.deleted = self.listing.deleted, None
        if deleted is not None:
            asking.client.conversations.restore(deleted.id)
            self.listing.expire()

    def _show(self, conversation: Conversation) -> str | None:
        left, self.conversation = self.conversation, conversation
        conversation.chat_options = ChatOptions(
            model=left.chat_options.model
        )  # where it is stored already, its own is loaded
        self.editing = self.open_row = self.trouble = None
        left.leave()
        return left.queued

    def _refresh_conversation(self, asking: RequestContext) -> None:
        if not isinstance(self.conversation, StoredConversation):
            return
        try:
            self.conversation.refresh(asking)
        except NotFoundError as error:
            self.show_new()
            self.trouble = error
        except ChatappError as error:
            if not self.conversation.entries:
                self.trouble = error
