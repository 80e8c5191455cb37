"""What one browser session shows: a conversation, the list of all, and what is being changed in them."""

from collections.abc import Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Literal

from chatapp.client.chat import ChatOptions
from chatapp.errors import ChatappError, NotFoundError, SettingsError
from chatapp.frontend.conversations.bulk import Undo, What, act_of, each, undo_of
from chatapp.frontend.conversations.entries import DisplayMessage, ShownMessage
from chatapp.frontend.conversations.imports import ImportWatch
from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.conversations.projects import ProjectListing
from chatapp.frontend.conversations.recent import RecentConversations
from chatapp.frontend.conversations.session_context import SessionContext
from chatapp.frontend.conversations.stored import StoredConversation
from chatapp.frontend.conversations.temporary import TemporaryConversation
from chatapp.frontend.session.outcomes import FileDrop, RemovedPrompt, UnsavedServer
from chatapp.protocol.project_resources import ProjectInfo
from chatapp.protocol.resources import AttachmentInfo, ConversationInfo
from chatapp.protocol.share_resources import ShareInfo

Dialog = Literal["settings", "models", "project", "share", "move", "export"]
"""What can lie over the page."""


class View:
    """Its state changes in plain attributes only: Streamlit may end a run at any access to `st.session_state`.

    `dialog` lies over the page, `error` is what an action failed with, `imports` what is imported, `mirrored` what
    others were last told of the conversation, `drawn` which messages are drawn although they are very large, `drawing`
    and `looked_at` what is to be shown as a picture. `edited_project` is what its dialog is about, None for a new one,
    `moving` are conversations that are to be moved into one, `exported_id` is the one that is to be taken along,
    `project_drop` is what became of files for a project. `undecided` is the model whose answer a link to `shared_id`
    shows, where several wait to be chosen from. `instructions` are those of new conversations.
    """

    def __init__(self) -> None:
        self.conversation: OpenConversation = StoredConversation()
        self.listing = Listing()
        self.projects = ProjectListing()
        self.edited_project: ProjectInfo | None = None
        self.moving: tuple[str, ...] = ()
        self.exported_id: str | None = None
        self.project_drop = FileDrop()
        self.error: ChatappError | None = None
        self.dialog: Dialog | None = None
        self.server_outcome: SettingsError | str | None = None
        self.prompt_outcome: SettingsError | str | None = None
        self.removed_prompt: RemovedPrompt | None = None
        self.unsaved_server: UnsavedServer | None = None
        self.shared_id: str | None = None
        self.made_link: tuple[ShareInfo, str] | None = None
        self.sharing_error: ChatappError | None = None
        self.undecided: str | None = None
        self.instructions: str | None = None
        self.imports = ImportWatch()
        self.mirrored: list[ShownMessage] = []
        self.drawn: set[str] = set()
        self.drawing: str | None = None
        self.looked_at: AttachmentInfo | None = None
        self._listed_id: str | None = None
        self._recent = RecentConversations()

    @property
    def conversation_id(self) -> str | None:
        """The id of the conversation on show, as soon as the backend has begun it."""
        return self.conversation.known_id

    @property
    def project(self) -> ProjectInfo | None:
        """The project of the conversation on show."""
        return self.projects.find(self.conversation.project_id)

    def refresh(self, context: SessionContext, *, query: str) -> str | None:
        """Take over what happened meanwhile; return a question that waited for an answer that was cut.

        Lists that are known wait while an answer is made, for `refresh_lists`: its first word comes before them.
        """
        unasked = self.finish_answer(context)
        self.load_conversation(context)
        if self.conversation.live is None or not self.listing.is_known:
            self.refresh_lists(context, query)
        return unasked

    def finish_answer(self, context: SessionContext) -> str | None:
        """Take over an answer or a summary that has been made, and return as `refresh` does."""
        had_answer = self.conversation.live is not None
        unasked = self.conversation.finish(context)
        if had_answer and self.conversation.live is None:
            self.listing.expire()
        if isinstance(self.conversation, StoredConversation):
            self.error = self.conversation.finish_summary() or self.error
        return unasked

    def load_conversation(self, context: SessionContext, told: Future[ConversationInfo] | None = None) -> bool:
        """Take over what happened to the conversation elsewhere, as `told` or told now; return whether anything did."""
        if not isinstance(self.conversation, StoredConversation):
            return False
        try:
            return self.conversation.refresh(context, told)
        except NotFoundError as error:
            self.show_new()
            self.error = error
            return True
        except ChatappError as error:
            if not self.conversation.entries:
                self.error = error
            return False

    def refresh_lists(self, context: SessionContext, query: str) -> None:
        """Fetch the lists, or what a search for `query` finds, if they were not looked at just now."""
        self.listing.refresh(context.client, query)
        if self.listing.is_supported:
            self.projects.refresh(context.client)

    def has_news(self, context: SessionContext) -> bool:
        """Return whether the conversation on show has changed elsewhere, and show it."""
        if not isinstance(self.conversation, StoredConversation):
            return False
        try:
            return self.conversation.refresh(context)
        except ChatappError:
            return False

    def has_new_list(self, context: SessionContext) -> bool:
        """Return whether the list has changed elsewhere, in another tab or in a shell, or can be had again."""
        before = self.listing.items, self.projects.items, self.listing.error is None
        self.refresh_lists(context, self.listing.query)
        return (self.listing.items, self.projects.items, self.listing.error is None) != before

    def is_unlisted(self) -> bool:
        """Return, once, whether the list lacks the conversation that the answer being made has begun, or its title."""
        live = self.conversation.live
        if live is None or not live.turn_id or live.conversation_id in {None, self._listed_id}:
            return False
        self._listed_id = live.conversation_id
        if any(item.id == live.conversation_id and item.title for item in self.listing.items):
            return False
        self.listing.expire()
        return True

    def send(self, prompt: str, context: SessionContext) -> None:
        """Ask `prompt` in the conversation on show."""
        self.load_conversation(context)
        self.error = None
        if not self.listing.is_supported and not self.conversation.entries:
            self.conversation = TemporaryConversation()
        self.conversation.send(prompt, context)
        self.listing.expire()

    def ask_again(self, context: SessionContext) -> None:
        """Ask the last question again."""
        self.conversation.ask_again(context)
        self.listing.expire()

    def ask_temporarily(self, context: SessionContext) -> None:
        """Ask the last question again, in a temporary conversation with the messages before it."""
        chat_options = self.conversation.chat_options
        self._show(TemporaryConversation.after(self.conversation.entries))
        self.conversation.chat_options = chat_options
        self.conversation.ask_again(context)

    def edit(self, entry: DisplayMessage, prompt: str, context: SessionContext) -> None:
        """Ask `prompt` in place of the question `entry`."""
        self.conversation.edit(entry, prompt, context)

    def show_new(self, *, is_temporary: bool = False) -> str | None:
        """Show an empty conversation, in the project whose list is shown; return a question that was not asked yet."""
        if is_temporary:
            return self._show(TemporaryConversation())
        unasked = self._show(StoredConversation(project_id=self.listing.project_id))
        if self.project is not None and self.project.model:
            self.conversation.chat_options = ChatOptions(system=self.instructions)
        return unasked

    def show_stored(self, conversation_id: str) -> str | None:
        """Show a conversation of the list; return a question that was not asked yet."""
        if conversation_id == self.conversation_id:
            return None
        kept = self._recent.take(conversation_id)
        return self._show(StoredConversation(conversation_id)) if kept is None else self._change_to(kept)

    def show_hit(self, context: SessionContext, *, is_earlier: bool) -> None:
        """Go on to the next place at which the words stand, in this conversation or else in the next one of the list.

        Raises:
            ChatappError: the backend cannot tell.
        """
        conversation = self.conversation
        if not isinstance(conversation, StoredConversation) or conversation.id is None or conversation.landing is None:
            return
        words, place = conversation.landing.words, conversation.place_of_hit(context)
        hit = place and (place.earlier if is_earlier else place.later)
        if hit is not None:
            conversation.land_on(hit, words=words)
            return
        item = self.listing.beside(conversation.id, 1 if is_earlier else -1) if self.listing.query else None
        if item is None or item.message_id is None:
            conversation.last_hits.add(is_earlier)
        else:
            self.show_found(item.id, item.message_id, words=words)

    def show_found(self, conversation_id: str, message_id: str, *, words: str) -> str | None:
        """Show a conversation at a message, with `words` marked in it; return a question that was not asked yet."""
        unasked = self.show_stored(conversation_id)
        if isinstance(self.conversation, StoredConversation):
            self.conversation.land_on(message_id, words=words)
        return unasked

    def instruct_new(self, instructions: str | None) -> None:
        """Have new conversations answered as `instructions` say, and one that has not begun yet."""
        before, self.instructions = self.instructions, instructions
        new = self.conversation
        if new.known_id is None and not new.entries and new.chat_options.system == before:
            new.chat_options = new.chat_options._replace(system=instructions)

    def leave(self) -> None:
        """Look away from all conversations, for good."""
        self.conversation.leave()
        self._recent.leave()

    def show_messages(self, messages: Sequence[ShownMessage]) -> None:
        """Show a temporary conversation that holds `messages`."""
        self._show(TemporaryConversation.holding(messages))

    def do_to(self, ids: Sequence[str], what: What, context: SessionContext) -> None:
        """Delete conversations, archive them, or take them out of the archive.

        Raises:
            ChatappError: the backend cannot do it, or only to some of them.
        """
        done: list[str] = []
        try:
            each(act_of(what, context.client), ids, done)
        finally:
            self.listing.undo = (
                Undo(what, {id_: self.listing.title_of(id_) for id_ in done}, monotonic()) if done else None
            )
            self.listing.chosen = None
            self.listing.expire()
            if what == "Deleted":
                if self.conversation_id in done:
                    self.show_new()
                self._recent.forget(done)

    def move(self, ids: Sequence[str], project_id: str | None, context: SessionContext) -> None:
        """Move conversations into a project, or out of theirs.

        Raises:
            ChatappError: the backend cannot do it, or only with some of them.
        """
        done: list[str] = []
        before = {item.id: item.project_id for item in self.listing.items}
        change = context.client.conversations.change
        try:
            each(lambda conversation_id: change(conversation_id, project_id=project_id), ids, done)
        finally:
            titles = {id_: self.listing.title_of(id_) for id_ in done}
            self.listing.undo = Undo("Moved", titles, monotonic(), before) if done else None
            self.listing.chosen = None
            self.listing.expire()

    def undo(self, context: SessionContext) -> None:
        """Take back what was done last to conversations or a project.

        Raises:
            ChatappError: the backend cannot do it, or only for some of them; for the others it can be tried again.
        """
        undo = self.listing.undo
        if undo is None:
            return
        done: list[str] = []
        try:
            each(undo_of(undo, context.client), undo.titles, done)
        except ChatappError:
            self.listing.undo = undo.without(done)
            raise
        else:
            self.listing.undo = None
        finally:
            self.listing.expire()
            self.projects.expire()

    def _show(self, conversation: OpenConversation) -> str | None:
        model = self.conversation.chat_options.model
        system = None if conversation.id or conversation.entries else self.instructions
        conversation.chat_options = ChatOptions(model=model, system=system)  # until those it has are loaded
        return self._change_to(conversation)

    def _change_to(self, conversation: OpenConversation) -> str | None:
        left, self.conversation = self.conversation, conversation
        self.error = None
        queued, left.queued = left.queued, None
        self._recent.keep(left)
        return queued
