"""Answers in shapes that nobody documents: what is beside them costs nothing, and what failed is never done."""

import json
from typing import Any

import pytest

from backend.models.test_spoken_answers import STOP, USAGE, Heard, heard, said, sse
from chatapp.backend.models.openai.chunk import read_chunk
from chatapp.errors import UpstreamBadResponseError

HI = Heard("Hi", finish_reason="stop")
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
HEL = Heard("Hel", finish_reason="stop")
BEGUN = {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}
"""From a server that never mentions a finish reason, so that [DONE] alone would make the answer whole."""


def lines(*bodies: Any, between: bytes = b"\n") -> bytes:
    return between.join(json.dumps(body).encode() for body in bodies)


def raw(text: bytes) -> bytes:
    return b'data: {"choices":[{"index":0,"delta":{"content":"' + text + b'"},"finish_reason":null}]}\n\n'


def whole(**message: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


FORMS: dict[str, tuple[bytes, str, Heard]] = {
    "a list": (lines([said("H"), said("i"), STOP]), "application/json", HI),
    "a list that grows": (
        b"[" + lines(said("H"), said("i"), STOP, between=b"\n,\r\n") + b"]",
        "text/event-stream",
        HI,
    ),
    "a text sequence": (b"\x1e" + lines(said("Hi"), STOP, between=b"\n\x1e"), "application/json-seq", HI),
    "whole, behind a mark of its encoding": (b"\xef\xbb\xbf" + whole(content="Hi"), "application/json", HI),
    "a quoted end": (sse(said("Hi"), STOP).replace(b"[DONE]", b'"[DONE]"'), "text/event-stream", HI),
    "an end in small letters": (sse(said("Hi"), STOP).replace(b"[DONE]", b"[done]"), "text/event-stream", HI),
    "a line end inside a string": (raw(b"a\tb\x01") + sse(STOP), "", Heard("a\tb\x01", finish_reason="stop")),
    "no choices, as an object": (sse({"choices": {}}, {"choices": ""}, said("Hi"), STOP), "", HI),
    "a choice without a list": (sse({"choices": {"index": 0, "delta": {"content": "Hi"}}}, STOP), "", HI),
    "a choice by its number": (sse({"choices": {"0": {"delta": {"content": "Hi"}}}}, STOP), "", HI),
    "content in parts of an object": (sse(said(content={"parts": [{"text": "Hi"}]}), STOP), "", HI),
    "content of a kind in capitals": (sse(said(content=[{"type": "TEXT", "text": "Hi"}]), STOP), "", HI),
    "content that is a picture": (
        sse(said(content=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}]), STOP),
        "",
        Heard(finish_reason="stop", notices=["media_left_out"]),
    ),
    "thoughts of litellm's own": (
        sse(said("", thinking_blocks=[{"type": "thinking", "thinking": "hm", "signature": "x"}]), said("Hi"), STOP),
        "",
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "a part that is a thought, from Google": (
        sse(said(content=[{"type": "text", "text": "hm", "thought": True}, {"type": "text", "text": "Hi"}]), STOP),
        "",
        Heard("Hi", "hm", finish_reason="stop"),
    ),
    "a delta that is text": (sse({"choices": [{"index": 0, "delta": "Hi", "finish_reason": None}]}, STOP), "", HI),
    "deltas that are text behind a role": (
        sse(said(role="assistant"), {"choices": [{"delta": "H"}]}, {"choices": [{"delta": "i"}]}, STOP),
        "",
        HI,
    ),
    "a choice that is flat": (sse({"choices": [{"content": "Hi"}]}, STOP), "", HI),
    "the reason in the delta": (sse(BEGUN, {"choices": [{"delta": {"finish_reason": "stop"}}]}, done=False), "", HEL),
    "messages in place of deltas": (
        sse({"choices": [{"message": {"content": "H"}}]}, {"choices": [{"message": {"content": "i"}}]}, STOP),
        "",
        HI,
    ),
    "a message behind the deltas that says all again": (
        sse(said("H"), said("i"), {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}),
        "",
        HI,
    ),
    "a message behind the deltas that has the call too": (
        sse(said("H"), said("i"), {"choices": [{"message": {"content": "Hi", "tool_calls": [CALL]}}]}, STOP),
        "",
        Heard("Hi", finish_reason="stop", calls={0: ["f", "{}"]}),
    ),
    "lines without a field's name": (sse(said("H"), lines(said("i")) + b"\n\n", STOP), "", HI),
    "chunks inside of others": (sse({"data": said("Hi")}, {"code": 0, "result": STOP}), "", HI),
    "JSON in JSON, from FastAPI": (json.dumps(whole(content="Hi").decode()).encode(), "application/json", HI),
    "a count without a word": (sse({"choices": [], "usage": USAGE}), "", Heard(failure="incomplete")),
    "whole where it was to be streamed, a call: llm-katan 0.22.0": (
        lines({"choices": [{"index": 0, "message": {"tool_calls": [CALL]}, "finish_reason": "tool_calls"}]}),
        "application/json",
        Heard(finish_reason="tool_calls", calls={0: ["f", "{}"]}),
    ),
    "whole, a count alone": (lines({"choices": [], "usage": USAGE}), "", Heard(failure="upstream_bad_response")),
    "words behind an end that was counted": (
        sse(said("A", finish="stop"), {"choices": [], "usage": USAGE}, said("B")),
        "",
        Heard("AB", failure="incomplete"),
    ),
}


@pytest.mark.parametrize(("body", "kind", "expected"), FORMS.values(), ids=FORMS.keys())
def test_an_answer_is_read_in_whichever_form_it_comes(body: bytes, kind: str, expected: Heard) -> None:
    assert heard(body, kind or "text/event-stream") == expected


FAILURES = [
    {"status": "error", "reason": "No."},
    {"title": "Internal Server Error", "status": 500},
    {"statusCode": 503},
    {"code": "InternalError", "requestId": "1"},
    {"code": 500, "error": None},
    {"errorMessage": "No."},
    {"error_description": "No."},
    {"Error": "No."},
    {"exception": "No."},
    {"fault": {"faultstring": "No."}},
    {"ok": False},
    {"type": "response.failed", "response": {"error": {"message": "No."}}},
    {"data": {"error": "No."}},
    {"choices": [{"index": 0, "delta": {"error": "No."}}]},
    {"errno": 1, "errmsg": "No."},
    {"ErrorMsg": {"Msg": "No.", "Code": 2003}},
    {"Response": {"Error": {"Code": "InternalError", "Message": "No."}}},
    {"modelStreamErrorException": {"message": "No.", "originalStatusCode": 500}},
    b'{"error": {"message": "No."}}\n\n',
    b"event: error\ndata:\n\n",
    b'error: {"code": 500, "message": "No.", "type": "server_error"}\n\n',  # llama.cpp until 2025
    b'error: {"code": 500, "message": "No."}',
    b'event: failed\ndata: {"message": "No."}\n\n',
    b"event: exception\ndata: No.\n\n",
    b'event: ERROR\ndata: {"message": "No."}\n\n',
    b'data: {"error": ' + b'{"a": ' * 600 + b'"No."' + b"}" * 600 + b"}\n\n",
]


@pytest.mark.parametrize("failure", FAILURES, ids=[str(failure)[:50] for failure in FAILURES])
def test_an_answer_that_failed_is_not_done_however_its_server_says_so(failure: Any) -> None:
    answer = heard(sse(BEGUN, failure))

    assert answer.text == "Hel"
    assert answer.failure is not None


def test_a_chunk_that_cannot_be_read_says_what_to_do() -> None:
    with pytest.raises(UpstreamBadResponseError) as unreadable:
        read_chunk(b"{oops")

    assert unreadable.value.hint == "Ask again; the model server's log may say more."


def named(name: str, **data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


OTHER_APIS = {
    "OpenAI's Responses API": [
        named("response.created", response={"object": "response", "output": []})
        + named("response.output_text.delta", delta="Hi")
        + named("response.completed", response={"object": "response", "output": []}),
        lines({"id": "resp_1", "object": "response", "status": "completed", "output": [], "error": None}),
    ],
    "Anthropic's Messages API": [
        named("message_start", message={"type": "message", "content": []})
        + named("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"})
        + named("message_stop"),
        lines({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hi"}]}),
    ],
    "Gemini's API": [sse({"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]})],
    "Ollama's own API": [
        lines(
            {"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": False},
            {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"},
        ),
        lines({"model": "m", "response": "Hi", "done": True}),
    ],
    "text-generation-inference's own API": [sse({"index": 1, "token": {"id": 2, "text": "Hi"}}, done=False)],
}


@pytest.mark.parametrize(("api", "body"), [(api, body) for api, bodies in OTHER_APIS.items() for body in bodies])
def test_an_answer_of_another_api_is_told_as_one(api: str, body: bytes) -> None:
    answer = heard(body, "text/event-stream")

    assert (answer.text, answer.failure) == ("", "upstream_bad_response")
    assert f"in the words of {api}, not with a chat completion." in answer.detail


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (
            {"object": "response", "status": "failed", "output": [], "error": {"message": "Rate limit reached."}},
            "upstream_rate_limited",
        ),
        ({"model": "m", "response": "", "done": True, "error": "rate limit exceeded"}, "upstream_rate_limited"),
        ({"type": "message", "message": "Rate limit exceeded.", "code": 429}, "upstream_rate_limited"),
    ],
)
def test_a_failure_in_the_words_of_another_api_is_told_as_the_failure(body: dict[str, Any], failure: str) -> None:
    assert heard(lines(body), "application/json").failure == failure


@pytest.mark.parametrize(
    "told",
    [
        {"done": False, "message": "Searching"},
        {"type": "message", "text": "You are third."},
        {"type": "tool_result", "content": [{"type": "text", "text": "3"}]},
        {"object": "tool.result", "output": "3"},
        {"index": 0, "token": "sk"},
    ],
)
def test_what_a_gateway_tells_of_itself_before_an_answer_costs_nothing(told: dict[str, Any]) -> None:
    status = f"event: status\ndata: {json.dumps(told)}\n\n".encode()

    assert heard(status + sse(said("Hi"), STOP)).text == "Hi"


def test_what_is_of_another_api_beside_an_answer_costs_nothing() -> None:
    beside = named("response.output_text.delta", delta="Hi")

    assert heard(sse(said("Hi"), beside, STOP)) == HI


def test_what_is_no_failure_ends_no_answer() -> None:
    beside = [{"status": "in_progress"}, {"code": 0}, {"code": "0", "ok": True}, {"type": "ping"}, {"status": 200}]
    beside += [{"errno": 0, "errmsg": "success", "is_error": False}, {"interrupt": "none", "Error": None}]

    assert heard(sse(said("Hi"), *beside, STOP, *beside)) == HI


@pytest.mark.parametrize(
    "reason",
    [
        "internal_server_error",
        "upstream_error",
        "EXCEPTION",
        "overloaded",
        "timed_out",
        "preempted",
        "out_of_memory",
        "malformed_tool_use",
        "MALFORMED_RESPONSE",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "time_limit",
    ],
)
def test_a_reason_that_is_a_failure_is_never_done(reason: str) -> None:
    assert heard(sse(said("Hi"), said(finish=reason))).failure is not None


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("STOP", "stop"),
        ("LENGTH", "length"),
        ("max_new_tokens", "length"),
        ("token_limit", "length"),
        ("max-tokens", "length"),
        ("FinishReason.MAX_TOKENS", "length"),
        ("contextLengthReached", "length"),
        ("maxPredictedTokensReached", "length"),
        ("content-filter", "content_filter"),
        ("tool_use", "tool_calls"),
        ("FinishReason.STOP", "stop"),
        ("end_turn", "end_turn"),
    ],
)
def test_a_reason_is_told_in_openai_s_words(reason: str, ours: str) -> None:
    assert heard(sse(said("Hi"), said(finish=reason))).finish_reason == ours


CALLS: list[Any] = [
    {"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}},
    [{"index": "0", "id": "1", "function": {"name": "f", "arguments": "{}"}}],
    [{"id": "1", "name": "f", "arguments": "{}"}],
    [{"id": "1", "type": "function", "name": "f", "input": {}}],
]


@pytest.mark.parametrize("calls", CALLS)
def test_a_call_of_a_tool_is_read_in_whichever_form_it_comes(calls: Any) -> None:
    assert heard(sse(said(tool_calls=calls), said(finish="tool_calls"))).calls == {0: ["f", "{}"]}
