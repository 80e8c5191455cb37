"""Calls of tools, as servers word them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from chatapp.backend.models.openai.known_calls import KnownCalls
from chatapp.protocol.events import CUSTOM, OLDER, ToolCallDelta

_USUAL = {"index", "id", "type", "function", "custom", "name", "arguments", "input", "args"}


def calls_in(told: object) -> Iterator[ToolCallDelta]:
    """Return the calls, or pieces of calls, that the field `tool_calls` holds. Without an index their order counts."""
    calls = [told] if isinstance(told, dict) else told
    for place, call in enumerate(calls if isinstance(calls, list) else ()):
        function, extra = _called_in(call)
        if function is None:
            continue
        index, arguments = call.get("index"), function.get("arguments")
        if isinstance(arguments, dict):  # as Ollama's own API has them
            arguments = json.dumps(arguments, ensure_ascii=False)
        extra |= {name: value for name, value in call.items() if name not in _USUAL and value is not None}
        yield ToolCallDelta(
            index=index if type(index) is int else int(index) if _is_digits(index) else place,
            id=_text(call.get("id")),
            name=_text(function.get("name")),
            arguments=_text(arguments),
            extra=extra or None,
        )


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 4  # noqa: PLR2004


def older_calls_in(told: object) -> Iterator[ToolCallDelta]:
    """Return the call, or the piece of one, that the field `function_call` holds, older than `tool_calls`."""
    if isinstance(told, dict):
        name, arguments = _text(told.get("name")), _text(told.get("arguments"))
        yield ToolCallDelta(index=0, id="", name=name, arguments=arguments, extra={"type": OLDER})


def _called_in(call: Any) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return what is called, and what its kind is where it is no function: OpenAI's custom tools take any text."""
    function = call.get("function") if isinstance(call, dict) else None
    if isinstance(function, dict):
        return function, {}
    custom = call.get("custom") if isinstance(call, dict) else None
    if not isinstance(custom, dict):
        return _named_in(call), {}
    return {"name": custom.get("name"), "arguments": custom.get("input")}, {"type": CUSTOM}


def _named_in(call: Any) -> dict[str, Any] | None:
    """Return the function of a call that has its name and arguments beside its id: Anthropic's and Google's way."""
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return None
    arguments = next((call[field] for field in ("arguments", "input", "args") if field in call), "")
    return {"name": call["name"], "arguments": arguments}


def _text(value: object) -> str:
    """Return a string as UTF-8 can carry it, and nothing for what is none."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


@dataclass(slots=True)
class _Call:
    number: int
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class CallNumbers:
    """Numbers the calls of one answer from 0 on, in their order.

    Ollama and gateways of Gemini give each of several whole calls the index 0, some without ids. `known` takes note of
    what is said of them beside their arguments.
    """

    def __init__(self) -> None:
        self.known: KnownCalls | None = None
        self._by_index: dict[int, _Call] = {}
        self._count = 0
        self._repeats_names = False

    @property
    def has_any(self) -> bool:
        """Return whether anything was called."""
        return bool(self._by_index)

    def numbered(self, piece: ToolCallDelta) -> ToolCallDelta:
        """Return `piece` with the number of its call, and without a name that the call has by now."""
        call = self._by_index.get(piece.index)
        if call is None or self._is_other(piece, call):
            call = self._by_index[piece.index] = _Call(self._count)
            self._count += 1
        is_named = bool(piece.name) and call.name == piece.name
        call.id, call.name = call.id or piece.id, call.name or piece.name
        call.arguments.append(piece.arguments)
        if piece.extra and self.known is not None:
            self.known.note(call.id, call.name, piece.extra)
        if call.number == piece.index and not is_named:
            return piece
        return replace(piece, index=call.number, name="" if is_named else piece.name)

    def _is_other(self, piece: ToolCallDelta, call: _Call) -> bool:
        """Return whether `piece` begins another call: it has another id, or a name where `call` is whole.

        Who says a name again before that does so with each piece. So no arguments are looked at twice.
        """
        if piece.id and call.id:
            return piece.id != call.id
        if not (piece.name and call.name) or self._repeats_names:
            return False
        self._repeats_names = not _is_json("".join(call.arguments))
        return not self._repeats_names


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
