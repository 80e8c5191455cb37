"""A turn as a response of the Responses API: whole, or as its events.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Iterator
from typing import Any

from pydantic_core import to_json

from chatapp.backend.gateway.chat_answers import logprobs_of, usage_of
from chatapp.backend.gateway.response_requests import ID
from chatapp.backend.gateway.response_tools import free_text, served, told_as
from chatapp.backend.gateway.schemas import Json, ResponseRequest
from chatapp.backend.http.openai_errors import openai_error
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.events import CONTENT, Done, Event, Failed, Reasoning, Text, ToolCallDelta
from chatapp.protocol.received_errors import failure_from_dict

Events = Iterator[tuple[str, Json]]
"""Names of events, each with what it holds."""


class ResponseEvents:
    """Writes the events of a turn as events of a response; each item of its output opens, grows and closes.

    They begin with its first word, or its end: until then it may still be another model that answers. What the model
    thought is told as its summary to clients that ask for one: they show that alone.
    """

    def __init__(self, turn: Turn, wanted: ResponseRequest) -> None:
        self._turn = turn
        self._wanted = wanted
        self._sums_up = (wanted.reasoning or {}).get("summary") not in (None, "none")
        self._growing = {**_GROWING, Reasoning: f"{_SUMMARY}_text"} if self._sums_up else _GROWING
        self._tools = served(wanted.tools or [])
        self._told_as = told_as(self._tools)
        self._created_at = int(turn.asked_at.timestamp())
        self._number = 0
        self._has_begun = False
        self._output: list[Json] = []
        self._open: tuple[type[Event], int] | None = None
        self._grown: list[str] = []
        self._logprobs: list[Json] = []
        self._told_logprobs = 0

    def __call__(self, events: list[tuple[Event, int]]) -> bytes:
        """Return the events for `events`; notices say nothing here."""
        return b"".join([self._written(*told) for event, _ in events for told in self.take(event)])

    def take(self, event: Event) -> Events:
        """Return what an event of the turn comes to."""
        if not self._has_begun and isinstance(event, (*CONTENT, Done, Failed)):
            self._has_begun = True
            yield "response.created", {"response": self.response("in_progress")}
            yield "response.in_progress", {"response": self.response("in_progress")}
        if isinstance(event, Text | Reasoning):
            yield from self._opened(type(event), 0, _new_text if isinstance(event, Text) else _new_thought)
            yield from self._grow(event.text)
        elif isinstance(event, ToolCallDelta):
            told = self._told_as.get(event.name, {})
            yield from self._opened(ToolCallDelta, event.index, lambda item_id: _new_call(item_id, event, told))
            yield from self._grow(event.arguments)
        elif isinstance(event, Done | Failed):
            yield from self._close()
            yield self._end(event)

    def response(self, status: str, **others: Any) -> Json:
        """Return the response as far as it is."""
        wanted = self._wanted
        asked = {name: getattr(wanted, name) for name in ("instructions", "previous_response_id", "max_output_tokens")}
        sampling = {name: (wanted.model_extra or {}).get(name) for name in _TOLD_BACK}
        return {
            "id": f"{ID}{self._turn.id}",
            "object": "response",
            "created_at": self._created_at,
            "completed_at": self._created_at + self._turn.latency_ms // 1000 if status == "completed" else None,
            "status": status,
            "model": self._turn.model,
            "output": self._output,
            "error": None,
            "incomplete_details": None,
            "parallel_tool_calls": True,
            "tool_choice": wanted.tool_choice or "auto",
            "tools": self._tools,
            "usage": None,
            **asked,
            **sampling,
            **others,
        }

    def _end(self, event: Done | Failed) -> tuple[str, Json]:
        usage = _usage(self._turn)
        if isinstance(event, Failed):
            error = openai_error(failure_from_dict(event.error))
            told = {"code": error["code"], "message": error["message"]}
            return "response.failed", {"response": self.response("failed", error=told, usage=usage)}
        if event.finish_reason in {"length", "content_filter"}:
            reason = "max_output_tokens" if event.finish_reason == "length" else event.finish_reason
            cut = {"incomplete_details": {"reason": reason}, "usage": usage}
            return "response.incomplete", {"response": self.response("incomplete", **cut)}
        return "response.completed", {"response": self.response("completed", usage=usage)}

    def _opened(self, kind: type[Event], index: int, new: Any) -> Events:
        """Open an item unless it is the one that is open; another is closed before."""
        if self._open == (kind, index):
            return
        yield from self._close()
        prefix = f"{_PREFIXES[kind]}_{self._turn.id}_"
        item = new(f"{prefix}{sum(one['id'].startswith(prefix) for one in self._output)}")
        self._open = (kind, index)
        self._output.append(item)
        yield "response.output_item.added", {"output_index": self._place, "item": item}
        if kind is Text:
            yield "response.content_part.added", {**self._where(kind), "part": _output_text("")}
        elif kind is Reasoning and self._sums_up:
            yield f"{_SUMMARY}_part.added", {**self._where(kind), "part": _summary("")}

    def _grow(self, delta: str) -> Events:
        if delta and self._open is not None:
            self._grown.append(delta)
            kind = self._open[0]
            if "input" in self._output[-1]:
                return  # free text inside JSON: it is told once it is whole
            logprobs: Json = {"logprobs": self._new_logprobs()} if kind is Text else {}
            yield f"{self._growing[kind]}.delta", {**self._where(kind), "delta": delta, **logprobs}

    def _new_logprobs(self) -> list[Json]:
        """Return the logprobs that have come since the last that were told."""
        pieces = self._turn.logprobs[self._told_logprobs :]
        if not pieces:
            return []
        self._told_logprobs += len(pieces)
        told = (logprobs_of(pieces) or {}).get("content") or []
        self._logprobs += told
        return told

    def _close(self) -> Events:
        """Close the item that is open, whole as it is by now."""
        if self._open is None:
            return
        kind, item, text = self._open[0], self._output[-1], "".join(self._grown)
        self._open, self._grown = None, []
        item["status"] = "completed"
        if "input" in item:
            item["input"] = text = free_text(text)
            yield f"{_FREE_TEXT}.delta", {**self._where(kind), "delta": text}
            yield f"{_FREE_TEXT}.done", {**self._where(kind), "input": text}
        elif kind is ToolCallDelta:
            item["arguments"] = text
            yield f"{self._growing[kind]}.done", {**self._where(kind), "arguments": text, "name": item["name"]}
        elif kind is Reasoning and self._sums_up:
            item["summary"] = [_summary(text)]
            yield f"{self._growing[kind]}.done", {**self._where(kind), "text": text}
            yield f"{_SUMMARY}_part.done", {**self._where(kind), "part": _summary(text)}
        elif kind is Reasoning:
            item["content"] = [{"type": "reasoning_text", "text": text}]
            yield f"{self._growing[kind]}.done", {**self._where(kind), "text": text}
        else:
            self._new_logprobs()  # those that came behind the last word
            part, self._logprobs = {**_output_text(text), "logprobs": self._logprobs}, []
            item["content"] = [part]
            yield f"{self._growing[kind]}.done", {**self._where(kind), "text": text, "logprobs": part["logprobs"]}
            yield "response.content_part.done", {**self._where(kind), "part": part}
        yield "response.output_item.done", {"output_index": self._place, "item": item}

    @property
    def _place(self) -> int:
        return len(self._output) - 1

    def _where(self, kind: type[Event]) -> Json:
        item = {"item_id": self._output[-1]["id"], "output_index": self._place}
        if kind is ToolCallDelta:
            return item
        return {**item, "summary_index" if kind is Reasoning and self._sums_up else "content_index": 0}

    def _written(self, name: str, told: Json) -> bytes:
        body = to_json({"type": name, "sequence_number": self._number, **told})
        self._number += 1
        return b"event: " + name.encode() + b"\ndata: " + body + b"\n\n"


def whole_response(turn: Turn, wanted: ResponseRequest) -> Json:
    """Return the answer of `turn` as a response, as far as it is."""
    events = ResponseEvents(turn, wanted)
    response = events.response("in_progress")
    for event in turn.entries:
        for _, told in events.take(event):
            response = told.get("response", response)
    return response


_TOLD_BACK = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "metadata")
_PREFIXES: dict[type[Event], str] = {Text: "msg", Reasoning: "rs", ToolCallDelta: "fc"}
_GROWING: dict[type[Event], str] = {
    Text: "response.output_text",
    Reasoning: "response.reasoning_text",
    ToolCallDelta: "response.function_call_arguments",
}
_FREE_TEXT, _SUMMARY = "response.custom_tool_call_input", "response.reasoning_summary"


def _new_text(item_id: str) -> Json:
    return {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}


def _new_thought(item_id: str) -> Json:
    return {"id": item_id, "type": "reasoning", "status": "in_progress", "summary": [], "content": []}


def _new_call(item_id: str, piece: ToolCallDelta, told: Json) -> Json:
    """Return the item of a call that begins; one of a tool that takes free text is `told` to be such."""
    call = {"type": "function_call", "name": piece.name, **told}
    grows = "input" if call["type"] == "custom_tool_call" else "arguments"
    return {"id": item_id, "status": "in_progress", "call_id": piece.id, grows: "", **call}


def _output_text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _summary(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def _usage(turn: Turn) -> Json | None:
    counted = usage_of(turn)
    if counted is None:
        return None
    return {
        "input_tokens": counted["prompt_tokens"],
        "input_tokens_details": {**counted["prompt_tokens_details"], "cache_write_tokens": 0},
        "output_tokens": counted["completion_tokens"],
        "output_tokens_details": counted["completion_tokens_details"],
        "total_tokens": counted["total_tokens"],
    }
