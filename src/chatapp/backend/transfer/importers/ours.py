"""Our own export: every branch, as `exporters` write it, also the one of version 1, which has no parts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

import msgspec

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage, ImportedProject, ImportedTurn, moment
from chatapp.backend.store.placing import OURS
from chatapp.backend.transfer.importers.fields import Json, count, mapping, sequence
from chatapp.protocol.events import Notice, Usage, UsageDetails
from chatapp.protocol.messages import PART_KINDS, AttachmentPart, CitationPart, FinalStatus, Part, Role
from chatapp.protocol.money import picodollars
from chatapp.protocol.question import EFFORTS

SOURCE = OURS
_MOST_TEMPERATURE = 2
_MOST_COUNTED, _MOST_COST_CHARS = 2**53, 40
_PRICE_SOURCES = {None, "list", "connection", "local"}
_OF_PROJECTS = {"id", "name", "instructions", "model"}
_OF_ERRORS = {"detail", "code", "hint", "request_id", "retry_after"}
NO_ADDRESS = "a source that is no address of the web"
UNKNOWN_PART = "a part of a message that a newer chatapp has written"


class _Message(msgspec.Struct):
    id: str
    parent_id: str | None
    role: Role
    content: str
    reasoning: str = ""
    parts: list[Json] = []
    model: str | None = None
    status: str = "complete"
    finish_reason: str | None = None
    usage: Usage | None = None
    usage_details: Any = None
    error: Any = None
    latency_ms: Any = None
    notices: Any = None
    summary: Any = None
    summarised: Any = None
    created_at: str | None = None
    finished_at: str | None = None


class _Conversation(msgspec.Struct):
    id: str
    messages: list[_Message]
    leaf_id: str | None = None
    title: str | None = None
    pinned: bool = False
    archived_at: str | None = None
    system: str | None = None
    model: str | None = None
    sampling: Any = None
    project: Any = None
    created_at: str | None = None
    updated_at: str | None = None


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of ours."""
    return "leaf_id" in fields and "messages" in fields


def read(fields: Json) -> ImportedConversation:
    """Return the conversation.

    Raises:
        msgspec.ValidationError: it is none of ours.
    """
    theirs = msgspec.convert(fields, type=_Conversation)
    left_out: Counter[str] = Counter()
    return ImportedConversation(
        source=SOURCE,
        id=theirs.id,
        title=theirs.title,
        messages=[_message(message, left_out) for message in theirs.messages],
        leaf_id=theirs.leaf_id,
        system=theirs.system,
        model=theirs.model,
        sampling=_sampling(theirs.sampling),
        project=_project(theirs.project),
        is_pinned=theirs.pinned,
        is_archived=theirs.archived_at is not None,
        archived_at=moment(theirs.archived_at),
        created_at=moment(theirs.created_at),
        updated_at=moment(theirs.updated_at),
        left_out=left_out,
    )


def _sampling(told: object) -> Json | None:
    """Return what can be asked for of it."""
    fields = mapping(told)
    effort = fields.get("reasoning_effort")
    known = {
        "temperature": _temperature(fields.get("temperature")),
        "max_tokens": count(fields.get("max_tokens")) or None,
        "reasoning_effort": effort if effort in EFFORTS else None,
    }
    return {name: it for name, it in known.items() if it is not None} or None


def _project(told: object) -> ImportedProject | None:
    """Return the project, None where what stands there is none that could be made here."""
    fields = {name: it for name, it in mapping(told).items() if name in _OF_PROJECTS and it is not None}
    is_one = all(isinstance(it, str) for it in fields.values()) and {"id", "name"} <= fields.keys()
    if not is_one or not fields["name"].strip():
        return None
    files = map(mapping, sequence(mapping(told).get("files")))
    return ImportedProject(**fields, files=tuple(it for file in files if (it := _file(file)) is not None))


def _file(told: Mapping[str, Any]) -> AttachmentPart | None:
    """Return a file of a project, None where it has no name or no content."""
    try:
        file = msgspec.convert(told, type=AttachmentPart)
    except msgspec.ValidationError:
        return None
    return file if file.content_id else None


def _temperature(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    return told if 0 <= told <= _MOST_TEMPERATURE else None


def _message(message: _Message, left_out: Counter[str]) -> ImportedMessage:
    usage = message.usage
    status = message.status if message.status in get_args(FinalStatus) else "interrupted"
    return ImportedMessage(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        content=message.content,
        reasoning=message.reasoning,
        parts=tuple(_parts(message.parts, left_out)),
        model=message.model,
        status=cast(FinalStatus, status),
        finish_reason=message.finish_reason,
        prompt_tokens=usage["prompt_tokens"] if usage else None,
        completion_tokens=usage["completion_tokens"] if usage else None,
        created_at=moment(message.created_at),
        finished_at=moment(message.finished_at),
        turn=_turn(message),
        **_summary(message),
    )


def _summary(message: _Message) -> Json:
    """Return the summary that stands beside a message, if it is one."""
    of = count(message.summarised)
    is_one = isinstance(message.summary, str) and bool(message.summary) and bool(of)
    return {"summary": message.summary, "summarised": of} if is_one else {}


def _turn(message: _Message) -> ImportedTurn | None:
    """Return how an answer was made; of a question, or where nobody knows, None."""
    latency_ms, error = count(message.latency_ms), _error(message.error)
    notices, details = tuple(_notices(message.notices)), _usage_details(message.usage_details)
    if latency_ms is None and error is None and details is None and not notices:
        return None
    return ImportedTurn(error=error, latency_ms=latency_ms, usage=message.usage, usage_details=details, notices=notices)


def _usage_details(told: object) -> UsageDetails | None:
    """Return what an answer took, its price and its times; None where what stands there cannot be that."""
    try:
        details = msgspec.convert(told, type=UsageDetails)
        if details["cost"] is not None:
            picodollars(details["cost"][:_MOST_COST_CHARS])
    except ValueError:  # msgspec's are too
        return None
    numbers = [it for it in details.values() if isinstance(it, int | float)]
    is_whole = details["price_source"] in _PRICE_SOURCES and len(details["cost"] or "") <= _MOST_COST_CHARS
    return details if is_whole and all(0 <= it <= _MOST_COUNTED for it in numbers) else None


def _notices(told: object) -> Iterator[Notice]:
    for fields in map(mapping, told if isinstance(told, list) else ()):
        code, text = fields.get("code"), fields.get("text")
        if isinstance(code, str) and isinstance(text, str):
            yield Notice(code, text)


def _error(told: object) -> Json | None:
    fields = mapping(told)
    if not isinstance(fields.get("detail"), str) or not isinstance(fields.get("code"), str):
        return None
    return {name: it for name, it in fields.items() if name in _OF_ERRORS and (it is None or type(it) in {str, int})}


def _parts(told: list[Json], left_out: Counter[str]) -> Iterator[Part]:
    for fields in told:
        kind = PART_KINDS.get(str(fields.get("type")))
        if kind is None:
            left_out[UNKNOWN_PART] += 1
            continue
        part = msgspec.convert(fields, type=kind)
        if isinstance(part, CitationPart) and not part.is_web:  # a link of the page leads there
            left_out[NO_ADDRESS] += 1
            continue
        yield part
