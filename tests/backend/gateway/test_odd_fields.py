"""Whatever stands in a field of a request under /v1: it is taken or refused, and never a defect of ours."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from chatapp.backend.gateway.anthropic_requests import likely_tokens_of, messages_question
from chatapp.backend.gateway.anthropic_schemas import MessagesRequest
from chatapp.backend.gateway.chat_requests import question_of
from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.gateway.response_requests import response_question
from chatapp.backend.gateway.schemas import ChatRequest, ResponseRequest
from chatapp.errors import ChatappError
from chatapp.protocol.question import Question

GONE = object()
ODD: list[Any] = [
    *(GONE, None, True, -1, 2**70, 1.5, "", "x", "text", [], {}, [[]], [{}], {"": ""}, [None], ["x"]),
    *([{"type": "text"}], [{"type": {}}], {"type": "text"}),
]
PICTURE = "data:image/png;base64,AAAA"
FUNCTION = {"name": "f", "parameters": {"type": "object"}}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
        {"role": "user", "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": PICTURE}},
        ]},
    ],
    "stop": ["a"],
    "tools": [{"type": "function", "function": FUNCTION}],
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "model": "m",
    "instructions": "s",
    "input": [
        {"role": "user", "content": [
            {"type": "input_text", "text": "a"},
            {"type": "input_image", "image_url": PICTURE, "detail": "low"},
        ]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
        {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "x"},
        {"type": "reasoning", "id": "r", "summary": []},
    ],
    "tools": [
        {"type": "function", **FUNCTION},
        {"type": "namespace", "name": "n", "tools": [{"type": "function", **FUNCTION}]},
        {"type": "custom", "name": "g", "description": "d", "format": {"type": "grammar", "definition": "x"}},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}},
    "reasoning": {"effort": "low"},
    "include": ["message.output_text.logprobs"],
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "model": "m",
    "max_tokens": 9,
    "system": [{"type": "text", "text": "s"}],
    "messages": [
        {"role": "assistant", "content": [
            {"type": "text", "text": "a"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        ]},
    ],
    "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "f"},
    "output_config": {"format": {"type": "json_schema", "schema": {}}},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}  # fmt: skip
MADE: dict[str, tuple[dict[str, Any], Callable[[Any], Question]]] = {
    "chat/completions": (CHAT, lambda body: question_of(ChatRequest.model_validate(body))),
    "responses": (RESPONSE, lambda body: response_question(ResponseRequest.model_validate(body), [])),
    "messages": (MESSAGE, lambda body: messages_question(MessagesRequest.model_validate(body))),
}


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to each field and each entry of `value`."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*above, key)
        yield from places(item, (*above, key))


def changed(body: dict[str, Any], place: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    """Return `body` with something else at a place of it."""
    body = copy.deepcopy(body)
    holder: Any = body
    for key in place[:-1]:
        holder = holder[key]
    if odd is GONE:
        del holder[place[-1]]
    else:
        holder[place[-1]] = odd
    return body


@pytest.mark.parametrize("path", MADE)
def test_odd_field_is_taken_or_refused(path: str) -> None:
    body, question_in = MADE[path]
    taken = 0
    for place in places(body):
        for odd in ODD:
            try:
                question = question_in(changed(body, place, odd))
                held = HeldMessages(question.wire_messages or [])
                held.hashes(0), held.messages(0)
                likely_tokens_of(question)
                taken += 1
            except (ValidationError, RequestValidationError, ChatappError):
                pass
            except Exception as defect:
                raise AssertionError(f"{odd!r} at {place} of {path}") from defect
    assert taken > len(ODD)
