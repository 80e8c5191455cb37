"""What is read from somebody else's file: conversations in our terms, under their own ids."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from chatapp.backend.store.identity import now
from chatapp.protocol.events import COUNTS, Notice, Usage, UsageDetails
from chatapp.protocol.messages import AttachmentPart, FinalStatus, Part, Role

TOOL = "the work of a tool"
ATTACHMENT = "a file, picture or recording"
NO_TEXT = "a message without text"
UNKNOWN = "a part of a message of a kind that is not known"
HIDDEN = "a message that was not shown"
ENCRYPTED = "a thought that its program has encrypted"
PROJECT_FILE = "a file of the project, which is not in the export or has no text"
FOLDER = "the project, folder or tag it was in"

_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which number on a time counts nano-, micro- or milliseconds: in seconds it would be the year 5138 or later."""

_AHEAD = timedelta(days=1)
"""How wrong the clock of another machine may be."""

_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
"""Earlier ones are how programs write that they know no time: the years 1, 1601, 1900 and 1970."""

_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTurn:
    """How an answer was made, where that is known."""

    error: dict[str, Any] | None = None
    latency_ms: int | None = None
    usage: Usage | None = None
    usage_details: UsageDetails | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def thinking_ms(self) -> int | None:
        """How long the model thought."""
        return self.usage_details.get("thinking_ms") if self.usage_details else None


def thought_for(milliseconds: int | None) -> ImportedTurn | None:
    """Return how an answer was made of which no more is known than how long its model thought; None for nothing."""
    if milliseconds is None:
        return None
    nothing = {"cost": None, "price_source": None, "first_token_ms": None, "tokens_per_second": None}
    usage: Any = {**dict.fromkeys(COUNTS, 0), "estimated": False, **nothing, "thinking_ms": milliseconds}
    return ImportedTurn(usage_details=usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMessage:
    """One message; `parent_id` names another of the same conversation, or nothing.

    `content` holds a line for each of the `attachments`, where it belongs in the text. `parts` stand where all this
    cannot say all of it, and hold the text too.
    """

    id: str
    parent_id: str | None = None
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
    finished_at: datetime | None = None
    turn: ImportedTurn | None = None
    attachments: tuple[AttachmentPart, ...] = ()
    summary: str | None = None
    summarised: int | None = None


class ImportedProject(NamedTuple):
    """The project that a conversation was in, with its files."""

    id: str
    name: str
    instructions: str | None = None
    model: str | None = None
    files: tuple[AttachmentPart, ...] = ()


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
    sampling: dict[str, Any] | None = None
    project: ImportedProject | None = None
    is_pinned: bool = False
    is_archived: bool = False
    archived_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in a file that should be a conversation or a file of them, and why it is not."""

    what: str
    why: str


class Lineage:
    """Who is above whom, where of all messages only some are `kept`. Each is passed once, however many ask."""

    def __init__(self, parents: Mapping[str, str | None], kept: Collection[str]) -> None:
        self._parents, self._kept = parents, kept
        self._nearest: dict[str, str | None] = {}
        self._told: set[str] = set()

    def nearest(self, message_id: str | None) -> str | None:
        """Return the first that is kept from `message_id` upwards, None at the top and in a circle."""
        passed: dict[str, None] = {}
        while message_id is not None and message_id not in self._kept:
            if message_id in passed or message_id in self._nearest:
                message_id = self._nearest.get(message_id)
                break
            passed[message_id] = None
            message_id = self._parents.get(message_id)
        self._nearest.update(dict.fromkeys(passed, message_id))
        return message_id

    def above(self, message_id: str) -> str | None:
        """Return the first that is kept above `message_id`, None at the top."""
        return self.nearest(self._parents.get(message_id))

    def placed(self, messages: Iterable[ImportedMessage]) -> list[ImportedMessage]:
        """Return messages, each below the first above it that is kept."""
        return [replace(message, parent_id=self.above(message.id)) for message in messages]

    def has_passed(self, message_id: str) -> bool:
        """Return whether `passed` has returned it."""
        return message_id in self._told

    def passed(self, message_id: str | None) -> list[str]:
        """Return those from `message_id` up to the nearest, without what an earlier call has returned."""
        passed = []
        while message_id is not None and message_id not in self._kept and message_id not in self._told:
            self._told.add(message_id)
            passed.append(message_id)
            message_id = self._parents.get(message_id)
        return passed


def moment(value: str | float | None) -> datetime | None:
    """Return the time that a text in ISO's form or that of mails, or a number since 1970, in seconds or smaller, means.

    None where it means nothing, is how programs write "none", or has not come yet: it would stand at the top for ever.
    """
    try:
        if isinstance(value, str):
            parsed = _parsed(value.strip())
            parsed = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        elif value:
            parsed = _since_1970(value)
        else:
            return None
        return parsed if _EARLIEST <= parsed <= now() + _AHEAD else None
    except (ValueError, OverflowError, OSError):
        return None


def _parsed(text: str) -> datetime:
    if _NUMBER.fullmatch(text):
        return _since_1970(float(text))
    if text[:3].isalpha():  # as in mails and in HTTP: Thu, 28 May 2026 20:26:40 GMT
        return parsedate_to_datetime(text)
    return datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+").replace(" -", "-"))  # as Go has them


def _since_1970(number: float) -> datetime:
    unit = next((unit for least, unit in _UNITS if number > least), 1) if number > _UNITS[-1][0] else 1
    return datetime.fromtimestamp(number / unit, UTC)
