"""Calls of tools, as servers word them."""

import json
from collections.abc import Iterator
from dataclasses import replace

from chatapp.protocol.events import ToolCallDelta


def calls_in(told: object) -> Iterator[ToolCallDelta]:
    """Return the calls, or pieces of calls, that the field `tool_calls` holds. Without an index their order counts."""
    for place, call in enumerate(told if isinstance(told, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            continue
        index, arguments = call.get("index"), function.get("arguments")
        if isinstance(arguments, dict):  # as Ollama's own API has them
            arguments = json.dumps(arguments, ensure_ascii=False)
        yield ToolCallDelta(
            index=index if type(index) is int else place,
            id=_text(call.get("id")),
            name=_text(function.get("name")),
            arguments=_text(arguments),
        )


def _text(value: object) -> str:
    """Return a string as UTF-8 can carry it, and nothing for what is none."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


class CallNumbers:
    """Numbers the calls of one answer from 0 on, in their order.

    Gateways of Gemini give each of several whole calls the index 0: another id is another call.
    """

    def __init__(self) -> None:
        self._by_index: dict[int, tuple[int, str]] = {}
        self._count = 0

    def numbered(self, piece: ToolCallDelta) -> ToolCallDelta:
        """Return `piece` with the number of its call."""
        number, call_id = self._by_index.get(piece.index, (-1, ""))
        if number < 0 or (piece.id and call_id and piece.id != call_id):
            number, self._count = self._count, self._count + 1
            call_id = piece.id
        self._by_index[piece.index] = number, call_id or piece.id
        return piece if number == piece.index else replace(piece, index=number)
