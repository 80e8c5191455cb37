"""How a turn ended, and the columns of its row and of its answer's that say so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Required, TypedDict

from chatapp.backend.store.identity import now
from chatapp.backend.store.parts import answer_columns
from chatapp.backend.store.records import Segments
from chatapp.protocol.events import Usage, UsageDetails
from chatapp.protocol.messages import FinalStatus, Message
from chatapp.protocol.question import HeldConversation, Question


class Ending(TypedDict, total=False):
    """What is known of a turn that has ended.

    `is_recast`: some text has become reasoning since it was saved. `model` is the one that answered, None for the one
    that was asked. By `answer_hash` the conversation is found again where its client holds it.
    """

    status: Required[FinalStatus]
    text: Required[str]
    segments: Required[Segments]
    reasoning: str
    is_recast: bool
    finish_reason: str | None
    usage: Usage | None
    usage_details: UsageDetails | None
    error: dict[str, Any] | None
    latency_ms: int | None
    answer_hash: str | None
    model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTurn:
    """A turn that is over before anything of it is saved, and what its client holds: the question and all before it.

    `process_id` names who made it, `model` is the one that answered. `said` is the answer if it says anything, by which
    the conversation is found again.
    """

    id: str
    question: Question
    held: HeldConversation
    asked_at: datetime
    process_id: str
    model: str
    ending: Ending
    said: Message | None


TURN_COLUMNS = ("status", "segments", "finish_reason", "usage", "usage_details", "error", "latency_ms", "finished_at")


def turn_columns(ending: Ending) -> dict[str, Any]:
    """Return the `TURN_COLUMNS` of a turn."""
    return {"finished_at": now(), **{name: ending.get(name) for name in TURN_COLUMNS if name != "finished_at"}}


ANSWER_COLUMNS = (
    "content", "reasoning", "parts", "status", "finish_reason", "prompt_tokens", "completion_tokens", "finished_at",
)  # fmt: skip


def answer_row(ending: Ending) -> dict[str, Any]:
    """Return the `ANSWER_COLUMNS` of an answer's message."""
    said = answer_columns(ending["segments"], text=ending["text"], reasoning=ending.get("reasoning", ""))
    usage: Any = ending.get("usage") or {}
    tokens = {name: usage.get(name) for name in ("prompt_tokens", "completion_tokens")}
    return {
        **said,
        **tokens,
        "status": ending["status"],
        "finish_reason": ending.get("finish_reason"),
        "finished_at": now(),
    }
