"""Chats: questions asked one after the other, in a conversation that the backend stores or in one that none does.

The page and the command line both ask through these. A chat is used by one thread at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events, ask_once, gathered, in_one_piece, unbroken
from chatapp.errors import NotFoundError
from chatapp.protocol.events import Start
from chatapp.protocol.resources import AttachmentInfo, MessageInfo
from chatapp.protocol.usage_resources import EstimateInfo

if TYPE_CHECKING:
    from chatapp.protocol.messages import Message

ROOT = "root"
"""The parent of a question that begins its conversation anew."""


class ChatOptions(NamedTuple):
    """How questions are answered; None where the conversation, or else the backend, decides.

    `temperature` and `max_tokens` hold for one question, `sampling` for a conversation: both of them, and
    `reasoning_effort`.
    """

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    sampling: Mapping[str, Any] | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of a question that say it."""
        told = {"model": self.model, "system": self.system, **(self.sampling or {})}
        given = (("temperature", self.temperature), ("max_tokens", self.max_tokens))
        return told | {name: value for name, value in given if value is not None}


_AS_IT_IS = ChatOptions()

Files = Sequence[AttachmentInfo]


class StoredChat:
    """A chat whose conversation the backend stores. Its `id` is None until its first question, which begins it.

    It is begun in the project `project_id`, if there is one, and with the title that its first question gets from
    `title_of`, or else from the backend.

    Each answer's first event tells `id`. The backend makes an answer to its end, whether its events are read or not,
    unless `stop` is called; events go on where their connection broke.
    """

    def __init__(
        self,
        backend: BackendClient,
        conversation_id: str | None = None,
        *,
        is_streamed: bool = True,
        project_id: str | None = None,
        title_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self.id = conversation_id
        self._project_id = project_id
        self._title_of = title_of
        self._backend = backend
        self._is_streamed = is_streamed
        self._undone: MessageInfo | None = None
        self._unanswered: str | None = None
        self._unanswered_files: Files = ()

    def ask(
        self,
        prompt: str,
        options: ChatOptions = _AS_IT_IS,
        *,
        attachments: Files = (),
        parent_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Events:
        """Ask `prompt` behind the last message, or behind `parent_id`, and return the events of the answer.

        `options` hold for this question, and where it is the first for the whole conversation.
        """
        self._unanswered, self._unanswered_files = prompt, attachments
        if self.id is None:  # begun first, so that there is an id of what to stop
            begun_with = {"model": options.model, "system": options.system, "sampling": options.sampling}
            told = {name: value for name, value in begun_with.items() if name != "sampling" or value}
            also = (("project_id", self._project_id), ("title", self._title_of(prompt)))
            told |= {name: value for name, value in also if value}
            self.id = self._backend.conversations.begin(**told).id
            # the conversation has them, and a repetition none
            options = options._replace(model=None, system=None, sampling=None)
        yield Start("", "", self.id)
        fields = {
            **options.fields(),
            "conversation_id": self.id,
            "parent_id": parent_id or self._parent_after_undo(),
            "idempotency_key": idempotency_key,
            "attachments": _ids(attachments),
        }
        with closing(self._asked(prompt, fields)) as events:
            for event in events:
                if isinstance(event, Start):
                    self._undone = self._unanswered = None
                yield event

    def regenerate(self, message_id: str, options: ChatOptions = _AS_IT_IS) -> Events:
        """Return the events of another answer, beside the answer `message_id` or to the question `message_id`."""
        conversation_id = self._known_id()
        yield Start("", "", conversation_id)
        if options.system is not None:
            self._backend.conversations.change(conversation_id, system=options.system)
        told = options._asdict()
        fields = {"message_id": message_id, **{name: told[name] for name in ("model", "temperature", "max_tokens")}}
        given = {name: value for name, value in fields.items() if value is not None}
        stream = self._backend.conversations.regenerate(conversation_id, **given)
        yield from self._as_wanted(unbroken(self._backend, stream))

    def resume(self, turn_id: str) -> Events:
        """Return the events of an answer that is being made, or was, from its start."""
        yield Start(turn_id, "", self.id)
        yield from self._as_wanted(unbroken(self._backend, self._backend.resume(turn_id)))

    def retry(self, options: ChatOptions = _AS_IT_IS) -> Events:
        """Return the events of another answer to the last question; one that was not stored is asked again.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        prompt, question = self._unstored_or_last()
        if question is None:
            return self.ask(prompt, options, attachments=self._unanswered_files)
        return self.regenerate(question.id, options)

    def undo(self) -> str:
        """Go back before the last question, and return it; the next one begins a branch of its own there.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        prompt, question = self._unstored_or_last()
        self._unanswered = None
        self._undone = question or self._undone
        return prompt

    def estimate(self, options: ChatOptions = _AS_IT_IS) -> EstimateInfo:
        """Return what would go along with the next question."""
        told = {**options.fields(), "project_id": None if self.id else self._project_id}
        return self._backend.estimate(conversation_id=self.id, parent_id=self._parent_after_undo(), **told)

    def stop(self) -> None:
        """Stop the answer that is being made, and return when the conversation takes the next question.

        Raises:
            ChatappError: the backend cannot be asked.
        """
        if turn_id := self.id and self._backend.conversations.get(self.id).active_turn_id:
            self._backend.cancel(turn_id)
            for _ in self._backend.resume(turn_id):
                pass

    def discard_if_empty(self) -> None:
        """Delete a conversation in which nothing is stored, e.g. because its first question was refused.

        Raises:
            ChatappError: the backend cannot be asked.
        """
        if self.id is not None and self._backend.conversations.get(self.id).leaf_id is None:
            self._backend.conversations.delete(self.id)
            self.id = None

    def _known_id(self) -> str:
        if self.id is None:
            raise _nothing_asked()
        return self.id

    def _parent_after_undo(self) -> str | None:
        return (self._undone.parent_id or ROOT) if self._undone else None

    def _asked(self, prompt: str, fields: dict[str, Any]) -> Events:
        if self._is_streamed:
            return unbroken(self._backend, self._backend.stream(prompt, **fields))
        return ask_once(self._backend, prompt, is_streamed=False, **fields)

    def _as_wanted(self, events: Events) -> Events:
        return events if self._is_streamed else in_one_piece(events)

    def _unstored_or_last(self) -> tuple[str, MessageInfo | None]:
        """Return the words of the last question, and the message it is, or None where it was not stored."""
        question = self._last_question()
        if self._unanswered is not None and (question is None or question.content != self._unanswered):
            return self._unanswered, None
        if question is None:
            raise _nothing_asked()
        return question.content, question

    def _last_question(self) -> MessageInfo | None:
        if self.id is None:
            return None
        before = self._undone.id if self._undone else None
        page = self._backend.conversations.messages(self.id, before=before)
        return next((message for message in reversed(page.items) if message.role == "user"), None)


class EphemeralChat:
    """A chat that no backend stores: what was said before goes along with every question.

    Leave the events of an answer (`close()`) and the answer is stopped.
    """

    def __init__(self, backend: BackendClient, history: "Iterable[Message]" = (), *, is_streamed: bool = True) -> None:
        self._backend = backend
        self._is_streamed = is_streamed
        self._messages = list(history)

    def ask(self, prompt: str, options: ChatOptions = _AS_IT_IS, *, attachments: Files = ()) -> Events:
        """Ask `prompt` and return the events of the answer."""
        # milliseconds that stored chats need not pay
        from chatapp.protocol.messages import AttachmentPart, Message, TextPart  # noqa: PLC0415

        files = [AttachmentPart.of(file) for file in attachments]
        return self._answer_to(Message("user", (*files, TextPart(prompt))), options)

    def retry(self, options: ChatOptions = _AS_IT_IS) -> Events:
        """Take the last answer back and return the events of another one.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return self._answer_to(self._taken_back(), options)

    def undo(self) -> str:
        """Take the last question and its answer back, and return the question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return self._taken_back().text

    def estimate(self, options: ChatOptions = _AS_IT_IS) -> EstimateInfo:
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
        raise _nothing_asked()


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


def _ids(attachments: Files) -> list[str] | None:
    return [file.reference for file in attachments] or None


def _nothing_asked() -> NotFoundError:
    return NotFoundError("Nothing was asked here yet.")
