"""Chunks in OpenAI's own form are read by a way of their own, which must say what the lenient way says."""

import json
from typing import Any

import pytest

from chatapp.backend.models.openai.chunk import read_chunk
from chatapp.backend.models.openai.ordinary import MOST_FRAMES, ContentFrame

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def chunk(delta: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, **choice}]}


CHUNKS: dict[str, dict[str, Any]] = {
    "role": chunk({"role": "assistant", "content": "", "refusal": None}, logprobs=None, finish_reason=None),
    "word": chunk({"content": "naïve <b>"}),
    "pair of surrogates": chunk({"content": "\N{PILE OF POO}"}, finish_reason=None),
    "end": chunk({}, finish_reason="stop"),
    "no end yet": chunk({"content": "a"}, finish_reason=""),
    "end of a failure": chunk({}, finish_reason="error"),
    "word and end": chunk({"content": "a"}, finish_reason="length"),
    "usage": {"choices": [], "usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 4}}},
    "usage beside a word": {**chunk({"content": "a"}), "usage": USAGE},
    "usage of nothing": {"choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}},
    "several choices": {"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]},
    "nothing": {"choices": []},
    "tier": {**chunk({"content": "a"}), "service_tier": "flex"},
    "tier in the usage": {"choices": [], "usage": {**USAGE, "service_tier": "priority"}},
    "tiers that are none": {"choices": [], "usage": {**USAGE, "service_tier": 7}, "service_tier": ["flex"]},
    "refusal": chunk({"content": None, "refusal": "No."}),
    "thought": chunk({"content": None, "reasoning_content": "Hm."}),
    "call": chunk({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}}]}),
    "error": {"choices": [], "error": {"message": "overloaded"}},
}


@pytest.mark.parametrize("told", CHUNKS.values(), ids=CHUNKS)
def test_a_chunk_says_the_same_whether_or_not_it_has_a_field_that_nobody_knows(told: dict[str, Any]) -> None:
    usual = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "system_fingerprint": None}
    plain, lenient = (read_chunk(json.dumps({**usual, **told, **more}).encode()) for more in ({}, {"nobody_knows": 1}))
    assert plain is not None
    assert lenient is not None
    failures = [str(one.failure and one.failure.detail) for one in (plain, lenient)]
    plain.failure = lenient.failure = None
    assert (plain, failures[0]) == (lenient, failures[1])


def word(text: str, *, ascii_only: bool = True, **more: Any) -> bytes:
    return json.dumps({**chunk({"content": text}, finish_reason=None), **more}, ensure_ascii=ascii_only).encode()


def parted(frame: ContentFrame, *chunks: bytes) -> list[tuple[str, bytes]]:
    return list(frame.parted(chunks))


@pytest.mark.parametrize("ascii_only", [True, False])
def test_texts_by_themselves_say_what_their_chunks_say(*, ascii_only: bool) -> None:
    frame = ContentFrame()
    frame.learn(word("first"))
    for text in ("next", 'a "quoted" word', "\\", '"}', "naïve\n", "\N{PILE OF POO}", '"},{"delta":{"content":"', ""):
        two = [word(text, ascii_only=ascii_only)] * 2
        assert parted(frame, *two) == [(text * 2, b"")]


def test_a_chunk_that_differs_in_more_than_its_text_stands_behind_the_text_before_it() -> None:
    frame = ContentFrame()
    assert parted(frame, word("first")) == [("", word("first"))]
    frame.learn(word("first"))
    head, _, tail = word("first").partition(b'"first"')
    broken = [head + text + tail for text in (b"7", b"null", b'"a","b"', b'"a', b'"\\ud83d"', b'"\xff"', b"")]
    ended = json.dumps(chunk({"content": "next"}, finish_reason="stop")).encode()
    for data in (*broken, ended, word("next", usage=USAGE), head, tail):
        assert parted(frame, word("a"), data, word("b")) == [("a", data), ("b", b"")]


def test_what_is_learned_on_the_way_holds_for_what_follows() -> None:
    frame, found = ContentFrame(), []
    for text, data in frame.parted([word("a"), word("b"), word("c"), b"[DONE]"]):
        found.append((text, data))
        if data == word("a"):
            frame.learn(data)
    assert found == [("", word("a")), ("bc", b"[DONE]")]
    frame.forget()
    assert parted(frame, word("d")) == [("", word("d"))]


def test_frames_that_come_once_are_soon_learned_no_more() -> None:
    frame = ContentFrame()
    for number in range(MOST_FRAMES):
        frame.learn(word("padded", obfuscation=str(number)))
    assert parted(frame, word("next", obfuscation="3")) == [("next", b"")]
    for number in range(MOST_FRAMES):  # it was of use, so others are looked at again
        frame.learn(word("padded", obfuscation=str(number)))
    frame.learn(word("padded", obfuscation="last"))
    assert parted(frame, word("next", obfuscation="last")) == [("", word("next", obfuscation="last"))]


def test_no_frame_is_learned_where_two_fields_hold_the_text() -> None:
    frame = ContentFrame()
    frame.learn(word("content"))
    assert parted(frame, word("next")) == [("", word("next"))]


def event(data: bytes) -> bytes:
    return b"data: %b\n\n" % data


def test_one_event_of_the_frame_says_its_text_and_what_may_be_more_says_nothing() -> None:
    frame, said = ContentFrame(), 'a "quoted", naïve\n\ndata: word'
    assert frame.text_in(event(word(said))) == ""
    frame.learn(word("first"))
    assert frame.text_in(event(word(said))) == said
    others = [event(word("a")) * 2, event(word("a")).replace(b"\n", b"\r\n"), event(word("a"))[:-1], event(word(""))]
    others += [b"event: x\n" + event(word("a")), event(word("a", usage=USAGE)), b": alive\n\n" + event(word("a"))]
    others += [event(word("a-b").replace(b"-", end)) for end in (b"\n", b"\r", b"\n\n", b"\xff")]
    assert [frame.text_in(other) for other in others] == [""] * len(others)
    frame.forget()
    assert frame.text_in(event(word(said))) == ""


def test_several_events_of_the_frame_say_their_texts_and_what_may_be_more_says_nothing() -> None:
    frame, said = ContentFrame(), ['a "quoted", naïve\n\ndata: word', "", '","', "\\", "\N{PILE OF POO}"]
    events = b"".join([event(word(text, ascii_only=False)) for text in said])
    assert frame.texts_in(events) == ""
    frame.learn(word("first"))
    assert frame.texts_in(events) == "".join(said)
    head, _, tail = word("first").partition(b'"first"')
    broken = [head + text + tail for text in (b"7", b"null", b'"a","b"', b'"a', b'"\\ud83d"', b'"\xff"', b"")]
    ended = json.dumps(chunk({"content": "next"}, finish_reason="stop")).encode()
    others = [*broken, ended, word("next", usage=USAGE), head, tail, b"[DONE]"]
    several = [some for one in map(event, others) for some in (one + events, events + one)]
    several.append(event(head + b'"a' + tail) + event(head + b'b"' + tail) + event(head + b'"c","d"' + tail))
    several += [events.replace(b"\n\n", b"\r\n\r\n"), events[:-1], events + b": alive\n\n", events + event(word(""))]
    assert [frame.texts_in(some) for some in several] == [""] * len(several)
    frame.forget()
    assert frame.texts_in(events) == ""
