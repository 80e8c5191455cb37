"""What a model server says beside calls and thoughts, and wants to have back: Gemini's and OpenRouter's signatures."""

import json
from typing import Any

import pytest
import requests

from chatapp.backend.models.openai.known_calls import KnownCalls
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

Json = dict[str, Any]

SIGNED = {"extra_content": {"google": {"thought_signature": "AY89a18I"}}}
FUNCTION = {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
TOOL = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TOOLS = {"tools": [{"type": "function", "function": TOOL}]}
QUESTION = {"role": "user", "content": "Weather?"}
DETAILS = [
    {"type": "reasoning.text", "index": 0, "text": "Let me "},
    {"type": "reasoning.text", "index": 0, "text": "look.", "signature": None},
    {"type": "reasoning.text", "index": 0, "signature": "c2ln"},
    {"type": "reasoning.encrypted", "index": 1, "data": "eHl6"},
]


def call_of(number: int) -> Json:
    return {"index": 0, "id": f"call_{number}", "type": "function", "function": FUNCTION, **SIGNED}


def signed_call(number: int) -> scripts.Script:
    return scripts.answer(scripts.delta(tool_calls=[call_of(number)]), finish="tool_calls")


def post(backend: RunningBackend, path: str, body: Json) -> Any:
    return requests.post(f"{backend.url}/v1/{path}", json={"model": "m", **body}, timeout=10)


def test_what_stands_beside_a_call_reaches_the_client(shared: RunningBackend, model: StubModel) -> None:
    model.next(signed_call(1), signed_call(1))
    whole = post(shared, "chat/completions", {"messages": [QUESTION], **TOOLS}).json()
    streamed = post(shared, "chat/completions", {"messages": [QUESTION], "stream": True, **TOOLS}).text

    assert whole["choices"][0]["message"]["tool_calls"] == [
        {name: value for name, value in call_of(1).items() if name != "index"}
    ]
    assert streamed.count('"extra_content":{"google":{"thought_signature":"AY89a18I"}}') == 1


def chat(call_id: str, extra: Json) -> Json:
    call = {"id": call_id, "type": "function", "function": FUNCTION, **extra}
    result = {"role": "tool", "tool_call_id": call_id, "content": "Rain."}
    return {"messages": [QUESTION, {"role": "assistant", "content": None, "tool_calls": [call]}, result], **TOOLS}


def response(call_id: str, _extra: Json) -> Json:
    call = {"type": "function_call", "call_id": call_id, **FUNCTION}
    result = {"type": "function_call_output", "call_id": call_id, "output": "Rain."}
    return {"input": [QUESTION, call, result], "tools": [{"type": "function", **TOOL}]}


def message(call_id: str, _extra: Json) -> Json:
    call = {"type": "tool_use", "id": call_id, "name": "get_weather", "input": {"city": "Oslo"}}
    result = {"type": "tool_result", "tool_use_id": call_id, "content": "Rain."}
    said = [QUESTION, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return {"messages": said, "max_tokens": 99, "tools": [{"name": "get_weather", "input_schema": {"type": "object"}}]}


@pytest.mark.parametrize(
    ("path", "body", "sent_back", "expected"),
    [
        ("chat/completions", chat, {}, SIGNED),
        ("chat/completions", chat, {"extra_content": {"own": 1}}, {"extra_content": {"own": 1}}),
        ("responses", response, {}, SIGNED),
        ("messages", message, {}, SIGNED),
    ],
    ids=["forgotten", "sent_back", "responses", "anthropic"],
)
def test_what_stands_beside_a_call_goes_back_to_the_server_whatever_the_client_does(
    *, path: str, body: Any, sent_back: Json, expected: Json, shared: RunningBackend, model: StubModel
) -> None:
    model.next(signed_call(2))
    assert post(shared, "chat/completions", {"messages": [QUESTION], **TOOLS}).ok

    assert post(shared, path, body("call_2", sent_back)).ok

    (call,) = model.calls[-1].body["messages"][1]["tool_calls"]
    assert {"extra_content": call["extra_content"]} == expected
    assert call["function"]["name"] == "get_weather"


def test_thoughts_to_be_sent_back_reach_the_client_of_tools_as_they_came(
    shared: RunningBackend, model: StubModel
) -> None:
    steps = [scripts.delta(content="", reasoning=None, reasoning_details=[detail]) for detail in DETAILS]
    script = scripts.answer(*steps, scripts.delta(tool_calls=[call_of(3)]), finish="tool_calls")
    model.next(script, script, script)

    streamed = post(shared, "chat/completions", {"messages": [QUESTION], "stream": True, **TOOLS}).text
    whole, without = (
        post(shared, "chat/completions", {"messages": [QUESTION], **tools}).json()["choices"][0]["message"]
        for tools in (TOOLS, {})
    )

    assert all(part in streamed for part in ('"text":"Let me "', '"signature":"c2ln"', '"data":"eHl6"'))
    assert whole["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "Let me look.", "signature": "c2ln"},
        DETAILS[-1],
    ]
    assert "reasoning_details" not in without


def test_of_what_stands_beside_calls_the_oldest_is_forgotten() -> None:
    known = KnownCalls(most_bytes=3 * len('{"s":"x"}'))
    for number in range(5):
        known.note(f"call_{number}", "f", {"s": "x"})
    known.note("call_9", "f", {"s": "x" * 99})

    calls = [{"id": f"call_{number}", "function": {"name": "f"}} for number in range(5)]
    (message,) = known.told([{"role": "assistant", "tool_calls": [*calls, None]}])

    assert ["s" in call for call in message["tool_calls"] if call] == [False, False, True, True, True]


CUSTOM = [
    {"tool_calls": [{"index": 0, "id": "call_4", "type": "custom", "custom": {"name": "shell", "input": "ec"}}]},
    {"tool_calls": [{"index": 0, "custom": {"input": "ho"}}]},
]
OLDER = [{"function_call": {"name": "shell", "arguments": "{"}}, {"function_call": {"arguments": "}"}}]


@pytest.mark.parametrize(
    ("pieces", "finish", "whole"),
    [
        (
            CUSTOM,
            "tool_calls",
            {"tool_calls": [{"id": "call_4", "type": "custom", "custom": {"name": "shell", "input": "echo"}}]},
        ),
        (OLDER, "function_call", {"function_call": {"name": "shell", "arguments": "{}"}}),
    ],
    ids=["custom", "older"],
)
def test_calls_that_are_not_as_most_are_reach_the_client_as_they_came(
    pieces: list[Json], finish: str, whole: Json, shared: RunningBackend, model: StubModel
) -> None:
    script = scripts.answer(*[scripts.delta(**piece) for piece in pieces], finish=finish)
    model.next(script, script)

    answer = post(shared, "chat/completions", {"messages": [QUESTION]}).json()["choices"][0]
    streamed = post(shared, "chat/completions", {"messages": [QUESTION], "stream": True}).text

    assert {name: answer["message"].get(name) for name in whole} == whole
    assert answer["finish_reason"] == finish
    events = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: {")]
    deltas = [event["choices"][0]["delta"] for event in events]
    assert [delta for delta in deltas if delta.keys() & whole.keys()] == pieces
    assert events[-1]["choices"][0]["finish_reason"] == finish
