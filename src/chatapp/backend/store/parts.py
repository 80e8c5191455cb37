"""The parts of a message as its row holds them: text and reasoning in columns, all parts where those are not enough."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import JSON, Dialect, TypeDecorator

from chatapp.backend.store.column_types import safe_text
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
