"""A chat whose conversation the backend stores, and how questions of any chat are answered.

The page and the command line both ask through it. A chat is used by one thread at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events, ask_once, in_one_piece, unbroken
from chatapp.errors import NotFoundError
from chatapp.protocol.events import Start
from chatapp.protocol.resources import AttachmentInfo, MessageInfo
from chatapp.protocol.usage_resources import EstimateInfo

ROOT = "root"
"""The parent of a question that begins its conversation anew."""


class ChatOptions(NamedTuple):
    """How questions are answered; None where the conversation, or else the backend, decides.

    `temperature`, `max_tokens` and `json_schema`, which the answer is to fit, hold for one question, `sampling` for a
    conversation: the first two, and `reasoning_effort`.
    """

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    sampling: Mapping[str, Any] | None = None
    json_schema: Mapping[str, Any] | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of a question that say it."""
        form = {"json_schema": self.json_schema} if self.json_schema is not None else {}
        return {"model": self.model, "system": self.system, **self.all_sampling(), **form}

    def all_sampling(self) -> dict[str, Any]:
        """Return the fields of a question that say how the model chooses its words."""
        given = (("temperature", self.temperature), ("max_tokens", self.max_tokens))
        return {**(self.sampling or {}), **{name: value for name, value in given if value is not None}}


_OF_ANOTHER_ANSWER = ("model", "temperature", "max_tokens", "json_schema")

AS_IT_IS = ChatOptions()
"""Answered as the conversation, or else the backend, decides."""

Files = Sequence[AttachmentInfo]

_KEPT_QUESTIONS = 2
"""How many of the last questions stay as they are beside a summary, as where the backend chooses."""


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
        options: ChatOptions = AS_IT_IS,
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

    def regenerate(self, message_id: str, options: ChatOptions = AS_IT_IS) -> Events:
        """Return the events of another answer, beside the answer `message_id` or to the question `message_id`."""
        conversation_id = self._known_id()
        yield Start("", "", conversation_id)
        if options.system is not None:
            self._backend.conversations.change(conversation_id, system=options.system)
        told = options._asdict()
        given = {name: told[name] for name in _OF_ANOTHER_ANSWER if told[name] is not None}
        stream = self._backend.conversations.regenerate(conversation_id, message_id=message_id, **given)
        yield from self._as_wanted(unbroken(self._backend, stream))

    def resume(self, turn_id: str) -> Events:
        """Return the events of an answer that is being made, or was, from its start."""
        yield Start(turn_id, "", self.id)
        yield from self._as_wanted(unbroken(self._backend, self._backend.resume(turn_id)))

    def retry(self, options: ChatOptions = AS_IT_IS) -> Events:
        """Return the events of another answer to the last question; one that was not stored is asked again.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        prompt, question = self._unstored_or_last()
        if question is None:
            return self.ask(prompt, options, attachments=self._unanswered_files)
        return self.regenerate(question.id, options)

    def last_question(self) -> tuple[str, Files]:
        """Return the words of the last question and the files that went along with it.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        from chatapp.protocol.messages import files_of  # noqa: PLC0415 - milliseconds that few chats need

        prompt, question = self._unstored_or_last()
        return prompt, files_of(question.parts) if question else self._unanswered_files

    def undo(self) -> str:
        """Go back before the last question, and return it; the next one begins a branch of its own there.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        prompt, question = self._unstored_or_last()
        self._unanswered = None
        self._undone = question or self._undone
        return prompt

    def last_message(self, role: str | None = None) -> MessageInfo | None:
        """Return the last message that was not taken back, of those by `role` where that is given."""
        if self.id is None:
            return None
        before = self._undone.id if self._undone else None
        said = self._backend.conversations.messages(self.id, before=before).items
        return next((message for message in reversed(said) if role in {None, message.role}), None)

    def summary_place(self) -> str | None:
        """Return the answer to summarise up to; None if the last question stands, and the backend may choose.

        Raises:
            NotFoundError: too little is left to summarise.
        """
        if self.id is None or self._undone is None:
            return None
        left = self._backend.conversations.messages(self.id, before=self._undone.id).items
        questions = [place for place, message in enumerate(left) if message.role == "user" and place]
        for question in questions[-_KEPT_QUESTIONS:]:
            if not any(message.summary for message in left[question - 1 :]):
                return left[question - 1].id
        raise NotFoundError("There are no earlier messages to summarise.", hint="Ask some more questions first.")

    def estimate(self, options: ChatOptions = AS_IT_IS) -> EstimateInfo:
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
            raise nothing_asked()
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
        question = self.last_message("user")
        if self._unanswered is not None and (question is None or question.content != self._unanswered):
            return self._unanswered, None
        if question is None:
            raise nothing_asked()
        return question.content, question


def _ids(attachments: Files) -> list[str] | None:
    return [file.reference for file in attachments] or None


def nothing_asked() -> NotFoundError:
    """Return why there is no last question."""
    return NotFoundError("Nothing was asked here yet.")
