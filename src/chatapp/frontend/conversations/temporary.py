"""A conversation that only this browser session holds: nothing of it is stored."""

from collections.abc import Sequence

from chatapp.client.chat import ChatOptions
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

    def keep(self, answer: DisplayMessage, context: SessionContext) -> None:
        """Go on behind one of the answers that stand beside each other."""
        self.entries[-1] = answer

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
        self.unfinished, self.beside = None, ()
        self._listen_to(self._answer(self.chat_options, context))
        for model in self.others(self.chat_options.model):
            other = self._answer(self.chat_options._replace(model=model), context)
            other.model = model
            self.live_beside.append(other)

    def _answer(self, chat_options: ChatOptions, context: SessionContext) -> LiveAnswer:
        """Return an answer to the last question, which is the last entry."""
        *earlier, asked = self.entries
        chat = context.ephemeral_chat(_said(entry) for entry in earlier if not entry.is_silent)
        return LiveAnswer.start(chat.ask(asked.content, chat_options, attachments=asked.files))

    def _take_over(self, answer: LiveAnswer, context: SessionContext) -> None:
        made = [answer_entry(one, context.zone) for one in (answer, *self.live_beside)]
        said = [entry for entry in made if not entry.is_silent]
        self.entries += said[:1]
        if len(made) > 1 and said:
            self.beside = tuple(made)
        elif answer.status != "complete":
            self.unfinished = Unfinished(answer.error, bool(answer.text))


def _said(entry: DisplayMessage) -> Message:
    files = [AttachmentPart.of(file) for file in entry.files]
    return Message(entry.message["role"], (*files, TextPart(entry.content)))
