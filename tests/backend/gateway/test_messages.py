"""`POST /v1/messages` as clients of Anthropic's API find it, in front of the stub model."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel

RunBackend = Callable[..., RunningBackend]
QUESTION: Any = [{"role": "user", "content": "Why?"}]
TOOL: Any = {"name": "get_weather", "description": "Look.", "input_schema": {"type": "object"}}
FUNCTION = {"name": "get_weather", "description": "Look.", "parameters": {"type": "object"}}
CALLED = scripts.answer(scripts.delta(reasoning_content="Hm."), "Let me see.", scripts.tool_call(), finish="tool_calls")
SEARCH: Any = {"type": "web_search_20250305", "name": "web_search"}
CALL = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
USAGE = {"input_tokens": 7, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 5}


def post(backend: RunningBackend, path: str = "messages", **body: Any) -> requests.Response:
    headers = {"x-api-key": "a-key", "anthropic-version": "2023-06-01", "User-Agent": "claude-cli/2.1.100 (x)"}
    body = {"model": "stub-model", "max_tokens": 50, "messages": QUESTION, **body}
    return requests.post(f"{backend.url}/v1/{path}", json=body, headers=headers, timeout=10)


def events(response: requests.Response) -> list[dict[str, Any]]:
    """Return the events of a stream, each of which names itself twice."""
    told = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    names = [line[7:] for line in response.text.splitlines() if line.startswith("event: ")]
    assert names == [event["type"] for event in told]
    return told


def test_a_whole_answer_is_a_message(shared: RunningBackend) -> None:
    answer = post(shared).json()
    assert answer.pop("id").startswith("msg_")
    assert answer == {
        "type": "message",
        "role": "assistant",
        "model": "stub-model",
        "content": [{"type": "text", "text": "Hello from the stub."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }


def test_a_stream_tells_of_each_block_and_ends_with_why_and_how_much(shared: RunningBackend, model: StubModel) -> None:
    model.next(CALLED)
    told = events(post(shared, stream=True, tools=[TOOL], thinking={"type": "adaptive"}))
    assert [event["type"].removeprefix("content_") for event in told] == [
        "message_start", "ping",
        *["block_start", "block_delta", "block_stop"] * 3,
        "message_delta", "message_stop",
    ]  # fmt: skip
    assert [event["index"] for event in told[2:-2]] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [event["content_block"] for event in told[2:-2:3]] == [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "text", "text": ""},
        {**CALL, "input": {}},
    ]
    assert [event["delta"] for event in told[3:-2:3]] == [
        {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "text_delta", "text": "Let me see."},
        {"type": "input_json_delta", "partial_json": '{"city":"Paris"}'},
    ]
    assert told[0]["message"]["content"] == []
    assert told[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert told[-2]["usage"] == USAGE


def test_thoughts_are_told_to_who_asks_for_them(shared: RunningBackend, model: StubModel) -> None:
    """Others take the first block for the answer."""
    model.next(CALLED, CALLED)
    kinds = [
        [block["type"] for block in post(shared, **options).json()["content"]]
        for options in ({}, {"thinking": {"type": "enabled", "budget_tokens": 1024}})
    ]
    assert kinds == [["text", "tool_use"], ["thinking", "text", "tool_use"]]


def test_a_tool_is_called_and_the_run_is_one_conversation(run_backend: RunBackend, stub: StubModel) -> None:
    backend = run_backend(api_keys="ada:a-key")
    stub.next(CALLED, scripts.answer("Rain."))
    called = post(backend, tools=[TOOL], thinking={"type": "adaptive"}).json()["content"]
    assert called[-1] == CALL
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "9 mm"}, PICTURE]}
    asked = [*QUESTION, {"role": "assistant", "content": called}, {"role": "user", "content": [result]}]
    assert post(backend, tools=[TOOL], messages=asked).json()["content"] == [{"type": "text", "text": "Rain."}]
    function = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    assert stub.calls[-1].body["messages"] == [
        *QUESTION,
        {"role": "assistant", "content": "Let me see.",
         "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "9 mm"},
        {"role": "user", "content": [image]},
    ]  # fmt: skip
    headers = {"X-API-Key": "a-key"}
    (kept,) = requests.get(f"{backend.url}/conversations", headers=headers, timeout=10).json()["items"]
    assert (kept["source"], kept["client"], kept["title"]) == ("v1", "claude-cli", "Why?")


def test_what_is_asked_for_is_said_in_the_words_of_a_chat_completion(shared: RunningBackend, model: StubModel) -> None:
    schema = {"type": "object"}
    paper = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
    blocks = [
        {"type": "text", "text": "What?", "cache_control": {"type": "ephemeral"}},
        {"type": "document", "source": paper, "title": "a.pdf"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Notes."}},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "Lines."}]}},
        {"type": "search_result", "title": "A", "source": "a.md", "content": [{"type": "text", "text": "Found."}]},
    ]
    post(
        shared,
        system=[{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}],
        messages=[{"role": "user", "content": blocks}],
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
        stop_sequences=["End"],
        temperature=0.5,
        top_k=7,
        metadata={"user_id": "x"},
        output_config={"format": {"type": "json_schema", "schema": schema}},
        response_format="nonsense",
    )
    sent = model.calls[-1].body
    file = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}
    assert sent["messages"] == [
        {"role": "system", "content": "Be\n\nbrief."},
        {"role": "user", "content": [
            {"type": "text", "text": "What?"},
            {"type": "file", "file": file},
            {"type": "text", "text": "Notes."},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {"type": "text", "text": "Lines."},
            {"type": "text", "text": "A\n\na.md\n\nFound."},
        ]},
    ]  # fmt: skip
    always = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in sent.items() if name not in always} == {
        "max_tokens": 50,
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        "parallel_tool_calls": False,
        "stop": ["End"],
        "temperature": 0.5,
        "top_k": 7,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}},
    }


def test_tools_of_anthropic_s_are_left_out_beside_others_and_so_is_what_they_have_found(
    shared: RunningBackend, model: StubModel
) -> None:
    found = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "rain"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "text", "text": "It rains."},
    ]
    asked = [{"role": "user", "content": "Rain?"}, {"role": "assistant", "content": found}, *QUESTION]
    assert post(shared, messages=asked, tools=[SEARCH, TOOL]).status_code == 200
    sent = model.calls[-1].body
    assert [tool["function"]["name"] for tool in sent["tools"]] == [TOOL["name"]]
    assert sent["messages"][1] == {"role": "assistant", "content": "It rains."}


@pytest.mark.parametrize(
    ("script", "told", "words"),
    [
        (scripts.status(400, code="context_length_exceeded"), (400, "invalid_request_error"), "prompt is too long: "),
        (scripts.status(404, code="model_not_found"), (404, "not_found_error"), "LLM processing failed"),
        (scripts.status(429, Retry_After="7"), (429, "rate_limit_error"), "LLM processing failed"),
        (scripts.status(429, code="insufficient_quota"), (429, "billing_error"), "LLM processing failed"),
        (scripts.status(500), (502, "api_error"), "LLM processing failed"),
    ],
)
def test_a_refusal_has_anthropic_s_shape(
    shared: RunningBackend, model: StubModel, script: scripts.Script, told: tuple[int, str], words: str
) -> None:
    model.models["refusing"] = script
    refused = post(shared, model="refusing")
    error = refused.json()["error"]
    assert ((refused.status_code, error["type"]), refused.json()["type"]) == (told, "error")
    assert error["message"].startswith(words)


def test_an_answer_that_breaks_says_so_behind_its_words(shared: RunningBackend, model: StubModel) -> None:
    model.next(scripts.answer("one", scripts.hang_up))
    told = events(post(shared, stream=True))
    assert [event["type"] for event in told[-2:]] == ["content_block_delta", "error"]
    assert told[-1]["error"]["type"] == "api_error"


def test_a_thread_is_refused_in_the_words_by_which_tool_runners_send_all_of_it_again(shared: RunningBackend) -> None:
    refused = post(shared, thread={"type": "create"})
    error = refused.json()["error"]
    assert (refused.status_code, error["type"]) == (400, "invalid_request_error")
    assert error["details"]["error_code"] == "thread_unsupported_request"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no messages": ({"messages": []}, "messages: "),
    "a role": ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role: "),
    "a content": ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: "),
    "a block": ({"messages": [{"role": "user", "content": [{"type": "sound"}]}]}, "messages.0.content.0.type: "),
    "a document of more than text": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "document", "source": {"type": "content", "content": [PICTURE]}},
                    ],
                }
            ]
        },
        "messages.0.content.0.type: ",
    ),
    "a tool of theirs": ({"tools": [SEARCH]}, "tools.0.type: "),
    "a choice of a tool of theirs": (
        {"tools": [TOOL, SEARCH], "tool_choice": {"type": "tool", "name": "web_search"}},
        "tool_choice.name: ",
    ),
    "a choice": ({"tools": [TOOL], "tool_choice": {"type": "maybe"}}, "tool_choice.type: "),
    "a system prompt": ({"system": [PICTURE]}, "system.0.type: "),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("path", ["messages", "messages/count_tokens"])
def test_what_is_not_served_is_refused(shared: RunningBackend, case: str, path: str) -> None:
    body, place = WRONG[case]
    refused = post(shared, path, **body)
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
    assert place in refused.json()["error"]["message"]


def test_a_wrong_key_is_told_once(run_backend: RunBackend) -> None:
    refused = post(run_backend(api_keys="ada:another"))
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "authentication_error")
    assert refused.headers["x-should-retry"] == "false", "Claude Code asks again for minutes"


def test_tokens_are_estimated_and_models_are_listed(shared: RunningBackend) -> None:
    short, long = (
        post(shared, "messages/count_tokens", messages=[{"role": "user", "content": "word " * count}]).json()
        for count in (1, 1000)
    )
    assert short["input_tokens"] < 20
    assert 900 < long["input_tokens"] < 1500
    asked = {"headers": {"anthropic-version": "2023-06-01"}, "timeout": 10}
    entry = requests.get(f"{shared.url}/v1/models/stub-model", **asked).json()
    assert (entry["type"], entry["id"], entry["lifecycle"]) == ("model", "stub-model", "active")
    listed = requests.get(f"{shared.url}/v1/models", **asked).json()
    assert (listed["data"], listed["has_more"]) == ([entry], False)


@pytest.mark.parametrize("path", ["models/unknown", "files", "messages/batches"])
def test_who_says_a_version_of_anthropic_s_api_is_told_in_its_words_what_there_is_not(
    shared: RunningBackend, path: str
) -> None:
    missed = requests.get(f"{shared.url}/v1/{path}", headers={"anthropic-version": "2023-06-01"}, timeout=10)
    assert (missed.status_code, missed.json()["type"]) == (404, "error")
    assert missed.json()["error"]["type"] == "not_found_error"
