"""The conversation that questions from the shell are asked in: kept by the backend, or held here and then forgotten."""

from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from datetime import datetime
from typing import Any

from chatapp.client import BackendClient
from chatapp.errors import ChatappError, NotFoundError, StoreUnavailableError
from chatapp.protocol.events import Done, Event, Notice, Start, Text

Events = Generator[Event, None, None]

Options = Mapping[str, Any]
"""What a question has beside its words: model, system, temperature, max_tokens; None where it was not given."""


class Conversation:
    """One conversation. It is begun with its first question, and kept if that is wanted and can be.

    Leave the events of an answer (`close()`, or Ctrl-C) and the answer is stopped.
    """

    def __init__(
        self,
        backend: BackendClient,
        *,
        conversation_id: str | None = None,
        is_kept: bool = True,
        is_streamed: bool = True,
    ) -> None:
        self._backend = backend
        self._is_streamed = is_streamed
        self._place: _Stored | _Ephemeral = (
            _Stored(backend, conversation_id, is_streamed) if is_kept else _Ephemeral(backend, is_streamed)
        )

    def ask(self, prompt: str, options: Options) -> Events:
        """Return the events of the answer. Where a new conversation cannot be kept, a notice says so first."""
        try:
            yield from self._place.ask(prompt, options)
        except StoreUnavailableError as error:
            if self._place.id is not None:
                raise
            self._place = _Ephemeral(self._backend, self._is_streamed)
            yield Notice("not_kept", f"This conversation is not kept. {error.sentence()}")
            yield from self._place.ask(prompt, options)

    def retry(self, options: Options) -> Events:
        """Return the events of another answer to the last question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return self._place.retry(options)

    def undo(self) -> str:
        """Take the last question and its answer back, and give the question.

        Raises:
            NotFoundError: nothing was asked yet.
        """
        return self._place.undo()


def last_conversation(backend: BackendClient) -> dict[str, Any]:
    """Return the conversation that was last talked in, pinned or not.

    Raises:
        NotFoundError: there is none.
    """
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while not found or (cursor and found[-1]["pinned"]):  # the pinned ones come first
        page = backend.conversations.page(cursor=cursor)
        if not page["items"]:
            raise NotFoundError("There is no conversation to continue.", hint="Ask without --continue to begin one.")
        found += page["items"]
        cursor = page["next"]
    return max(found, key=lambda conversation: datetime.fromisoformat(conversation["updated_at"]))


class _Stored:
    """A conversation that the backend keeps. `id` is None until it is begun."""

    def __init__(self, backend: BackendClient, conversation_id: str | None, is_streamed: bool) -> None:
        self.id = conversation_id
        self._backend = backend
        self._is_streamed = is_streamed
        self._undone: dict[str, Any] | None = None
        self._unsaved: str | None = None

    def ask(self, prompt: str, options: Options) -> Events:
        # Begun in a request of its own, so that there is a name for what to stop before the answer has begun.
        begin_with = {name: options.get(name) for name in ("model", "system")}
        self.id = self.id or str(self._backend.conversations.begin(**begin_with)["id"])
        parent_id = (self._undone["parent_id"] or "root") if self._undone else None
        named = {**options, "conversation_id": self.id, "parent_id": parent_id}
        self._unsaved = None
        try:
            yield from self._stopped_when_left(_events(self._backend, prompt, named, is_streamed=self._is_streamed))
        except ChatappError:
            self._look_for(prompt)
            raise

    def retry(self, options: Options) -> Events:
        if self._unsaved is not None:
            return self.ask(self._unsaved, options)
        question = self._last_question()
        wanted = {name: options[name] for name in ("model", "temperature") if options.get(name) is not None}
        if self.id is None or question is None:
            raise _nothing_asked()
        if options.get("system") is not None:
            self._backend.conversations.change(self.id, system=options["system"])
        return self._stopped_when_left(self._another_answer(question["id"], wanted))

    def undo(self) -> str:
        if self._unsaved is not None:
            prompt, self._unsaved = self._unsaved, None
            return prompt
        question = self._last_question()
        if question is None:
            raise _nothing_asked()
        self._undone = question  # the branch stays; the next question begins another one beside it
        return str(question["content"])

    def _another_answer(self, question_id: str, options: Options) -> Events:
        with self._backend.conversations.regenerate(str(self.id), message_id=question_id, **options) as events:
            yield from events

    def _stopped_when_left(self, events: Events) -> Events:
        is_over = False
        with closing(events):
            try:
                for event in events:
                    if isinstance(event, Start):
                        self._undone = None
                    is_over = isinstance(event, Done)
                    yield event
            except (GeneratorExit, KeyboardInterrupt):
                if not is_over:
                    self._stop()
                raise

    def _stop(self) -> None:
        """Stop the answer that is being made, and wait until the conversation takes the next question."""
        with suppress(ChatappError):
            turn_id = self._backend.conversations.get(str(self.id))["active_turn_id"]
            if turn_id is not None:
                self._backend.cancel(turn_id)
                for _ in self._backend.resume(turn_id):
                    pass

    def _last_question(self) -> dict[str, Any] | None:
        if self.id is None:
            return None
        before = self._undone["id"] if self._undone else None
        page = self._backend.conversations.messages(self.id, before=before)
        return next((message for message in reversed(page["items"]) if message["role"] == "user"), None)

    def _look_for(self, prompt: str) -> None:
        """Note whether a question that failed was saved. A conversation in which nothing is saved goes again."""
        self._unsaved = prompt
        with suppress(ChatappError):
            question = self._last_question()
            if question is not None and question["content"] == prompt:
                self._unsaved = None
            elif self.id is not None and self._backend.conversations.get(self.id)["leaf_id"] is None:
                self._backend.conversations.delete(self.id)
                self.id = None


class _Ephemeral:
    """A conversation that nobody keeps; what was said goes along with every question."""

    id = None

    def __init__(self, backend: BackendClient, is_streamed: bool) -> None:
        self._backend = backend
        self._is_streamed = is_streamed
        self._answered: list[tuple[str, str]] = []
        self._unanswered: str | None = None

    def ask(self, prompt: str, options: Options) -> Events:
        texts: list[str] = []
        self._unanswered = prompt
        named = {**options, "messages": self._history() or None}
        try:
            for event in _events(self._backend, prompt, named, is_streamed=self._is_streamed):
                if isinstance(event, Text):
                    texts.append(event.text)
                yield event
        finally:
            if texts:
                self._answered.append((prompt, "".join(texts)))
                self._unanswered = None

    def retry(self, options: Options) -> Events:
        return self.ask(self.undo(), options)

    def undo(self) -> str:
        if self._unanswered is not None:
            prompt, self._unanswered = self._unanswered, None
            return prompt
        if not self._answered:
            raise _nothing_asked()
        return self._answered.pop()[0]

    def _history(self) -> list[dict[str, str]]:
        return [
            message
            for question, answer in self._answered
            for message in ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
        ]


def _nothing_asked() -> NotFoundError:
    return NotFoundError("Nothing was asked here yet.")


def _events(backend: BackendClient, prompt: str, options: Options, *, is_streamed: bool) -> Events:
    if is_streamed:
        with backend.stream(prompt, **options) as events:
            yield from events
        return
    answer = backend.ask(prompt, **options)
    yield Start(turn_id=answer.turn_id or "", model=answer.model, conversation_id=answer.conversation_id)
    yield Text(answer.answer)
    yield Done(finish_reason=answer.finish_reason, usage=answer.usage, latency_ms=answer.latency_ms or 0)
