"""A conversation that only this browser session holds: nothing of it is stored."""

from collections.abc import Sequence

from chatapp.frontend.conversations.entries import DisplayMessage, ShownMessage, answer_entry
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.open_conversation import OpenConversation, Unfinished
from chatapp.frontend.conversations.session_context import SessionContext
from chatapp.protocol.messages import AttachmentPart, Message, TextPart


class TemporaryConversation(OpenConversation):
    """A conversation whose earlier messages go along with every question."""

    is_temporary = True

    @classmethod
    def holding(cls, messages: Sequence[ShownMessage]) -> "TemporaryConversation":
        """Return one with these messages, oldest first."""
        conversation = cls()
        conversation.entries = [DisplayMessage(message) for message in messages]
        return conversation

    @classmethod
    def after(cls, entries: Sequence[DisplayMessage]) -> "TemporaryConversation":
        """Return one that goes on where another conversation is, with the files of its questions."""
        conversation = cls()
        conversation.entries = [
            DisplayMessage(entry.message, files=entry.files) for entry in entries if not entry.is_silent
        ]
        return conversation

    def ask_again(self, context: SessionContext) -> None:
        """Ask the last question once more, in place of what was answered to it."""
        if self.live is not None or not self.entries:
            return
        if self.entries[-1].is_answer:
            self.entries.pop()
        self._begin(context)

    def edit(self, entry: DisplayMessage, prompt: str, context: SessionContext) -> None:
        """Ask `prompt` in place of the question `entry` and all that came after it."""
        if self.live is None and entry in self.entries:
            del self.entries[self.entries.index(entry) :]
            self.waiting_files = (*entry.files, *self.waiting_files)
            self.send(prompt, context)

    def leave(self) -> None:
        """Stop an answer that is being made: it could not be found again."""
        self.stop()

    def _begin(self, context: SessionContext) -> None:
        self.unfinished = None
        chat = context.ephemeral_chat(_said(entry) for entry in self.entries[:-1] if not entry.is_silent)
        asked = self.entries[-1]
        events = chat.ask(asked.content, self.chat_options, attachments=asked.files)
        self._listen_to(LiveAnswer.start(events))

    def _take_over(self, answer: LiveAnswer, context: SessionContext) -> None:
        self.unfinished = None if answer.status == "complete" else Unfinished(answer.error, bool(answer.text))
        if answer.text or answer.status == "complete":
            self.entries.append(answer_entry(answer, context.zone))


def _said(entry: DisplayMessage) -> Message:
    files = [AttachmentPart(file.name, file.media_type, file.size, file.id) for file in entry.files]
    return Message(entry.message["role"], (*files, TextPart(entry.content)))
