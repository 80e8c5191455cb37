"""Answers that model servers give in many shapes, and what they all mean."""

from dataclasses import dataclass

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
    "without a finish reason": Fine(answer("a", finish=None), "a", finish_reason=None),
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

every_fine_answer = pytest.mark.parametrize("fine", FINE.values(), ids=FINE.keys())
