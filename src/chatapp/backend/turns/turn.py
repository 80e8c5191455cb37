"""One question and its answer: made by a task of the application's, as a list of events that readers follow."""

import asyncio
import time
import uuid
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from chatapp.backend.llm import Batch, ChatModel, ModelRequest
from chatapp.backend.turns.alarm import Alarm
from chatapp.errors import AnswerTooLongError, ChatappError, UpstreamTimeoutError
from chatapp.events import Done, Event, Failed, Message, Reasoning, Start, Text, Usage
from chatapp.settings import Settings

CLOSING_S = 2.0
"""How long usage and [DONE] may take after the finish reason."""


class Listener(Protocol):
    """Somebody to be told that there is something new."""

    def wake(self) -> None:
        """Look at the turn again."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks. `history` is what was said before, oldest first."""

    prompt: str
    system: str | None = None
    history: list[Message] = field(default_factory=list)
    model: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

    def messages(self) -> list[Message]:
        """Give what the model reads: system prompt, history, question."""
        system = [Message(role="system", content=self.system)] if self.system else []
        return [*system, *self.history, Message(role="user", content=self.prompt)]


class Turn:
    """An answer while it is made and after. Its events have positions: text counts by character, the rest as one."""

    def __init__(
        self,
        question: Question,
        *,
        model: ChatModel,
        settings: Settings,
        owner: str = "",
        request_id: str | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.owner = owner
        self.conversation_id: str | None = None
        self.model = question.model or model.name
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.latency_ms = 0
        self.failure: ChatappError | None = None
        self.is_over = False
        self.entries: list[Event] = []
        self.ends: list[int] = []
        self._request_id = request_id
        self._question = question
        self._chat_model = model
        self._settings = settings
        self._began = time.perf_counter()
        self._bytes = 0
        self._held_cr = False
        self._has_content = False
        self._readers: list[Listener] = []
        self._accepted = asyncio.Event()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stop_error: ChatappError | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join([entry.text for entry in self.entries if type(entry) is Text])

    def begin(self) -> "asyncio.Task[None]":
        """Start making the answer, as a task of its own."""
        self._append(Start(turn_id=self.id, model=self.model, conversation_id=self.conversation_id))
        self._task = asyncio.create_task(self._run(), name=f"turn {self.id}")
        return self._task

    async def accepted(self, *, within_s: float) -> None:
        """Wait until the model has accepted the question, at most `within_s` seconds.

        Raises:
            ChatappError: it refused.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._accepted.wait()
        except TimeoutError:
            return
        if self.failure is not None and not self._has_content:
            raise self.failure

    async def finished(self) -> None:
        """Wait until the answer is whole.

        Raises:
            ChatappError: it ended early.
        """
        await self._over.wait()
        if self.failure is not None:
            raise self.failure

    def stop(self, error: ChatappError | None = None) -> None:
        """End the answer here and close the connection to the model; as a failure if there is an `error`."""
        if self._task is not None and not self.is_over:
            self._stop_error = error
            self._task.cancel()

    def settle(self, error: ChatappError | None) -> None:
        """End a turn whose task is gone and did not: it was stopped before its first step, or it has a defect."""
        if not self.is_over:
            self._end(error or self._stop_error)

    async def _run(self) -> None:
        try:
            with Alarm(self._fall_silent) as deadline:
                await self._answer(deadline)
        except ChatappError as error:
            self._end(error)
        except asyncio.CancelledError:
            self.finish_reason = self.finish_reason or "stopped"
            self._end(self._stop_error)
        else:
            self._end(None)

    async def _answer(self, deadline: Alarm) -> None:
        deadline.put_off(min(self._settings.first_content_timeout, self._settings.total_timeout))
        question = self._question
        request = ModelRequest(messages=question.messages(), model=question.model, parameters=question.parameters)
        stream = await self._chat_model.open(request)
        try:
            self._accepted.set()
            async with aclosing(stream.batches()) as batches:
                async for batch in batches:
                    self._take(batch, deadline)
        finally:
            await stream.close()

    def _take(self, batch: Batch, deadline: Alarm) -> None:
        for piece in batch.pieces:
            self._add(piece)
        self.usage = batch.usage or self.usage
        self.finish_reason = batch.finish_reason or self.finish_reason
        if batch.finish_reason:
            deadline.put_off(CLOSING_S)
        elif batch.pieces:
            left_s = self._settings.total_timeout - (time.perf_counter() - self._began)
            deadline.put_off(min(self._settings.gap_timeout, left_s))

    def _fall_silent(self) -> None:
        """End the answer because a deadline on its content has passed."""
        if self.finish_reason is not None:
            self.stop()
        elif time.perf_counter() - self._began >= self._settings.total_timeout:
            self.stop(UpstreamTimeoutError("the answer took too long.", hint="Raise TOTAL_TIMEOUT to wait longer."))
        elif self._has_content:
            self.stop(UpstreamTimeoutError("the model fell silent.", hint="Ask again, or raise GAP_TIMEOUT."))
        else:
            self.stop(
                UpstreamTimeoutError("the model did not begin to answer in time.", hint="Raise FIRST_CONTENT_TIMEOUT.")
            )

    def _add(self, piece: Text | Reasoning) -> None:
        self._has_content = True
        if type(piece) is Text and (self._held_cr or "\r" in piece.text):
            piece = Text(self._with_line_feeds(piece.text))
            if not piece.text:
                return
        self._bytes += len(piece.text.encode())
        if self._bytes > self._settings.max_answer_bytes:
            raise AnswerTooLongError("the answer is longer than allowed.", hint="Raise MAX_ANSWER_BYTES.")
        self._append(piece)

    def _with_line_feeds(self, text: str) -> str:
        """Give `text` with CR and CRLF as LF; a CR at its end waits for what follows."""
        text = "\r" + text if self._held_cr else text
        self._held_cr = text.endswith("\r")
        text = text.removesuffix("\r") if self._held_cr else text
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _append(self, event: Event) -> None:
        size = len(event.text) if isinstance(event, Text | Reasoning) else 1
        self.entries.append(event)
        self.ends.append(self.ends[-1] + size if self.ends else size)
        for reader in self._readers:
            reader.wake()

    def _end(self, error: ChatappError | None) -> None:
        if self._held_cr:
            self._held_cr = False
            self._append(Text("\n"))
        self.failure = error
        self.is_over = True
        self.latency_ms = round((time.perf_counter() - self._began) * 1000)
        self._append(
            Failed(error.as_dict(self._request_id)) if error else Done(self.finish_reason, self.usage, self.latency_ms)
        )
        self._accepted.set()
        self._over.set()

    def join(self, reader: Listener) -> None:
        """Let `reader` know of every event from now on."""
        self._readers.append(reader)

    def leave(self, reader: Listener) -> None:
        """Forget `reader`. A turn that belongs to no conversation ends with its last reader."""
        if reader in self._readers:
            self._readers.remove(reader)
            if not self._readers and self.conversation_id is None:
                self.stop()
