"""A chat that no backend stores: what was said before goes along with every question."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events, ask_once, gathered
from chatapp.client.chat import AS_IT_IS, ChatOptions, Files, nothing_asked
from chatapp.protocol.usage_resources import EstimateInfo

if TYPE_CHECKING:
    from chatapp.protocol.messages import Message


class EphemeralChat:
    """A chat that no backend stores: what was said before goes along with every question.

    Leave the events of an answer (`close()`) and the answer is stopped.
    """

    def __init__(self, backend: BackendClient, history: "Iterable[Message]" = (), *, is_streamed: bool = True) -> None:
        self._backend = backend
        self._is_streamed = is_streamed
        self._messages = list(history)

    def ask(self, prompt: str, options: ChatOptions = AS_IT_IS, *, attachments: Files = ()) -> Events:
        """Ask `prompt` and return the events of the answer."""
        # milliseconds that stored chats need not pay
        from chatapp.protocol.messages import AttachmentPart, Message, TextPart  # noqa: PLC0415

        files = [AttachmentPart.of(file) for file in attachments]
        return self._answer_to(Message("user", (*files, TextPart(prompt))), options)

    def retry(self, options: ChatOptions = AS_IT_IS) -> Events:
        """Take the last answer back and return the events of another one.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return self._answer_to(self._taken_back(), options)

    def last_question(self) -> tuple[str, Files]:
        """Return the words of the last question and the files that went along with it.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        from chatapp.protocol.messages import files_of  # noqa: PLC0415 - as above

        question = next((message for message in reversed(self._messages) if message.role == "user"), None)
        if question is None:
            raise nothing_asked()
        return question.text, files_of(question.parts)

    def undo(self) -> str:
        """Take the last question and its answer back, and return the question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return self._taken_back().text

    def estimate(self, options: ChatOptions = AS_IT_IS) -> EstimateInfo:
        """Return what would go along with the next question."""
        earlier = [_as_json(message) for message in _answered(self._messages)]
        return self._backend.estimate(**options.fields(), messages=earlier or None)

    def _answer_to(self, question: "Message", options: ChatOptions) -> Events:
        from chatapp.protocol.messages import Message  # noqa: PLC0415 - as above

        earlier = [_as_json(message) for message in _answered(self._messages)]
        fields = {**options.fields(), "messages": earlier or None, "attachments": _as_json(question).get("attachments")}
        self._messages.append(question)
        texts: list[str] = []
        try:
            with closing(ask_once(self._backend, question.text, is_streamed=self._is_streamed, **fields)) as events:
                for event in events:
                    gathered(texts, event)
                    yield event
        finally:
            if texts:
                self._messages.append(Message.of("assistant", "".join(texts)))

    def _taken_back(self) -> "Message":
        """Return the last question, which is no longer among the messages, nor is what came behind it."""
        while self._messages:
            message = self._messages.pop()
            if message.role == "user":
                return message
        raise nothing_asked()


def _answered(messages: "list[Message]") -> "Iterator[Message]":
    """Return the questions that were answered, each with its answer: models take turns, so one without stays out."""
    for question, answer in pairwise(messages):
        if (question.role, answer.role) == ("user", "assistant") and answer.text.strip():
            yield from (question, answer)


def _as_json(message: "Message") -> dict[str, Any]:
    """Return a message as a question carries it: role, text and the ids of its files."""
    files = [part.reference for part in message.parts if part.type == "attachment"]
    told = {"role": message.role, "content": message.text}
    return {**told, "attachments": files} if files else told
