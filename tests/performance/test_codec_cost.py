"""What server-sent events cost, in units of the standard library's JSON parser on the same chunks."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.backend.models.transport.direct import HttpConnection
from chatapp.protocol.events import Text
from chatapp.protocol.reading import read_page
from chatapp.protocol.resources import ConversationInfo
from chatapp.protocol.sse import Decoder, encode, parse_event
from support.fake_transports import Wire

WORDS = 2000
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "some-model",
    "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}],
}
EVENT = b"data: " + json.dumps(CHUNK).encode() + b"\n\n"

ExpectCost = Callable[..., None]


def parse_with_json() -> None:
    for _ in range(WORDS):
        json.loads(EVENT[6:-2])


def read_answer(events_a_read: int) -> None:
    """Let a model server say the words, in as many chunks as there are reads, and read them as batches of text."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(EVENT) * events_a_read, EVENT * events_a_read)

    async def read() -> None:
        connection = HttpConnection(lambda _: None)
        connection.connection_made(Wire())
        asking = asyncio.create_task(connection.send(b""))
        await asyncio.sleep(0)
        connection.data_received(head)
        stream = await OpenAIStream.open(await asking, max_event_bytes=2**20)
        for _ in range(WORDS // events_a_read):
            connection.data_received(chunk)
            await stream.next_batch()

    asyncio.run(read())


@pytest.mark.parametrize(("events_a_read", "usual"), [(1, 1.3), (20, 0.55)])
def test_the_cost_of_a_word_from_the_model(events_a_read: int, usual: float, expect_cost: ExpectCost) -> None:
    expect_cost(lambda: read_answer(events_a_read), usual=usual, reference=parse_with_json)


def test_the_cost_of_a_word_to_the_client(expect_cost: ExpectCost) -> None:
    expect_cost(
        lambda: [encode(Text(" word"), position) for position in range(WORDS)], usual=0.17, reference=parse_with_json
    )


def test_the_cost_of_a_word_in_the_client(expect_cost: ExpectCost) -> None:
    received = b"".join(encode(Text(" word"), position) for position in range(WORDS))
    expect_cost(lambda: [*map(parse_event, Decoder().feed(received))], usual=0.57, reference=parse_with_json)


def test_the_cost_of_a_conversation_of_the_list_to_page_and_shell(expect_cost: ExpectCost) -> None:
    item = {"id": "c", "title": "A title", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
    told = {"items": [item] * WORDS}
    expect_cost(lambda: read_page(ConversationInfo, told), usual=2.2, reference=parse_with_json)
