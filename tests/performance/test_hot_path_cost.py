"""What a question costs in the backend without a network, in units of FastAPI endpoints that ask nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from chatapp.backend.app import create_app
from chatapp.backend.models.chat_model import Batch, ModelRequest
from chatapp.config.settings import Settings
from chatapp.protocol.events import Text
from chatapp.providers.connection import Timeouts

WORDS = 1000
QUESTIONS = 40

ExpectCost = Callable[..., None]
Ask = Callable[..., Any]


class Words:
    """A model without a network: each read gives one word, until `left` is used up."""

    name = "words"

    def __init__(self, left: int) -> None:
        self._left = left

    def timeouts_for(self, _: str) -> Timeouts:
        return Timeouts()

    def connection_for(self, _: str) -> str:
        return "words"

    async def prepare(self) -> None: ...

    async def default_model(self) -> str:
        return self.name

    async def open(self, _: ModelRequest) -> "Words":
        return Words(self._left)

    async def window(self, _: str) -> None: ...

    async def probe(self) -> None: ...

    async def close(self) -> None: ...

    connection = "words"
    model = "words"
    notices = ()
    prefix = ""

    async def read(self) -> Batch:
        await asyncio.sleep(0)
        self._left -= 1
        is_last = self._left <= 0
        batch = Batch(is_last=is_last, finish_reason="stop" if is_last else None)
        batch.add(Text, " word")
        return batch


class _Question(BaseModel):
    prompt: str


class _Answer(BaseModel):
    answer: str


bare = FastAPI()


@bare.post("/query")
async def answer(question: _Question) -> _Answer:
    return _Answer(answer=question.prompt)


@bare.post("/query/stream")
async def stream(question: _Question) -> StreamingResponse:
    async def words() -> AsyncIterator[str]:
        for _ in range(WORDS):
            await asyncio.sleep(0)
            yield f"data: {json.dumps(question.prompt)}\n\n"

    return StreamingResponse(words(), media_type="text/event-stream")


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A function that asks an application without a server in between, as often as it is told."""
    body = b'{"prompt":"Why?"}'
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"17")]
    head = {"type": "http", "method": "POST", "query_string": b"", "headers": headers, "http_version": "1.1"}

    async def call(app: Any, path: str) -> None:
        arriving = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return arriving.pop() if arriving else await asyncio.Future()

        async def send(message: dict[str, Any]) -> None:
            assert message.get("status", 200) == 200

        await app({**head, "path": path, "asgi": {"spec_version": "2.4"}, "client": ("127.0.0.1", 1)}, receive, send)

    with asyncio.Runner() as runner:

        async def several(app: Any, path: str, times: int) -> None:
            for _ in range(times):
                await call(app, path)

        yield lambda app, path, *, times=1: runner.run(several(app, path, times))


def test_the_cost_of_a_whole_answer(ask: Ask, expect_cost: ExpectCost) -> None:
    ours = create_app(Settings.load(), model=Words(1))
    expect_cost(
        lambda: ask(ours, "/query", times=QUESTIONS),
        usual=3.3,
        reference=lambda: ask(bare, "/query", times=QUESTIONS),
    )


def test_the_cost_of_a_word_of_a_stream(ask: Ask, expect_cost: ExpectCost) -> None:
    ours = create_app(Settings.load(), model=Words(WORDS))
    expect_cost(
        lambda: ask(ours, "/query/stream"),
        usual=2.0,
        reference=lambda: ask(bare, "/query/stream"),
    )
