"""One question and its answer, as a list of events that grows until the turn is over."""

import asyncio
import time
from copy import copy
from itertools import groupby
from typing import Any, Protocol

from chatapp.backend.store import FinalStatus, Segments, TurnStatus
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.turns.tool_calls import add_call, extras_of, joined_calls, written
from chatapp.errors import ChatappError, IncompleteAnswerError, ShuttingDownError
from chatapp.protocol.events import (
    CONTENT,
    DELTAS,
    WAS_THOUGHT,
    Citation,
    Done,
    Event,
    Failed,
    Notice,
    Reasoning,
    Start,
    Text,
    ToolCallDelta,
    Usage,
    UsageDetails,
)
from chatapp.protocol.messages import ToolCallPart
from chatapp.protocol.surfaces import Surface

STOPPED = "stopped"
"""The finish reason of an answer that somebody did not want to the end."""

_KIND_NAMES: dict[type[Event], str] = {
    Start: "start",
    Text: "text",
    Reasoning: "reasoning",
    ToolCallDelta: "tool_call",
    Citation: "citation",
    Notice: "notice",
    Done: "done",
    Failed: "error",
}


class Listener(Protocol):
    """Somebody to be told that there is something new."""

    def wake(self) -> None:
        """Look at the turn again."""
        ...

    def abort(self, error: ChatappError) -> None:
        """Wait no longer: `error` is all that comes."""
        ...


class Turn:
    """An answer while it is made and after. A task of the application's fills it; any number of readers follow.

    Each event ends at a position of the turn: text and reasoning count by character, every other event as one.
    `project_id` is the project whose files go along with the question, `said_bytes` how long what was said is.
    """

    def __init__(
        self,
        model: str,
        *,
        turn_id: str | None = None,
        owner: str = "",
        conversation_id: str | None = None,
        outlives_readers: bool = False,
        request_id: str | None = None,
        surface: Surface | None = None,
    ) -> None:
        self.id = turn_id or new_timed_id()
        self.model = self._asked_model = model
        self.owner = owner
        self.conversation_id = conversation_id
        self.surface = surface
        self.project_id: str | None = None
        self.usage: Usage | None = None
        self.usage_details: UsageDetails | None = None
        self.finish_reason: str | None = None
        self.latency_ms = self.said_bytes = 0
        self.failure: ChatappError | None = None
        self.is_over = False
        self.entries: list[Event] = []
        self.ends: list[int] = []
        self.logprobs: list[dict[str, Any]] = []
        self.reasoning_details: list[dict[str, Any]] = []
        self.stop_error: ChatappError | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_recast = False
        self._is_stopped = False
        self._outlives_readers = outlives_readers
        self.request_id = request_id
        self.asked_at = now()
        self._began = time.perf_counter()
        self._listeners: list[Listener] = []
        self._is_accepted = False
        self._accepting: list[asyncio.Future[None]] = []
        self.append(Start(turn_id=self.id, model=model, conversation_id=conversation_id))

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question came in."""
        return time.perf_counter() - self._began

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join([entry.text for entry in self.entries if type(entry) is Text])

    @property
    def reasoning(self) -> str:
        """What the model has thought so far."""
        return "".join([entry.text for entry in self.entries if type(entry) is Reasoning])

    @property
    def has_content(self) -> bool:
        """Return whether the model has said anything."""
        return any(isinstance(entry, CONTENT) for entry in self.entries)

    @property
    def has_tool_calls(self) -> bool:
        """Return whether the model has called a tool."""
        return any(type(entry) is ToolCallDelta for entry in self.entries)

    @property
    def tool_calls(self) -> list[ToolCallPart]:
        """The tools that the model has called so far, in the order in which it began to."""
        return joined_calls([entry for entry in self.entries if type(entry) is ToolCallDelta])

    @property
    def tool_call_extras(self) -> list[dict[str, Any]]:
        """What the model server said else of each of `tool_calls`."""
        return extras_of([entry for entry in self.entries if type(entry) is ToolCallDelta])

    @property
    def citations(self) -> list[Citation]:
        """The pages that the answer goes by."""
        return [entry for entry in self.entries if type(entry) is Citation]

    @property
    def status(self) -> TurnStatus:
        """How far it is, or how it ended."""
        return final_status(self, self.failure) if self.is_over else "streaming"

    def segments(self) -> Segments:
        """Return the order in which the events came, neighbours of one kind taken together.

        Notices and citations are in full, and so are calls of tools: how many events, then what those add up to.
        """
        return self.extended([], first=0)

    def extended(self, segments: Segments, *, first: int) -> Segments:
        """Return `segments`, which are those of the events before the one at `first`, with those of the others."""
        segments = [*segments[:-1], *map(list, segments[-1:])]
        begin = self.ends[first - 1] if first else 0
        for entry, end in zip(self.entries[first:], self.ends[first:], strict=True):
            name = _KIND_NAMES[type(entry)]
            if isinstance(entry, Notice):
                segments.append([name, 1, entry.code, entry.text])
            elif isinstance(entry, Citation):
                segments.append([name, 1, entry.url, entry.title])
            elif isinstance(entry, ToolCallDelta):
                add_call(segments, entry)
            elif segments and segments[-1][0] == name:
                segments[-1][1] += end - begin
            else:
                segments.append([name, end - begin])
            begin = end
        return written(segments)

    def compact(self) -> "Turn":
        """Return what this turn is, which is over, with neighbouring pieces of text as one.

        Each takes ten times as much memory as its letters. Whoever reads this one reads on in it.
        """
        held = copy(self)
        held._task, held._listeners, held.entries, held.ends, held.logprobs = None, [], [], [], []
        held.reasoning_details = []
        for kind, run in groupby(zip(self.entries, self.ends, strict=True), key=lambda placed: type(placed[0])):
            placed = list(run)
            if kind is Text or kind is Reasoning:
                text = "".join([entry.text for entry, _ in placed if isinstance(entry, DELTAS)])
                placed = [(kind(text), placed[-1][1])]
            held.entries += [entry for entry, _ in placed]
            held.ends += [end for _, end in placed]
        return held

    def append(self, event: Event, *, size: int | None = None) -> None:
        """Add an event and let every reader know. `size`: of how many steps it is made, where it stands for several."""
        if size is None:
            size = len(event.text) if isinstance(event, DELTAS) else 1
        ends = self.ends
        self.entries.append(event)
        ends.append(ends[-1] + size if ends else size)
        for listener in self._listeners:
            listener.wake()

    def recast(self) -> None:
        """Take all text so far for thoughts. Positions stay as they are; readers who have it learn so by a notice."""
        self.entries = [Reasoning(entry.text) if type(entry) is Text else entry for entry in self.entries]
        self.is_recast = True
        self.append(Notice(WAS_THOUGHT, "What came before this was thought, not said."))

    def accept(self) -> None:
        """Note that the model has accepted the question."""
        self._is_accepted = True
        for waiting in self._accepting:
            settle(waiting)

    def end(self, failure: ChatappError | None = None, *, latency_ms: int = 0) -> None:
        """End the turn: whole, or with a failure. Nothing comes after this."""
        self.failure = failure.fresh() if failure else None
        self.is_over = True
        self.latency_ms = latency_ms
        if failure is None:
            answered = self.model if self.model != self._asked_model else None
            self.append(Done(self.finish_reason, self.usage, self.latency_ms, answered, self.usage_details))
        else:
            self.append(Failed(failure.as_dict(self.request_id)))
        self.accept()

    async def accepted(self, *, within_s: float) -> None:
        """Wait until the model has accepted the question, at most `within_s` seconds.

        Raises:
            ChatappError: it refused.
        """
        if not self._is_accepted:
            loop = asyncio.get_running_loop()
            waiting = loop.create_future()
            self._accepting.append(waiting)
            timer = loop.call_later(within_s, settle, waiting)  # `asyncio.timeout` takes four times as long
            try:
                await waiting
            finally:
                timer.cancel()
                self._accepting.remove(waiting)
            if not self._is_accepted:
                return
        if self.failure is not None and not self.has_content:
            raise self.failure.fresh()

    def filled_by(self, task: "asyncio.Task[None] | None") -> None:
        """Note which task fills the turn, None once it cannot be stopped any more; an earlier `stop` reaches it now."""
        self._task = task
        if task is not None and self._is_stopped:
            task.cancel()

    def stop(self, error: ChatappError | None = None) -> None:
        """End the answer here, as a failure if there is an `error`; what was said is kept. The first call counts."""
        if self._is_stopped or self.is_over:
            return
        self._is_stopped, self.stop_error = True, error
        if self._task is not None:
            self._task.cancel()

    def join(self, listener: Listener) -> None:
        """Let `listener` know of every event from now on."""
        self._listeners.append(listener)

    def dismiss(self, error: ChatappError) -> None:
        """Send all readers away with `error`, whatever becomes of the turn."""
        for listener in list(self._listeners):
            listener.abort(error)

    def leave(self, listener: Listener) -> None:
        """Forget `listener`. With the last one a turn ends that nobody could come back to."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            if not self._listeners and not self._outlives_readers:
                self.stop()


def settle(waiting: asyncio.Future[None]) -> None:
    """Let who waits go on, if he still does."""
    if not waiting.done():
        waiting.set_result(None)


def final_status(turn: Turn, failure: ChatappError | None) -> FinalStatus:
    """Return how a turn is kept that ends with `failure`, or with none."""
    if failure is None:
        return "stopped" if turn.finish_reason == STOPPED else "complete"
    if isinstance(failure, IncompleteAnswerError):
        return "incomplete"
    return "interrupted" if isinstance(failure, ShuttingDownError) else "failed"
