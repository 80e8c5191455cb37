"""What columns hold: times, text that every database can hold, messages with their parts, tokens."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from pydantic_core import to_json
from sqlalchemy import JSON, DateTime, Dialect, Integer, Text, TypeDecorator

from chatapp.backend.store.records import Segments
from chatapp.protocol.events import WAS_THOUGHT, Notice
from chatapp.protocol.messages import (
    CitationPart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    parts_as_json,
    parts_from_json,
)

_KINDS: dict[str, type[TextPart | ReasoningPart]] = {"text": TextPart, "reasoning": ReasoningPart}


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone in Python, UTC in the database; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC, without its zone where the database knows none."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_WITHOUT_ZONE = len("2026-01-02 03:04:05.000006")


@lru_cache(maxsize=64)
def sqlite_time(moment: datetime | None) -> str | None:
    """Return what SQLite holds of a time: SQLAlchemy's own way, through two classes, takes ten times as long.

    Rows that are saved together have few different ones.
    """
    if moment is None:
        return None
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


def time_in_sqlite(held: str | None) -> datetime | None:
    """Return the time that SQLite holds."""
    return None if held is None else datetime.fromisoformat(held).replace(tzinfo=UTC)


class SafeText(TypeDecorator[str]):
    """Text as people and models write it. What UTF-8 or PostgreSQL cannot hold is replaced, character by character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return `value` at the same length, NUL as U+FFFD and lone surrogates as question marks."""
        return None if value is None else safe_text(value)


def safe_text(text: str) -> str:
    """Return the text that every database can hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


class MessageParts(TypeDecorator[tuple[Part, ...]]):
    """The parts of a message as JSON, their text as `SafeText` keeps it."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[Part, ...] | None, dialect: Dialect) -> list[dict[str, Any]] | None:
        """Return the parts as JSON objects."""
        if value is None:
            return None
        return [
            {name: safe_text(it) if isinstance(it, str) else it for name, it in fields.items()}
            for fields in parts_as_json(value)
        ]

    def process_result_value(self, value: list[dict[str, Any]] | None, dialect: Dialect) -> tuple[Part, ...] | None:
        """Return the parts that this version knows."""
        return None if value is None else parts_from_json(value)


def columns_of(parts: Sequence[Part]) -> dict[str, Any]:
    """Return `content`, `reasoning` and `parts` of a row; `parts` is None where the other two tell all of it."""
    if len(parts) == 1 and type(parts[0]) is TextPart:  # as almost all are
        return {"content": parts[0].text, "reasoning": "", "parts": None}
    said = tuple(part for part in parts if not isinstance(part, TextPart | ReasoningPart) or part.text)
    content = "".join([part.text for part in said if isinstance(part, TextPart)])
    reasoning = "".join([part.text for part in said if isinstance(part, ReasoningPart)])
    is_plain = said == parts_of(content, reasoning, None)
    return {"content": content, "reasoning": reasoning, "parts": None if is_plain else said}


def parts_of(content: str, reasoning: str, parts: tuple[Part, ...] | None) -> tuple[Part, ...]:
    """Return all parts of the message that has these columns."""
    if parts is not None:
        return parts
    thought: tuple[Part, ...] = (ReasoningPart(reasoning),) if reasoning else ()
    return (*thought, TextPart(content)) if content else thought


def answer_columns(segments: Segments, *, text: str, reasoning: str) -> dict[str, Any]:
    """Return the columns of an answer that came in the order of `segments`; calls and citations stand behind."""
    kinds = [segment[0] for segment in segments if segment[0] in _OF_PARTS]
    if kinds in _TOLD_BY_COLUMNS:  # as almost always
        return {"content": text, "reasoning": reasoning, "parts": None}
    calls: list[Part] = [*_calls_in(segments), *_citations_in(segments)]
    rest = {"text": text, "reasoning": reasoning}
    sizes = [(kind, size) for kind, size, *_ in segments if kind in rest]
    if not calls and [kind for kind, _ in groupby(kind for kind, _ in sizes)] in _TOLD_BY_COLUMNS:
        return {"content": text, "reasoning": reasoning, "parts": None}
    parts: list[Part] = []
    begins = dict.fromkeys(rest, 0)
    for kind, same in groupby(sizes, key=lambda sized: sized[0]):
        end = begins[kind] + sum(size for _, size in same)
        parts.append(_KINDS[kind](rest[kind][begins[kind] : end]))
        begins[kind] = end
    return columns_of([*parts, *(_KINDS[kind](text[begins[kind] :]) for kind, text in rest.items()), *calls])


def notices_in(segments: Segments) -> tuple[Notice, ...]:
    """Return what readers of an answer were told beside it, but that text was thought: its parts say so."""
    told = (Notice(*rest) for kind, _, *rest in segments if kind == "notice")
    return tuple(notice for notice in told if notice.code != WAS_THOUGHT)


def _citations_in(segments: Segments) -> list[CitationPart]:
    return [CitationPart(*told) for kind, _, *told in segments if kind == "citation"]


def _calls_in(segments: Segments) -> list[ToolCallPart]:
    """Return the calls of tools; what came between two segments of a call does not part it."""
    found: dict[int, list[Any]] = {}
    for kind, _, *told in segments:
        if kind == "tool_call":
            index, call_id, name, arguments = told
            known = found.setdefault(index, [call_id, name, []])
            known[2].append(arguments)
    return [ToolCallPart(call_id, name, "".join(arguments)) for call_id, name, arguments in found.values()]


_OF_PARTS = frozenset({"text", "reasoning", "tool_call", "citation"})
_TOLD_BY_COLUMNS: list[list[str]] = [[], ["text"], ["reasoning"], ["reasoning", "text"]]


def json_text(value: Any) -> str:
    """Return JSON as databases hold it, at a fifth of the cost of the standard library's, which takes any text."""
    try:
        return to_json(value).decode()
    except ValueError:  # half a character
        return json.dumps(value)


class TokenCount(TypeDecorator[int]):
    """Tokens as a model server counted them; a number that makes no sense is kept as unknown."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the number, None where it is negative or more than PostgreSQL's integers hold."""
        return token_count(value)


def token_count(value: int | None) -> int | None:
    """Return the number of tokens that every database can hold, None where it makes no sense."""
    return value if value is not None and 0 <= value < 2**31 else None
