"""A turn as a chat completion: whole, or in chunks."""

import time
from collections.abc import Sequence
from typing import Literal

from pydantic_core import to_json

from chatapp.backend.gateway.schemas import Json
from chatapp.backend.http.openai_errors import openai_error
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.events import CONTENT, CUSTOM, OLDER, Done, Event, Failed, Reasoning, Text, ToolCallDelta
from chatapp.protocol.received_errors import failure_from_dict

_COUNTS: tuple[Literal["prompt_tokens", "completion_tokens", "total_tokens"], ...] = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
)
_GROWN = ("text", "summary", "data")
"""What of a thought comes in pieces."""
_THOUGHTS = ("reasoning_content", "reasoning")
"""The fields for what a model thinks: DeepSeek's, which most clients read, and OpenRouter's, whose read no other."""
_REASONS = {"stop", "length", "tool_calls", "content_filter", "function_call"}


def completion(turn: Turn) -> Json:
    """Return the whole answer of `turn` as a chat completion."""
    calls = turn.tool_calls
    message: Json = {"role": "assistant", "content": turn.text or (None if calls else ""), "refusal": None}
    if reasoning := turn.reasoning:
        message |= dict.fromkeys(_THOUGHTS, reasoning)
    if calls:
        message |= _whole_calls(turn)
    if turn.reasoning_details:
        message["reasoning_details"] = joined_details(turn.reasoning_details)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": logprobs_of(turn.logprobs),
        "finish_reason": finish_reason(turn),
    }
    return {
        "id": f"chatcmpl-{turn.id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": turn.model,
        "system_fingerprint": None,  # which OpenRouter's own client cannot do without
        "choices": [choice],
        "usage": usage_of(turn) or dict.fromkeys(_COUNTS, 0),  # llm cannot do without
    }


def logprobs_of(pieces: Sequence[Json]) -> Json | None:
    """Return those of several chunks as one, None where there are none."""
    if not pieces:
        return None
    lists = {name: [piece.get(name) for piece in pieces] for name in ("content", "refusal")}
    return {name: [it for one in told if isinstance(one, list) for it in one] or None for name, told in lists.items()}


def joined_details(pieces: Sequence[Json]) -> list[Json]:
    """Return thoughts that came in pieces as a whole answer has them: one for each kind and index, its texts joined."""
    by_place: dict[str, list[Json]] = {}
    for number, piece in enumerate(pieces):
        by_place.setdefault(f"{piece.get('type')} {piece.get('index', -number)}", []).append(piece)
    return [_joined(same) for same in by_place.values()]


def _joined(pieces: list[Json]) -> Json:
    told = dict(pieces[0])
    for piece in pieces[1:]:
        told |= {name: value for name, value in piece.items() if value is not None}
    grown = {name: [piece[name] for piece in pieces if isinstance(piece.get(name), str)] for name in _GROWN}
    return told | {name: "".join(texts) for name, texts in grown.items() if texts}


def finish_reason(turn: Turn) -> str:
    """Return why the model stopped, as OpenAI says it: clients go on by this word, and refuse one they do not know."""
    reason = turn.finish_reason or "stop"
    if turn.has_tool_calls and reason not in {"length", "content_filter"}:
        return OLDER if _is_older(turn) else "tool_calls"
    return reason if reason in _REASONS else "stop"


def usage_of(turn: Turn) -> Json | None:
    """Return the tokens that the model server counted, or that we estimate where it did not."""
    details = turn.usage_details
    counted = turn.usage or details
    if counted is None:
        return None
    usage: Json = {name: counted[name] for name in _COUNTS}
    usage["prompt_tokens_details"] = {"cached_tokens": details["cached_tokens"] if details else 0}
    usage["completion_tokens_details"] = {"reasoning_tokens": details["reasoning_tokens"] if details else 0}
    return usage


class ChatChunks:
    """Writes the events of a turn as chunks of a chat completion.

    They begin with its first word, or its end: until then it may still be another model that answers.
    `wants_usage`: a chunk without choices, behind the one with the finish reason, counts tokens.
    """

    def __init__(self, turn: Turn, *, wants_usage: bool) -> None:
        self._turn = turn
        self._wants_usage = wants_usage
        self._created = int(time.time())
        self._head = self._choice = b""
        self._told = self._told_details = 0
        self._rest = b',"logprobs":null,"finish_reason":null}]' + (b',"usage":null' if wants_usage else b"") + b"}\n\n"

    def __call__(self, events: list[tuple[Event, int]]) -> bytes:
        """Return the chunks for `events`; notices say nothing here."""
        turn = self._turn
        if len(events) == 1 and self._head and not (turn.logprobs or turn.reasoning_details):  # as almost always
            return self._chunk(events[0][0])
        thoughts = self._details() if self._head else b""
        return thoughts + b"".join([self._chunk(event) for event, _ in events])

    def _chunk(self, event: Event) -> bytes:
        if not self._head and isinstance(event, (*CONTENT, Done)):
            return self._begin() + self._chunk(event)
        if isinstance(event, Text):
            return self._delta(b'{"content":%b}' % to_json(event.text), with_logprobs=True)
        if isinstance(event, Reasoning):
            return self._delta(to_json(dict.fromkeys(_THOUGHTS, event.text)))
        if isinstance(event, ToolCallDelta):
            called = _call(event)
            return self._delta(to_json(called if OLDER in called else {"tool_calls": [called]}))
        if isinstance(event, Done):
            return self._end()
        return error_event(event) if isinstance(event, Failed) else b""

    def _begin(self) -> bytes:
        head = {
            "id": f"chatcmpl-{self._turn.id}",
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._turn.model,
        }
        self._head = b"data: " + to_json(head)[:-1] + b',"choices":['
        self._choice = self._head + b'{"index":0,"delta":'
        return self._delta(b'{"role":"assistant","content":""}') + self._details()

    def _details(self) -> bytes:
        """Return the chunk of thoughts that have come since the last, in the form in which they are to go back."""
        told, self._told_details = self._told_details, len(self._turn.reasoning_details)
        new = self._turn.reasoning_details[told:]
        return self._delta(to_json({"reasoning_details": new})) if new else b""

    def _delta(self, delta: bytes, *, with_logprobs: bool = False) -> bytes:
        """Return the chunk of a delta, with all logprobs that have come since the last that held some."""
        rest, told = self._rest, self._turn.logprobs
        if with_logprobs and len(told) > self._told:
            logprobs = to_json(logprobs_of(told[self._told :]))
            rest, self._told = rest.replace(b"null", logprobs, 1), len(told)
        return self._choice + delta + rest

    def _end(self) -> bytes:
        usage = usage_of(self._turn) if self._wants_usage else None
        counted = self._head + b'],"usage":' + to_json(usage) + b"}\n\n" if usage else b""
        reason = b',"finish_reason":' + to_json(finish_reason(self._turn))
        return (
            self._delta(b"{}", with_logprobs=True).replace(b',"finish_reason":null', reason)
            + counted
            + b"data: [DONE]\n\n"
        )


def error_event(event: Failed) -> bytes:
    """Return the last event of a stream whose answer failed; OpenAI's clients raise what it holds."""
    error = failure_from_dict(event.error)
    return b"data: " + to_json({"error": openai_error(error)}) + b"\n\n"


def _call(piece: ToolCallDelta) -> Json:
    """Return a piece of a call; only the first has an id, a type and a name.

    One that was asked for by the field `functions` is not in a list.
    """
    extra = piece.extra or {}
    kind, argument = (CUSTOM, "input") if extra.get("type") == CUSTOM else ("function", "arguments")
    called = {"name": piece.name, argument: piece.arguments} if piece.name else {argument: piece.arguments}
    if extra.get("type") == OLDER:
        return {OLDER: called}
    begun = {"id": piece.id, "type": kind} if piece.id or piece.name else {}
    return {**{name: it for name, it in extra.items() if name != "type"}, "index": piece.index, **begun, kind: called}


def _whole_calls(turn: Turn) -> Json:
    """Return the field of a message that holds what the model has called."""
    told = [
        _call(ToolCallDelta(number, call.id, call.name, call.arguments, extra))
        for number, (call, extra) in enumerate(zip(turn.tool_calls, turn.tool_call_extras, strict=True))
    ]
    if _is_older(turn):
        return told[0]
    return {"tool_calls": [{name: it for name, it in call.items() if name != "index"} for call in told]}


def _is_older(turn: Turn) -> bool:
    return any(extra.get("type") == OLDER for extra in turn.tool_call_extras)
