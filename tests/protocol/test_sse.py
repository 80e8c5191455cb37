"""The wire format: what is encoded is decoded again however it is cut, and every parser reads the same answer."""

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.errors import BackendProtocolError, EventTooLargeError
from chatapp.protocol.events import Done, Event, Failed, Notice, Reasoning, Start, Text
from chatapp.protocol.sse import KEEP_ALIVE, Decoder, ServerSentEvent, encode, encode_text, parse_event

pytestmark = pytest.mark.faults

quickly = settings(deadline=None, database=None, max_examples=60)

LINE_ENDS = pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CRLF"])
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}

answer_text = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), min_size=1)
any_text = st.text(st.characters(exclude_categories=["Cs"]))
events = st.one_of(
    st.builds(Start, turn_id=any_text, model=any_text, conversation_id=st.none() | any_text),
    st.builds(Text, answer_text),
    st.builds(Reasoning, any_text),
    st.builds(Notice, code=any_text, text=any_text),
    st.builds(Done, finish_reason=st.none() | any_text, usage=st.none() | st.just(USAGE), latency_ms=st.integers()),
    st.builds(Failed, st.fixed_dictionaries({"detail": any_text, "code": any_text})),
)
streams = st.lists(events, max_size=8)
cuts = st.lists(st.integers(min_value=0, max_value=500), max_size=30)


def wire(sent: list[Event]) -> bytes:
    return b"".join(encode(event, position) for position, event in enumerate(sent, start=1))


def decode(*parts: bytes, max_event_bytes: int = 10_000) -> list[ServerSentEvent]:
    decoder = Decoder(max_event_bytes=max_event_bytes)
    return [event for part in parts for event in decoder.feed(part)]


def data_of(*parts: bytes) -> list[str]:
    return [event.data.decode() for event in decode(*parts)]


def split(data: bytes, at: list[int]) -> list[bytes]:
    return [data[start:end] for start, end in pairwise([0, *sorted(at), len(data)])]


@quickly
@given(streams, cuts)
def test_events_survive_the_wire_however_it_is_cut(sent: list[Event], at: list[int]) -> None:
    data = wire(sent)
    received = decode(*split(data, [min(cut, len(data)) for cut in at]))
    assert [parse_event(raw) for raw in received] == sent
    assert [raw.id for raw in received] == [str(position) for position in range(1, len(sent) + 1)]


@LINE_ENDS
def test_a_cut_at_any_byte_changes_nothing(end: str) -> None:
    data = wire([Start("t", "m"), Text("a\n\nb"), Text(" é😀"), Reasoning("hm"), Done("stop", None, 1)])
    data = data.replace(b"\n", end.encode())
    expected = decode(data)
    assert len(expected) == 5
    for cut in range(len(data) + 1):
        assert decode(data[:cut], data[cut:]) == expected


@LINE_ENDS
def test_bytes_one_by_one_give_the_same_events(end: str) -> None:
    data = wire([Text("two\nlines"), Notice("trimmed", "Ä")]).replace(b"\n", end.encode())
    assert decode(*(bytes([byte]) for byte in data)) == decode(data)


@quickly
@given(st.lists(st.sampled_from([b"data: a", b"data:b", b"data", b": c", b"id: 7", b"event: e", b"", b"retry: 9"])))
def test_every_line_ending_means_the_same(lines: list[bytes]) -> None:
    received = [decode(b"".join(line + end for line in lines)) for end in (b"\n", b"\r", b"\r\n")]
    assert received[0] == received[1] == received[2]


@quickly
@given(st.lists(answer_text))
def test_the_data_of_unnamed_events_joins_to_the_answer(pieces: list[str]) -> None:
    data = b"".join(encode_text(piece, 1) for piece in pieces)
    assert "".join(data_of(data)) == "".join(pieces)


@quickly
@given(streams)
def test_the_line_client_of_the_guide_sees_answer_text_alone(sent: list[Event]) -> None:
    lines = (wire(sent) + KEEP_ALIVE).split(b"\n")
    seen = [line[6:].decode() for line in lines if line.startswith(b"data: ")]
    assert seen == [line for event in sent if isinstance(event, Text) for line in event.text.split("\n")]


@quickly
@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), st.integers(0, 40))
def test_the_short_cut_for_one_plain_event_gives_what_the_long_way_gives(text: str, cut: int) -> None:
    data = f"data: {text}\n\n".encode()
    assert decode(data) == decode(data[:cut], data[cut:]) == [ServerSentEvent(text.encode())]


@quickly
@given(st.lists(st.sampled_from([b"data: a", b"data: ", b"data:a", b"\n", b"\n\n", b"\n\ndata: ", b"\r", b"id: 7"])))
def test_the_short_cut_for_many_plain_events_gives_what_the_long_way_gives(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert decode(data) == decode(*(data[i : i + 1] for i in range(len(data))))


def test_the_short_cut_keeps_the_last_id() -> None:
    assert [event.id for event in decode(b"id: 4\n\n", b"data: a\n\n", b"data: b\n\n")] == ["4", "4"]


def test_the_short_cut_leaves_a_half_read_event_alone() -> None:
    assert decode(b"event: x\n", b"data: a\n\n", b"data: b\n\n") == [
        ServerSentEvent(b"a", "x"),
        ServerSentEvent(b"b"),
    ]


# The examples of https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [("YHOO\n+2\n10", "")]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [("first event", "1"), ("second event", ""), (" third event", "")],
        ),
        ("data\n\ndata\ndata\n\ndata:", [("", ""), ("\n", "")]),
        ("data:test\n\ndata: test\n\n", [("test", ""), ("test", "")]),
    ],
)
def test_the_examples_of_the_specification(stream: str, expected: list[tuple[str, str]]) -> None:
    assert [(event.data.decode(), event.id) for event in decode(stream.encode())] == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"retry: 3000\ndata: a\n\n", ["a"]),
        (b"Data: a\n\n", []),
        (b" data: a\n\n", []),
        (b"data : a\n\n", []),
        (b"\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"data: a\n:\n: note\ndata: b\n\n", ["a\nb"]),
        (b"event: only a name\n\ndata: a\n\n", ["a"]),
        (b"data: unfinished\n", []),
    ],
)
def test_lines_that_are_no_data_are_passed_by(stream: bytes, expected: list[str]) -> None:
    assert data_of(stream) == expected
    assert data_of(*(bytes([byte]) for byte in stream)) == expected


def test_a_byte_order_mark_may_arrive_in_three_pieces() -> None:
    assert data_of(b"\xef", b"\xbb", b"\xbfdata: a\n\n") == ["a"]


def test_a_byte_order_mark_before_the_short_cut_is_dropped() -> None:
    assert data_of(b"\xef\xbb\xbf", b"data: a\n\n") == ["a"]


def test_an_id_with_nul_is_ignored() -> None:
    assert decode(b"id: 1\nid: 2\0\ndata: a\n\n")[0].id == "1"


def test_a_name_lasts_for_one_event() -> None:
    assert [event.name for event in decode(b"event: start\ndata: {}\n\ndata: a\n\n")] == ["start", ""]


def test_a_name_without_data_does_not_reach_the_next_event() -> None:
    assert [event.name for event in decode(b"event: start\n\n", b"data: a\n\n")] == [""]


def test_an_event_is_given_as_soon_as_its_blank_line_begins() -> None:
    assert data_of(b"data: a\r\n\r") == ["a"]


def test_the_second_half_of_a_split_crlf_is_no_blank_line() -> None:
    assert data_of(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == ["a\nb"]


def test_an_event_up_to_the_limit_is_read() -> None:
    assert decode(b"data: " + b"x" * 80 + b"\n\n", max_event_bytes=100)


@pytest.mark.parametrize(
    "parts",
    [
        [b"data: " + b"x" * 101 + b"\n\n"],
        [b"data: " + b"x" * 60, b"x" * 60],
        [b"data: x\n"] * 101,
        [b"data:" + b"x" * 101 + b"\n"],
        [b": " + b"x" * 120],
    ],
    ids=["one plain event", "a line without end", "lines without end", "a line", "a comment without end"],
)
def test_an_event_beyond_the_limit_is_refused(parts: list[bytes]) -> None:
    with pytest.raises(EventTooLargeError):
        decode(*parts, max_event_bytes=100)


def test_many_small_events_in_one_read_pass_the_limit_of_one() -> None:
    assert len(decode(b"data: 1234567890\n\n" * 100, max_event_bytes=100)) == 100


def test_a_long_event_in_many_pieces_is_read_in_no_time() -> None:
    pieces = [b"x" * 1000] * 16_000
    began = time.monotonic()
    (event,) = decode(b"data: ", *pieces, b"\n\n", max_event_bytes=20_000_000)
    assert len(event.data) == 16_000_000
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("event", [Start("t", "m"), Reasoning("r"), Notice("c", "t"), Done(None, None, 0), Failed({})])
def test_named_events_do_without_the_optional_space(event: Event) -> None:
    assert b"\ndata:{" in encode(event, 1)


def test_text_is_written_raw_with_its_position() -> None:
    assert encode(Text("Quantum"), 7) == b"id: 7\ndata: Quantum\n\n"


def test_a_leading_space_survives() -> None:
    assert data_of(encode_text(" a", 1)) == [" a"]


def test_a_name_of_the_future_is_passed_by() -> None:
    assert parse_event(ServerSentEvent(b"{}", "weather")) is None


def test_a_field_of_the_future_is_passed_by() -> None:
    assert parse_event(ServerSentEvent(b'{"text":"hm","mood":"good"}', "reasoning")) == Reasoning("hm")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff", b"[" * 100_000])
def test_a_named_event_that_cannot_be_read_is_an_error(data: bytes) -> None:
    with pytest.raises(BackendProtocolError):
        parse_event(ServerSentEvent(data, "start"))


def test_invalid_utf8_in_the_answer_is_replaced() -> None:
    assert parse_event(ServerSentEvent(b"caf\xe9")) == Text("caf\N{REPLACEMENT CHARACTER}")


def test_json_of_named_events_is_utf8_on_one_line() -> None:
    line = encode(Reasoning("é\n😀"), 1).split(b"\n")[2]
    body: Any = json.loads(line.removeprefix(b"data:"))
    assert body == {"text": "é\n😀"}
    assert "😀" in line.decode()
