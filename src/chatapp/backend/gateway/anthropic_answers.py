"""A turn as a message of Anthropic's Messages API: whole, or as its events.

https://docs.anthropic.com/en/api/messages-streaming
"""

from collections.abc import Iterator

from pydantic_core import to_json

from chatapp.backend.gateway.anthropic_schemas import MessagesRequest
from chatapp.backend.gateway.chat_answers import finish_reason, usage_of
from chatapp.backend.gateway.schemas import Json, ModelOut, object_in
from chatapp.backend.http.openai_errors import anthropic_body
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.events import CONTENT, Done, Event, Failed, Reasoning, Text, ToolCallDelta
from chatapp.protocol.received_errors import failure_from_dict

Events = Iterator[Json]
"""Events, each by its `type`."""

_REASONS = {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


class MessageEvents:
    """Writes the events of a turn as events of a message; each block of its content opens, grows and closes.

    They begin with its first word, or its end: until then it may still be another model that answers. What the model
    thought is told to clients that ask for it: others take the first block for the answer.
    """

    def __init__(self, turn: Turn, wanted: MessagesRequest) -> None:
        self._turn = turn
        self._tells_thoughts = (wanted.thinking or {"type": "disabled"}).get("type") != "disabled"
        self._has_begun = False
        self._open: tuple[type[Event], int] | None = None
        self._index = -1

    def __call__(self, events: list[tuple[Event, int]]) -> bytes:
        """Return the events for `events`; notices say nothing here."""
        return b"".join([_written(told) for event, _ in events for told in self.take(event)])

    def take(self, event: Event) -> Events:
        """Return what an event of the turn comes to."""
        if not self._has_begun and isinstance(event, (*CONTENT, Done)):
            self._has_begun = True
            yield {"type": "message_start", "message": self._message()}
            yield {"type": "ping"}
        if isinstance(event, Text):
            yield from self._grown(Text, {"type": "text", "text": ""}, {"type": "text_delta", "text": event.text})
        elif isinstance(event, Reasoning) and self._tells_thoughts:
            thought = {"type": "thinking", "thinking": "", "signature": ""}
            yield from self._grown(Reasoning, thought, {"type": "thinking_delta", "thinking": event.text})
        elif isinstance(event, ToolCallDelta):
            call = {"type": "tool_use", "id": event.id, "name": event.name, "input": {}}
            piece = {"type": "input_json_delta", "partial_json": event.arguments}
            yield from self._grown(ToolCallDelta, call, piece, number=event.index)
        elif isinstance(event, Done):
            yield from self._closed()
            yield {"type": "message_delta", "delta": _end(self._turn), "usage": _usage(self._turn)}
            yield {"type": "message_stop"}
        elif isinstance(event, Failed):
            yield anthropic_body(failure_from_dict(event.error))

    def _message(self) -> Json:
        usage = {"input_tokens": 0, "output_tokens": 0}  # which nobody has counted yet; the end says it
        return {**_head(self._turn), "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}

    def _grown(self, kind: type[Event], block: Json, delta: Json, *, number: int = 0) -> Events:
        """Let the block that is open grow, or close it and open `block` before."""
        if self._open != (kind, number):
            yield from self._closed()
            self._open, self._index = (kind, number), self._index + 1
            yield {"type": "content_block_start", "index": self._index, "content_block": block}
        yield {"type": "content_block_delta", "index": self._index, "delta": delta}

    def _closed(self) -> Events:
        if self._open is not None:
            self._open = None
            yield {"type": "content_block_stop", "index": self._index}


def whole_message(turn: Turn, wanted: MessagesRequest) -> Json:
    """Return the whole answer of `turn` as a message."""
    content: list[Json] = []
    events = MessageEvents(turn, wanted)
    for event in turn.entries:
        for sent in events.take(event):
            if sent["type"] == "content_block_start":
                content.append({**sent["content_block"], "grown": []})
            elif sent["type"] == "content_block_delta":
                (piece,) = (sent["delta"][name] for name in _PIECES if name in sent["delta"])
                content[-1]["grown"].append(piece)
    return {**_head(turn), "content": list(map(_whole, content)), **_end(turn), "usage": _usage(turn)}


_PIECES = ("text", "thinking", "partial_json")


def _whole(block: Json) -> Json:
    text = "".join(block.pop("grown"))
    if block["type"] == "tool_use":
        return {**block, "input": object_in(text)}  # with nothing that we know where it is no JSON
    return {**block, block["type"]: text}


def _head(turn: Turn) -> Json:
    return {"id": f"msg_{turn.id}", "type": "message", "role": "assistant", "model": turn.model}


def _end(turn: Turn) -> Json:
    return {"stop_reason": _REASONS.get(finish_reason(turn), "end_turn"), "stop_sequence": None}


def _usage(turn: Turn) -> Json:
    """Return the tokens; those that were read from a cache are not among `input_tokens` there."""
    counted = usage_of(turn)
    if counted is None:
        return {"input_tokens": 0, "output_tokens": 0}
    cached = min(counted["prompt_tokens_details"]["cached_tokens"], counted["prompt_tokens"])
    return {
        "input_tokens": counted["prompt_tokens"] - cached,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": counted["completion_tokens"],
    }


NO_THREADS: Json = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "No threads are held here: send all that was said with each question.",
        "details": {"error_code": "thread_unsupported_request", "unsupported": ["thread"]},
    },
}
"""What is answered with status 400 where a conversation is to be held here between its questions.

The tool runners of Anthropic's clients want that, unless they are told by these details to send all of it again; where
they are not told, the model gets the results of tools and nothing else.
https://platform.claude.com/docs/en/build-with-claude/message-threads
"""


def listed_models(listed: list[ModelOut]) -> Json:
    """Return all models that can be asked, the default first."""
    first, last = (listed[0].id, listed[-1].id) if listed else (None, None)
    return {"data": list(map(listed_model, listed)), "has_more": False, "first_id": first, "last_id": last}


def listed_model(entry: ModelOut) -> Json:
    """Return a model that can be asked; nobody knows when it was created."""
    told = {"display_name": entry.id, "created_at": "1970-01-01T00:00:00Z", "lifecycle": "active"}
    return {"type": "model", "id": entry.id, **told}


def _written(told: Json) -> bytes:
    return b"event: " + str(told["type"]).encode() + b"\ndata: " + to_json(told) + b"\n\n"
