"""What the stub model can do with a question, from a fine answer to the worst that model servers have been seen to do.

A script is an async function of an `Exchange`. Most are made by `answer`, which takes the steps of a stream in order:

    "text"                    a piece of the answer, as one chunk
    delta(reasoning="hm")     a chunk with another delta
    {"choices": []}           a chunk as it is
    b"data: {oops\\n\\n"        bytes as they are
    0.2                       seconds of silence
    silence, reset, hang_up   another script from here on

so that `answer("one", "two", reset)` breaks after two words, and `answer(silence)` never gets to its first.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.stub_model import Exchange

Script = Callable[["Exchange"], Coroutine[Any, Any, None]]
Chunk = dict[str, Any]
Step = str | bytes | float | Chunk | Script

PATIENCE_S = 45
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
TOLD = {**USAGE, "cached_tokens": 0, "reasoning_tokens": 0, "estimated": False, "cost": "0", "price_source": "local"}
TOLD["thinking_ms"] = None
"""What the backend says of `USAGE` in detail, beside times."""

HTML = "<!doctype html><html><body><h1>502 Bad Gateway</h1><hr>nginx/1.25 at 10.0.0.7</body></html>"
NULL_DELTA: Chunk = {"choices": [{"index": 0, "delta": None, "finish_reason": None}]}
STREAM_ERROR: Chunk = {
    "error": {"message": "The server had an error at 10.0.0.7", "type": "server_error", "code": None}
}


def answer(
    *steps: Step,
    finish: str | None = "stop",
    done: bool = True,
    role: bool = True,
    usage: bool = True,
    ascii: bool = False,  # noqa: A002 - the word for it
    newline: str = "\n",
    cut_every: int = 0,
) -> Script:
    """Answer as OpenAI does, streamed or whole, as the question wants it.

    `finish=None` leaves out the finish_reason, `done=False` the closing [DONE], `role=False` the first chunk that only
    names the role, `usage=False` the tokens. `ascii` writes other characters as \\uXXXX, `newline` ends the lines of
    events, and `cut_every=1` writes byte by byte.
    """

    async def script(exchange: "Exchange") -> None:
        if not exchange.wants_stream:
            text = "".join(step for step in steps if isinstance(step, str))
            return await exchange.respond(200, completion(text, finish=finish, model=_model(exchange)))
        wire = _Wire(exchange, ascii=ascii, newline=newline, cut_every=cut_every)
        await exchange.start_stream()
        for step in (*opening, *steps, *closing):
            await wire.take(step)
            if not exchange.is_open:
                return None
        return await exchange.end_stream()

    opening = [delta(role="assistant", content="")] if role else []
    closing: list[Step] = [delta(finish=finish)] if finish else []
    closing += [{"choices": [], "usage": USAGE}] if usage else []
    closing += [f"data: [DONE]{newline}{newline}".encode()] if done else []
    return script


def raw(*parts: bytes | float | Script) -> Script:
    """Write bytes as they are, pause for seconds, go on with another script; then hang up."""

    async def script(exchange: "Exchange") -> None:
        for part in (*parts, hang_up):
            if isinstance(part, bytes):
                await exchange.send(part)
            elif callable(part):
                await part(exchange)
            else:
                await asyncio.sleep(part)

    return script


def respond(status: int, body: bytes | str | Chunk, **headers: str) -> Script:
    """Answer with a status and a body, whatever was asked: a dict as JSON, a str as a web page."""
    return lambda exchange: exchange.respond(status, body, **headers)


def whole(text: str) -> Script:
    """Answer with one JSON body, also where a stream was asked for."""
    return lambda exchange: exchange.respond(200, completion(text, model=_model(exchange)))


def status(status: int, message: str | None = None, *, code: str | None = None, **headers: str) -> Script:
    """Refuse the way OpenAI does; the message quotes the key and the question, as such messages do."""

    async def script(exchange: "Exchange") -> None:
        key = exchange.call.headers.get("authorization", "").removeprefix("Bearer ")
        text = f"{message or 'No.'} Key {key} at http://10.0.0.7/v1 asked {json.dumps(exchange.call.body)}"
        await exchange.respond(status, {"error": {"message": text, "type": "error", "code": code}}, **headers)

    return script


def html(status: int = 200) -> Script:
    """Answer with a web page, as proxies and sign-in portals do."""
    return respond(status, HTML)


def redirect(url: str) -> Script:
    """Send the question to another address."""
    return respond(307, b"", Location=url)


def listing(*names: str) -> Script:
    """Answer `GET /v1/models`."""
    entries = [{"id": name, "object": "model", "created": 0, "owned_by": "stub"} for name in names]
    return respond(200, {"object": "list", "data": entries})


def later(delay_s: float, script: Script) -> Script:
    """Run `script` after a while of silence."""

    async def wait_then_run(exchange: "Exchange") -> None:
        await asyncio.sleep(delay_s)
        await script(exchange)

    return wait_then_run


EMBEDDINGS = respond(
    200,
    {
        "object": "list",
        "model": "stub-model",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    },
)


async def silence(_: "Exchange") -> None:
    """Say nothing more, for as long as the client waits."""
    await asyncio.Event().wait()


def until(event: threading.Event) -> Script:
    """Say nothing more until the test wants it."""

    async def script(_: "Exchange") -> None:
        await asyncio.to_thread(event.wait, PATIENCE_S)

    return script


async def pings(exchange: "Exchange") -> None:
    """Send comments and nothing else, for as long as the client listens."""
    while True:
        await exchange.write(b": ping\n\n")
        await asyncio.sleep(0.02)


async def reset(exchange: "Exchange") -> None:
    """Close the connection with RST."""
    exchange.reset()


async def hang_up(exchange: "Exchange") -> None:
    """Close the connection without ending the response."""
    exchange.hang_up()


def endless(text: str = "word ", *, every_s: float = 0.0) -> Script:
    """Go on answering for as long as the client listens."""

    async def script(exchange: "Exchange") -> None:
        while True:
            await exchange.write(event(delta(content=text)))
            await asyncio.sleep(every_s)

    return script


def long_line(megabytes: int = 64) -> Script:
    """Send one event that has no end within `megabytes`."""

    async def script(exchange: "Exchange") -> None:
        await exchange.write(b'data: {"choices":[{"index":0,"delta":{"content":"')
        for _ in range(megabytes * 16):
            await exchange.write(b"x" * 65536)
        await exchange.write(b'"}}]}\n\n')

    return script


@contextmanager
def closed_port() -> Iterator[str]:
    """Return the base URL of a port that refuses connections for as long as the block lasts."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}/v1"


@contextmanager
def full_port() -> Iterator[str]:
    """Return the base URL of a port on which nobody answers the phone: connecting takes for ever."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # one waits to be accepted, and Linux drops what comes after
            caller = open_sockets.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def delta(*, finish: Any = None, **fields: Any) -> Chunk:
    """Return a chunk whose delta holds `fields`, e.g. `content`, `reasoning_content`, `refusal`, `tool_calls`."""
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def tool_call(name: str = "get_weather") -> Chunk:
    """Return a chunk in which the model calls a tool instead of answering."""
    function = {"name": name, "arguments": '{"city":"Paris"}'}
    return delta(role="assistant", tool_calls=[{"index": 0, "id": "call_1", "type": "function", "function": function}])


def completion(text: str, *, model: str, finish: str | None = "stop") -> Chunk:
    """Return the JSON of a whole answer."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": USAGE}


def event(chunk: Chunk, *, ascii: bool = False, newline: str = "\n") -> bytes:  # noqa: A002 - the word for it
    """Return the bytes of one event of the stream."""
    return f"data: {json.dumps(chunk, ensure_ascii=ascii)}{newline}{newline}".encode()


def _model(exchange: "Exchange") -> str:
    return str((exchange.call.body or {}).get("model"))


@dataclass
class _Wire:
    """How the steps of an answer are written."""

    exchange: "Exchange"
    ascii: bool
    newline: str
    cut_every: int

    async def take(self, step: Step) -> None:
        if isinstance(step, int | float):
            await asyncio.sleep(step)
        elif callable(step):
            await step(self.exchange)
        elif isinstance(step, bytes):
            await self._write(step)
        else:
            chunk = delta(content=step) if isinstance(step, str) else step
            await self._write(event(self._addressed(chunk), ascii=self.ascii, newline=self.newline))

    def _addressed(self, chunk: Chunk) -> Chunk:
        if "choices" not in chunk:
            return chunk
        head = {"id": "c-1", "object": "chat.completion.chunk", "created": 0, "model": _model(self.exchange)}
        return head | chunk

    async def _write(self, data: bytes) -> None:
        size = self.cut_every or len(data)
        for start in range(0, len(data), size):
            await self.exchange.write(data[start : start + size])
            if self.cut_every:
                await asyncio.sleep(0)
