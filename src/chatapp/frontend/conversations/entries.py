"""The messages on screen: their words, and what is known about each of them."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple, TypedDict

from chatapp.errors import BudgetExceededError, ChatappError, InternalError
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.moments import local_time
from chatapp.protocol.events import UsageDetails
from chatapp.protocol.messages import CitationPart, ToolCallPart, ToolResultPart, files_of
from chatapp.protocol.resources import AttachmentInfo, MessageInfo
from chatapp.protocol.wording import later

Role = Literal["user", "assistant"]
_STEP_CHARS = 4000
_INTERRUPTED = later("Interrupted")
_ENDS = {
    "stopped": later("Stopped"),
    "failed": _INTERRUPTED,
    "incomplete": _INTERRUPTED,
    "interrupted": _INTERRUPTED,
}
_BROKEN = {"failed", "incomplete", "interrupted"}


class ShownMessage(TypedDict):
    """One message of the conversation; `timestamp` is the reader's time of day, HH:MM:SS."""

    role: Role
    content: str
    timestamp: str


class ToolStep(NamedTuple):
    """A call of a tool, or what came of one; `text` is cut where it is long. `tool` has its place in `title`."""

    title: str
    text: str
    tool: str = ""


@dataclass(frozen=True, slots=True)
class DisplayMessage:
    """One message and what is known about it. `siblings` are the ids of its alternatives, itself among them.

    `tools` are the tools that an answer calls, and what came of them; `files` go along with a question, `citations` are
    the pages that an answer goes by. `summary`
    stands for an answer and all before it, `summarised` in number, in what models read; `removed_summary` was taken
    away here and can be had back.

    `status` of an answer is "complete", or how else it ended; `error` is set where there was one. `day` is the
    reader's date, YYYY-MM-DD, of a message from before today.
    """

    message: ShownMessage
    day: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_stored: bool = False
    parent_id: str | None = None
    siblings: tuple[str, ...] = ()
    reasoning: str = ""
    status: str = "complete"
    finish_reason: str | None = None
    model: str | None = None
    elapsed_s: float | None = None
    usage: UsageDetails | None = None
    notices: tuple[str, ...] = ()
    tools: tuple[ToolStep, ...] = ()
    files: tuple[AttachmentInfo, ...] = ()
    citations: tuple[CitationPart, ...] = ()
    error: ChatappError | None = None
    summary: str | None = None
    summarised: int = 0
    removed_summary: str | None = None

    @property
    def is_answer(self) -> bool:
        """Whether the model said it."""
        return self.message["role"] == "assistant"

    @property
    def is_silent(self) -> bool:
        """Whether it is an answer that ended before its first word."""
        return self.is_answer and not self.content and not self.tools and self.status != "complete"

    @property
    def end(self) -> str | None:
        """How an answer ended, in a word or two; None for one that ended well."""
        return later("Budget spent") if isinstance(self.error, BudgetExceededError) else _ENDS.get(self.status)

    @property
    def content(self) -> str:
        """The words, raw."""
        return self.message["content"]


def question_entry(prompt: str, zone: tzinfo | None, files: tuple[AttachmentInfo, ...] = ()) -> DisplayMessage:
    """Return a question that is asked now."""
    return DisplayMessage(_message("user", prompt, datetime.now(zone)), files=files)


def answer_entry(answer: LiveAnswer, zone: tzinfo | None) -> DisplayMessage:
    """Return an answer that has just ended."""
    return DisplayMessage(
        _message("assistant", answer.text, datetime.now(zone)),
        reasoning=answer.reasoning,
        status=answer.status,
        finish_reason=answer.finish_reason,
        model=answer.model,
        elapsed_s=answer.elapsed_s,
        usage=answer.usage,
        notices=tuple(answer.notices),
        citations=tuple(answer.citations),
        error=answer.error,
    )


def stored_entry(stored: MessageInfo, zone: tzinfo | None) -> DisplayMessage:
    """Return a question or an answer as the backend stores it."""
    when = local_time(stored.finished_at or stored.created_at, zone)
    day = when.date()
    return DisplayMessage(
        _message("user" if stored.role == "user" else "assistant", stored.content, when),
        day=None if day == datetime.now(zone).date() else day.isoformat(),
        id=stored.id,
        is_stored=True,
        parent_id=stored.parent_id,
        siblings=tuple(stored.siblings),
        reasoning=stored.reasoning,
        status=stored.status,
        finish_reason=stored.finish_reason,
        model=stored.model,
        elapsed_s=None if stored.latency_ms is None else stored.latency_ms / 1000,
        usage=stored.usage_details,
        notices=tuple(notice.text for notice in stored.notices),
        tools=tuple(_steps(stored)),
        files=files_of(stored.parts),
        citations=tuple(part for part in stored.parts if isinstance(part, CitationPart)),
        error=_error(stored),
        summary=stored.summary,
        summarised=stored.summarised or 0,
    )


def stored_entries(stored: Iterable[MessageInfo], zone: tzinfo | None) -> list[DisplayMessage]:
    """Return questions and answers as the backend stores them. What came of a tool belongs to the answer before it."""
    entries: list[DisplayMessage] = []
    for message in stored:
        if message.role in {"user", "assistant"}:
            entries.append(stored_entry(message, zone))
        elif message.role == "tool" and entries:
            entries[-1] = replace(entries[-1], tools=(*entries[-1].tools, *_steps(message)))
    return entries


def _steps(stored: MessageInfo) -> Iterator[ToolStep]:
    for part in stored.parts:
        if isinstance(part, ToolCallPart):
            yield ToolStep(later("Called {tool}"), _cut(part.arguments), part.name)
        elif isinstance(part, ToolResultPart):
            yield ToolStep(later("Error of a tool") if part.is_error else later("Result of a tool"), _cut(part.text))


def _cut(text: str) -> str:
    return text if len(text) <= _STEP_CHARS else f"{text[:_STEP_CHARS]}…"


def _error(stored: MessageInfo) -> ChatappError | None:
    if stored.role != "assistant" or stored.status not in _BROKEN:
        return None
    return stored.error or InternalError("The backend stopped before the answer was whole.", hint="Ask again.")


def _message(role: Role, content: str, when: datetime) -> ShownMessage:
    return {"role": role, "content": content, "timestamp": when.strftime("%H:%M:%S")}
