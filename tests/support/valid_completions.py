"""Answers that model servers give in many shapes, and what they all mean."""

from dataclasses import dataclass
from typing import Any

import pytest

from support import scripts
from support.scripts import NULL_DELTA, Script, answer, delta, raw, respond, tool_call, whole


@dataclass(frozen=True)
class Fine:
    """An answer, and what a reader must see of it."""

    script: Script
    text: str
    reasoning: str = ""
    finish_reason: str | None = "stop"


LIKE_OURS = "data: x\n\nevent: done\ndata: {}\n: c"

FINE = {
    "as OpenAI": Fine(answer("Hello", " world"), "Hello world"),
    "without a role": Fine(answer("a", role=False), "a"),
    "without finish reasons at all": Fine(
        answer(*[{"choices": [{"delta": {"content": "a"}}]}] * 2, role=False, finish=None), "aa", finish_reason=None
    ),
    "without [DONE]": Fine(answer("a", done=False), "a"),
    "without tokens": Fine(answer("a", usage=False), "a"),
    "cut at the limit": Fine(answer("a", finish="length"), "a", finish_reason="length"),
    "filtered": Fine(answer("a", finish="content_filter"), "a", finish_reason="content_filter"),
    "refused": Fine(answer(delta(refusal="I cannot"), delta(refusal=" do that.")), "I cannot do that."),
    "a tool call alone": Fine(answer(tool_call(), finish="tool_calls"), "", finish_reason="tool_calls"),
    "nothing at all": Fine(answer(), ""),
    "no choices between": Fine(answer("a", {"choices": []}, "b"), "ab"),
    "null choices": Fine(answer("a", {"choices": None}, "b"), "ab"),
    "null delta": Fine(answer("a", NULL_DELTA, "b"), "ab"),
    "null content": Fine(answer(delta(content=None), "a"), "a"),
    "empty pieces": Fine(answer("", "a", "", ""), "a"),
    "DeepSeek's reasoning": Fine(answer(delta(reasoning_content="h"), delta(reasoning_content="m"), "a"), "a", "hm"),
    "OpenRouter's reasoning": Fine(answer(delta(reasoning="hm"), delta(reasoning=None), "a"), "a", "hm"),
    "both reasonings": Fine(answer(delta(reasoning="hm", reasoning_content="hm"), "a"), "a", "hm"),
    "leading spaces": Fine(answer("  a", " ", " b"), "  a  b"),
    "blank lines": Fine(answer("\n\na", "\n", "\n", "b\n\n"), "\n\na\n\nb\n\n"),
    "every line ending": Fine(answer("a\rb\r\nc\nd"), "a\nb\nc\nd"),
    "a split CRLF": Fine(answer("a\r", "\nb", "\r", "c\r"), "a\nb\nc\n"),
    "text like our format": Fine(
        answer("data: x\n\nevent: done\ndata: {}\n: c"), "data: x\n\nevent: done\ndata: {}\n: c"
    ),
    "all scripts": Fine(answer("é", "日本", "😀", "\u2028", "\x85", "\ufeff"), "é日本😀\u2028\x85\ufeff"),
    "byte by byte": Fine(answer("é", "日本", "😀", cut_every=1), "é日本😀"),
    "escaped": Fine(answer("é", "日本", "😀", ascii=True), "é日本😀"),
    "a pair cut in two": Fine(answer("a\ud83d", "\ude00b", ascii=True), "a😀b"),
    "half a pair": Fine(
        answer("a\ud83d", "b\ude00c", ascii=True), "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    ),
    "CRLF events": Fine(answer("a", "b", newline="\r\n"), "ab"),
    "CR events": Fine(answer("a", "b", newline="\r"), "ab"),
    "CRLF events byte by byte": Fine(answer("a", "b", newline="\r\n", cut_every=1), "ab"),
    "comments between": Fine(answer(b": ping\n\n", "a", b": ping\n\n", "b"), "ab"),
    "a byte order mark": Fine(answer(b"\xef\xbb\xbf", "a", role=False), "a"),
    "named events": Fine(answer(b"event: message\nid: 1\n", "a"), "a"),
    "JSON to a stream request": Fine(whole("a\r\nb"), "a\nb"),
    "fields unknown": Fine(
        answer({"choices": [{"index": 0, "delta": {"content": "a", "audio": {}}, "x": []}], "y": 1}), "a"
    ),
    "pauses": Fine(answer("a", 0.05, "b", 0.05, "c"), "abc"),
    "many pieces": Fine(answer(*[f"{number} " for number in range(2000)]), "".join(f"{n} " for n in range(2000))),
    "one long piece": Fine(answer("x" * 300_000), "x" * 300_000),
    "until the connection ends": Fine(
        raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
            scripts.event(delta(content="a", finish="stop")),
        ),
        "a",
    ),
    "no content type": Fine(
        respond(200, scripts.event(delta(content="a", finish="stop")), Content_Type="TEXT/EVENT-STREAM"), "a"
    ),
}

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n"
LAST = scripts.event(delta(content="b", finish="stop"))
EVENTS = scripts.event(delta(content="a")) + LAST + b"data: [DONE]\n\n"
THINKING: scripts.Chunk = delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}])


def counted(usage: Any) -> Fine:
    return Fine(answer("a", {"choices": [], "usage": usage}, usage=False), "a")


def native_end(reason: str) -> scripts.Chunk:
    """Return a last chunk as OpenRouter sends it, with what the provider has said."""
    last = delta(finish="stop")
    last["choices"][0]["native_finish_reason"] = reason
    return last


def typed(kind: bytes, body: bytes = EVENTS, text: str = "ab") -> Fine:
    return Fine(raw(HEAD % kind, body), text)


def ending(body: bytes) -> Fine:
    return typed(b"text/event-stream", scripts.event(delta(content="a")) + body)


AS_SPOKEN = {
    "counts that are null": counted({"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}),
    "counts that are floats": counted({"prompt_tokens": 7.0, "completion_tokens": 5.5}),
    "counts that are texts": counted({"prompt_tokens": "7", "completion_tokens": "many"}),
    "counts below zero": counted({"prompt_tokens": -7, "completion_tokens": -1, "total_tokens": -8}),
    "huge counts": counted({"prompt_tokens": 10**30, "completion_tokens": 1e300, "total_tokens": 2**40}),
    "counts that are lists": counted({"prompt_tokens": [7], "completion_tokens": {}, "prompt_tokens_details": []}),
    "usage that is a list": counted([7, 5]),
    "usage that is a word": counted("unknown"),
    "odd usage with each word": Fine(
        answer(*[delta(content=text) | {"usage": {"prompt_tokens": 1.5}} for text in "abc"], usage=False), "abc"
    ),
    "odd ids": Fine(answer("a", delta(content="b") | {"id": 7, "created": "now", "model": [], "object": None}), "ab"),
    "NaN beside it": Fine(answer("a", b'data: {"choices":[{"delta":{"content":"b"}}],"logprob":NaN}\n\n'), "ab"),
    "text in parts": Fine(answer(delta(content=[{"type": "text", "text": "a"}, "b"]), "c"), "abc"),
    "one part that is no list": Fine(answer(delta(content={"type": "text", "text": "a"})), "a"),
    "parts that nobody knows": Fine(answer(delta(content=[{"type": "reference", "ids": [1]}, 7, None]), "a"), "a"),
    "thoughts in parts": Fine(answer(THINKING, "a"), "a", "hm"),
    "whole with parts": Fine(
        respond(200, {"choices": [{"message": THINKING["choices"][0]["delta"]}, None], "usage": 7}), "", "hm", None
    ),
    "reasoning that is a list": Fine(answer(delta(reasoning=[{"text": "h"}, "m"]), "a"), "a", "hm"),
    "reasoning that is an object": Fine(answer(delta(reasoning={"content": "hm"}), "a"), "a", "hm"),
    "reasoning in details": Fine(
        answer(delta(reasoning_details=[{"type": "reasoning.text", "text": "hm"}], reasoning=None), "a"), "a", "hm"
    ),
    "think tags": Fine(answer("<think>", "\nhm", "</think>", "\n\nHello **world**"), "Hello **world**", "hm"),
    "think tags in two": Fine(answer("<thi", "nk>h", "m</thi", "nk>\n", "\nHello"), "Hello", "hm"),
    "think tags byte by byte": Fine(answer(*"\n<think>hm < 3</think>\n\na<b"), "a<b", "hm < 3"),
    "think tags in one piece": Fine(answer("<think>hm</think>Hello"), "Hello", "hm"),
    "empty think tags": Fine(answer("<think>\n\n</think>\n\nHello"), "Hello"),
    "no end of think tags": Fine(answer("<think>", "hm"), "", "hm"),
    "gpt-oss's channels": Fine(
        answer("<|channel|>analysis<|mess", "age|>hm<|end|>", "<|start|>assistant<|channel|>", "final<|message|>Hello"),
        "Hello",
        "hm",
    ),
    "gpt-oss's channels in llama.cpp": Fine(answer("<|channel|>analysis<|message|>", "hm<|end|>Hello"), "Hello", "hm"),
    "Magistral's tags": Fine(answer("[THINK]", "hm", "[/THINK]", "Hello"), "Hello", "hm"),
    "Gemma's channels": Fine(answer("<|chan", "nel>thought\nhm", " yes<chan", "nel|>", "Hello"), "Hello", "hm yes"),
    "think tags with attributes": Fine(answer('<think duration="3">', "\nhm</think>\n\nHello"), "Hello", "hm"),
    "attributes byte by byte": Fine(answer(*'<think  type="a" >hm</think>Hello'), "Hello", "hm"),
    "a tag with a blank": Fine(answer("<thinking >hm</thinking>Hello"), "Hello", "hm"),
    "a closing tag with a blank": Fine(answer("<think >hm</thi", "nk ", ">Hello"), "Hello", "hm"),
    "what begins as a closing tag": Fine(answer("<think>a</think", "ing or</think> b"), "b", "a</thinking or"),
    "attributes that are words": Fine(answer("<think of", " it> as a joke"), "<think of it> as a joke"),
    "attributes without end": Fine(answer("<think a=", "b" * 300), "<think a=" + "b" * 300),
    "attributes and no more": Fine(answer("<think a="), "<think a="),
    "a tag that is none": Fine(answer("<thi", "s> is HTML"), "<this> is HTML"),
    "tags that are talked about": Fine(
        answer("Write `<think>` and `</think>`.\n", "</think>\nok"), "Write `<think>` and `</think>`.\n</think>\nok"
    ),
    "a lone tag in code": Fine(answer("So:\n```\n", "</think>\n```\n"), "So:\n```\n</think>\n```\n"),
    "a lone tag that is talked about": Fine(answer("The tag </", "think> ends it."), "The tag </think> ends it."),
    "an answer that ends in half a tag": Fine(answer("1 <", "/th"), "1 </th"),
    "a finish reason with each word": Fine(answer(delta(content="a", finish="stop"), 0.1, LAST, finish=None), "ab"),
    "a finish reason first": Fine(answer(delta(finish="stop", role="assistant"), "a", "b"), "ab"),
    "the word null for none": Fine(answer(delta(content="a", finish="null"), delta(content="b", finish="")), "ab"),
    "a finish reason that is a number": Fine(answer("a", delta(finish=1), finish=None), "a", finish_reason="1"),
    "a finish reason that is an object": Fine(
        answer("a", delta(finish={"type": "length"}), finish=None), "a", finish_reason="length"
    ),
    "cut, as Anthropic says it": Fine(answer("a", finish="max_tokens"), "a", finish_reason="length"),
    "cut at the window": Fine(answer("a", finish="model_context_window_exceeded"), "a", finish_reason="length"),
    "filtered, as Google says it": Fine(answer("a", finish="SAFETY"), "a", finish_reason="content_filter"),
    "filtered, as Zhipu says it": Fine(answer(finish="sensitive", usage=False), "", finish_reason="content_filter"),
    "a native finish reason": Fine(answer("a", native_end("end_turn"), finish=None), "a"),
    "errors that are none": Fine(
        answer(
            *[
                delta(content=text) | {"error": error}
                for text, error in zip("abcd", ["", {}, None, {"code": 0}], strict=True)
            ]
        ),
        "abcd",
    ),
    "events without a name that is ours": Fine(
        answer("a", b"event: ping\ndata: beep\n\n", b'event: file\ndata: {"message":"made"}\n\n', "b"), "ab"
    ),
    "empty data": Fine(answer("a", b"data:\n\n", "b"), "ab"),
    "events as plain text": typed(b"text/plain"),
    "events as bytes": typed(b"application/octet-stream"),
    "events as JSON": typed(b"application/json"),
    "events as lines of JSON": typed(b"application/x-ndjson"),
    "events as a web page": typed(b"text/html", b"\n: hello\n\n" + EVENTS),
    "lines of JSON": typed(b"application/x-ndjson", EVENTS.replace(b"data: ", b"").replace(b"\n\n", b"\n")),
    "JSON as events": typed(
        b"text/event-stream", b' {"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}]}'
    ),
    "JSON as text": typed(b"text/plain", b'{"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}]}'),
    "a last event without its blank line": ending(LAST.rstrip()),
    "a last event with half of it": ending(LAST.removesuffix(b"\n")),
    "[DONE] without its blank line": ending(LAST + b"data: [DONE]"),
    "[DONE] with a blank": ending(LAST + b"data: [DONE] \n\n"),
    "single newlines between": ending(LAST.removesuffix(b"\n") + b"data: [DONE]\n"),
    "a cut behind the end": Fine(answer("a", delta(finish="stop"), scripts.reset), "a"),
    "a word of nobody's behind the end": Fine(answer("a", delta(finish="stop"), b"data: bye\n\n"), "a"),
}

FINE |= AS_SPOKEN

every_fine_answer = pytest.mark.parametrize("fine", FINE.values(), ids=FINE.keys())
