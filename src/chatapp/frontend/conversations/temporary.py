"""A conversation that only this browser session holds: nothing of it is stored."""

from collections.abc import Sequence
from itertools import pairwise

from chatapp.client import messages_from
from chatapp.frontend.conversations.answer_streams import RequestContext, asked
from chatapp.frontend.conversations.conversation import Conversation, Unfinished
from chatapp.frontend.conversations.entries import DisplayMessage, ShownMessage, answer_entry
from chatapp.frontend.conversations.live_answer import LiveAnswer


class TemporaryConversation(Conversation):
    """A conversation whose earlier messages go along with every question."""

    is_temporary = True

    @classmethod
    def holding(cls, messages: Sequence[ShownMessage]) -> "TemporaryConversation":
        """Return one with these messages, oldest first."""
        conversation = cls()
        conversation.entries = [DisplayMessage(message) for message in messages]
        return conversation

    def ask_again(self, asking: RequestContext) -> None:
        """Ask the last question once more, in place of what was answered to it."""
        if self.live is not None or not self.entries:
            return
        if self.entries[-1].is_answer:
            self.entries.pop()
        self._begin(self.entries[-1].content, asking)

    def edit(self, entry: DisplayMessage, prompt: str, asking: RequestContext) -> None:
        """Ask `prompt` in place of the question `entry` and all that came after it."""
        if self.live is None and entry in self.entries:
            del self.entries[self.entries.index(entry) :]
            self.ask(prompt, asking)

    def leave(self) -> None:
        """Stop an answer that is being made: nobody could find it again."""
        self.stop()

    def _begin(self, prompt: str, asking: RequestContext) -> None:
        self.unfinished = None
        options = {**self.chat_options._asdict(), "messages": self._history() or None}
        self._listen_to(LiveAnswer.start(prompt, asked(asking, prompt, **options)))

    def _take_over(self, answer: LiveAnswer, asking: RequestContext) -> None:
        self.unfinished = None if answer.status == "complete" else Unfinished(answer.error, bool(answer.text))
        if answer.text or answer.status == "complete":
            self.entries.append(answer_entry(answer, asking.zone))

    def _history(self) -> list[dict[str, str]]:
        """Return the answered questions before the last one; models take turns, so one without answer stays out."""
        earlier = self.messages[:-1]
        answered = [
            (question, answer)
            for question, answer in pairwise(earlier)
            if (question["role"], answer["role"]) == ("user", "assistant") and answer["content"].strip()
        ]
        return messages_from([message for pair in answered for message in pair])
