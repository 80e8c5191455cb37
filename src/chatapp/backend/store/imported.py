"""What is read from somebody else's file: conversations in our terms, under their own ids."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chatapp.protocol.messages import FinalStatus, Part, Role

TOOL = "the work of a tool"
ATTACHMENT = "a file, picture or recording"
NO_TEXT = "a message without text"
HIDDEN = "a message that was not shown"

_YEAR_5138 = 1e11
"""In seconds; a number beyond it is one of milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMessage:
    """One message; `parent_id` names another of the same conversation, or nothing.

    `parts` stand where `content` and `reasoning` cannot say all of it, and hold their text too.
    """

    id: str
    parent_id: str | None
    role: Role
    content: str
    reasoning: str = ""
    parts: tuple[Part, ...] = ()
    model: str | None = None
    status: FinalStatus = "complete"
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedConversation:
    """One conversation, its messages in any order. `left_out` counts what could not be taken along, by what it was."""

    source: str
    id: str
    title: str | None
    messages: list[ImportedMessage]
    leaf_id: str | None = None
    system: str | None = None
    model: str | None = None
    is_pinned: bool = False
    is_archived: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in a file that should be a conversation or a file of them, and why it is not."""

    what: str
    why: str


class Lineage:
    """Who is above whom, also where not every message is taken along."""

    def __init__(self, parents: dict[str, str | None]) -> None:
        self._parents = parents

    def nearest(self, message_id: str | None, kept: Collection[str]) -> tuple[str | None, list[str]]:
        """Return the first of `kept` from `message_id` upwards, None at the top, and those passed on the way."""
        passed: dict[str, None] = {}
        while message_id is not None and message_id not in kept:
            if message_id in passed:
                return None, list(passed)
            passed[message_id] = None
            message_id = self._parents.get(message_id)
        return message_id, list(passed)


def moment(value: str | float | None) -> datetime | None:
    """Return the time that an ISO text, or a number of seconds or milliseconds since 1970, means; None if nothing."""
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value / 1000 if value > _YEAR_5138 else value, UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None
