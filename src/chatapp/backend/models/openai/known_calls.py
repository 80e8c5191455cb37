"""What a server has said of the calls of tools that its models made, for clients that do not send it back.

Gemini signs calls, and goes on without the thoughts behind them, or not at all, where the signature is missing. Few
clients know of it, and neither the Responses API nor Anthropic's has a place for it.
"""

from typing import Any

import msgspec

Json = dict[str, Any]

MOST_BYTES = 8 * 1024 * 1024
"""How much is remembered of one connection; the oldest is forgotten."""


class KnownCalls:
    """The calls of one connection of which something was said beside their arguments, by their id and name."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._by_call: dict[tuple[str, str], tuple[Json, int]] = {}

    def note(self, call_id: str, name: str, extra: Json) -> None:
        """Remember what was said of a call; one without an id cannot be known again."""
        size = len(msgspec.json.encode(extra))
        if not (call_id and name) or size > self._most_bytes:
            return
        _, replaced = self._by_call.pop((call_id, name), ({}, 0))
        self._by_call[call_id, name] = extra, size
        self._size += size - replaced
        while self._size > self._most_bytes:
            _, forgotten = self._by_call.pop(next(iter(self._by_call)))
            self._size -= forgotten

    def told(self, messages: list[Json]) -> list[Json]:
        """Return `messages` with all that is known of their calls; the same list where nothing is known."""
        return [self._told(message) for message in messages] if self._by_call else messages

    def _told(self, message: Json) -> Json:
        calls = message.get("tool_calls")
        if not isinstance(calls, list):
            return message
        return {**message, "tool_calls": [self._with_extra(call) for call in calls]}

    def _with_extra(self, call: Any) -> Any:
        function = call.get("function") if isinstance(call, dict) else None
        name, call_id = (function.get("name"), call.get("id")) if isinstance(function, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(call_id, str):
            return call
        extra, _ = self._by_call.get((call_id, name), ({}, 0))
        return {**extra, **call}
