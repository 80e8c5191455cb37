"""The place of what comes from elsewhere: ids that are the same every time, an order in which parents come first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha1
from heapq import heapify, heappop, heappush
from typing import Any, TypeGuard
from uuid import UUID

from sqlalchemy import Row

from chatapp.backend.store.identity import now
from chatapp.backend.store.imported import ImportedConversation, ImportedMessage, ImportedProject, ImportedTurn
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.titles import shorten, title_from
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import Part, ReasoningPart, TextPart

OURS = "chatapp"
"""The source of what a chatapp has exported."""
MAX_TITLE_CHARS = 200
MAX_MODEL_CHARS = 200
"""As many as a question may name."""

_NAMESPACE = UUID("6f0a6b0e-7f0e-4b7c-9d3c-1d6c1b1e5a5d").bytes


@dataclass(slots=True)
class Placed:
    """A conversation with the ids that it and its messages have here."""

    theirs: ImportedConversation
    fingerprint: str | None
    id: str
    mine: Row[Any] | None
    ids: dict[str, str] = field(default_factory=dict)
    ordered: list[ImportedMessage] = field(default_factory=list)

    @property
    def is_ours(self) -> bool:
        """Whether another chatapp, or this one, has exported it: everything in it is as it is here."""
        return self.theirs.source == OURS

    @property
    def leaf_id(self) -> str | None:
        """The message that the branch on show there ends in, None where nothing was said."""
        leaf = self.theirs.leaf_id
        if leaf in self.ids:
            return self.ids[leaf]
        return self.ids[self.ordered[-1].id] if self.ordered else None

    @property
    def title(self) -> str | None:
        """What it is called here: as it is there, or as its first question is, unless a chatapp names none."""
        if self.theirs.title:
            return shorten(self.theirs.title, MAX_TITLE_CHARS)
        question = next((message.content for message in self.ordered if message.role == "user"), "")
        return None if self.is_ours else title_from(question)

    @property
    def listed(self) -> dict[str, Any]:
        """How it stands in a list there: what can be changed without a word in it."""
        return {"title": self.title, "pinned": self.theirs.is_pinned, "archived": self.theirs.is_archived}

    @property
    def changed_at(self) -> datetime | None:
        """When something was last said or changed there, as far as that is known."""
        return self.theirs.updated_at or max(_moments(self.theirs), default=None)

    @property
    def lost(self) -> int:
        """How many messages have no place here."""
        return len(self.theirs.messages) - len(self.ordered)


def archived_at(theirs: ImportedConversation) -> datetime | None:
    """Return when it was archived, None where it is not."""
    is_told = theirs.archived_at or theirs.is_archived
    return theirs.archived_at or theirs.updated_at or last_moment(theirs) if is_told else None


def last_moment(theirs: ImportedConversation) -> datetime:
    """Return when the newest message was written, or the conversation was begun, as far as that is known."""
    return max(_moments(theirs), default=theirs.created_at or now())


def first_moment(theirs: ImportedConversation) -> datetime:
    """Return when the oldest message was written, or the conversation was last changed, as far as that is known."""
    written = (message.created_at for message in theirs.messages)
    return min(filter(None, written), default=theirs.updated_at or now())


def _some_moment(theirs: ImportedConversation) -> datetime:
    """Return when something was said of which nobody knows when."""
    return theirs.created_at or max(_moments(theirs), default=theirs.updated_at or now())


def _moments(theirs: ImportedConversation) -> Iterator[datetime]:
    return filter(None, (message.finished_at or message.created_at for message in theirs.messages))


def message_rows(one: Placed, wanted: Iterable[ImportedMessage], *, first: int) -> list[dict[str, Any]]:
    """Return the rows of messages, numbered from `first` on."""
    fallback = _some_moment(one.theirs)
    return [
        {
            "id": one.ids[message.id],
            "conversation_id": one.id,
            "parent_id": one.ids.get(message.parent_id) if message.parent_id else None,
            "sequence": sequence,
            "role": message.role,
            **_columns(message),
            "model": message.model,
            "status": message.status,
            "finish_reason": message.finish_reason,
            "prompt_tokens": message.prompt_tokens,
            "completion_tokens": message.completion_tokens,
            "created_at": message.created_at or fallback,
            "finished_at": message.finished_at or message.created_at or fallback,
            "summary": message.summary,
            "summarised": message.summarised,
        }
        for sequence, message in enumerate(wanted, first)
    ]


def turn_rows(one: Placed, wanted: Iterable[ImportedMessage], *, owner: str) -> list[dict[str, Any]]:
    """Return the rows of the turns that made answers, where it is known how they were made."""
    fallback = _some_moment(one.theirs)
    return [
        {
            "id": stable_id(one.ids[message.id], "turn"),
            "owner": owner,
            "conversation_id": one.id,
            "user_message_id": one.ids.get(message.parent_id) if message.parent_id else None,
            "answer_message_id": one.ids[message.id],
            "status": message.status,
            "model": message.model or "",
            "process_id": "",
            "heartbeat_at": fallback,
            "cancel_requested": False,
            "segments": [["notice", 1, notice.code, notice.text] for notice in message.turn.notices],
            "saved_text": 0,
            "saved_reasoning": 0,
            "finish_reason": message.finish_reason,
            "usage": message.turn.usage,
            "usage_details": message.turn.usage_details,
            "error": message.turn.error,
            "latency_ms": message.turn.latency_ms,
            "created_at": message.created_at or fallback,
            "finished_at": message.finished_at or message.created_at or fallback,
        }
        for message in wanted
        if message.turn is not None
    ]


def files_of(wanted: Iterable[ImportedMessage]) -> list[Part]:
    """Return the parts of messages that may be files."""
    return [part for message in wanted for part in (*message.parts, *message.attachments)]


def _columns(message: ImportedMessage) -> dict[str, Any]:
    if message.parts:
        return columns_of(message.parts)
    if message.attachments:
        thought = (ReasoningPart(message.reasoning),) if message.reasoning else ()
        return columns_of((*thought, *message.attachments, TextPart(message.content)))
    return {"content": message.content, "reasoning": message.reasoning, "parts": None}


def stable_id(*names: str) -> str:
    """Return the id that the same names have every time: a UUID of version 5, RFC 9562."""
    name = "\0".join(names).encode()
    digest = bytearray(sha1(_NAMESPACE + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return digest.hex()


def in_order(theirs: list[ImportedMessage], *, by_time: bool = True) -> Iterator[ImportedMessage]:
    """Return the messages by time, or as they stand, but each after its parent.

    Those that are their own ancestors are left out, and the second of two with one id.
    """
    ids = {message.id: number for number, message in reversed(list(enumerate(theirs)))}
    below: dict[str | None, list[tuple[float, int, ImportedMessage]]] = {}
    for number, message in enumerate(theirs):
        if ids[message.id] == number:
            parent_id = message.parent_id if message.parent_id in ids else None
            moment_s = message.created_at.timestamp() if by_time and message.created_at else 0.0
            below.setdefault(parent_id, []).append((moment_s, number, message))
    ready = below.pop(None, [])
    heapify(ready)
    while ready:
        _, _, message = heappop(ready)
        yield message
        for following in below.pop(message.id, ()):
            heappush(ready, following)


def well_formed(theirs: ImportedConversation) -> ImportedConversation:
    """Return the conversation with all its text and ids such that every database can hold them."""
    return replace(
        theirs,
        id=_text(theirs.id),
        title=_text(theirs.title) if theirs.title else None,
        leaf_id=_text(theirs.leaf_id) if theirs.leaf_id else None,
        system=_text(theirs.system) if theirs.system else None,
        model=_model(theirs.model),
        project=well_formed_project(theirs.project) if theirs.project else None,
        messages=[_message(message) for message in theirs.messages],
    )


def well_formed_project(theirs: ImportedProject) -> ImportedProject:
    """Return the project with all its text such that every database can hold it."""
    return theirs._replace(
        id=_text(theirs.id),
        name=_text(theirs.name),
        instructions=_text(theirs.instructions) if theirs.instructions else None,
        model=_model(theirs.model),
    )


def _message(message: ImportedMessage) -> ImportedMessage:
    texts = (message.id, message.parent_id or "", message.content, message.reasoning, message.model or "")
    turn = message.turn or ImportedTurn()
    error = turn.error or {}
    told = [text for notice in turn.notices for text in (notice.code, notice.text)]
    is_short = len(message.model or "") <= MAX_MODEL_CHARS
    if is_short and all(map(_is_well_formed, (*texts, *told, *filter(_is_text, error.values())))):
        return message
    return replace(
        message,
        id=_text(message.id),
        parent_id=_text(message.parent_id) if message.parent_id else None,
        content=_text(message.content),
        reasoning=_text(message.reasoning),
        model=_model(message.model),
        turn=message.turn
        and replace(
            turn,
            error=error and {name: _value(it) for name, it in error.items()},
            notices=tuple(Notice(_text(notice.code), _text(notice.text)) for notice in turn.notices),
        ),
    )


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _value(value: object) -> object:
    return _text(value) if _is_text(value) else value


def _model(name: str | None) -> str | None:
    """Return the name of a model, which nobody reads to its end if it is a megabyte."""
    return shorten(_text(name[: 2 * MAX_MODEL_CHARS]), MAX_MODEL_CHARS) if name else None


def _is_well_formed(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _text(text: str) -> str:
    """Return `text` with pairs of surrogates as one character, and U+FFFD for halves of one and for NUL."""
    if _is_well_formed(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")
