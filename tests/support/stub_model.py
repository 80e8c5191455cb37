"""An OpenAI-compatible model server that does what a test tells it to, on raw sockets, in a thread of the test.

with StubModel() as stub:
    stub.next(scripts.status(500), scripts.answer("Second time lucky"))   # one script per question, in order
    stub.models["slow"] = scripts.answer("a", 0.5, "b")                   # by the model that is asked for
    stub.default = scripts.silence                                        # for every other question
    ...
    assert stub.calls[0].body["model"] == "slow"
    assert stub.calls[0].wait_until_left(timeout_s=1)

What a script can be made of is in `scripts.py`.
"""

import asyncio
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from support import scripts
from support.scripts import Script

KEY = "sk-stub-5entinel0f0ne0f0ur0wn"
_NAP_S = 0.01


@dataclass
class Call:
    """One request as it arrived. `body` is its JSON, or None, `head` is raw; times are `time.monotonic()`."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    head: str = ""
    arrived_at: float = field(default_factory=time.monotonic)
    left_at: float | None = None
    _left: threading.Event = field(default_factory=threading.Event, repr=False)

    def leave(self) -> None:
        self.left_at = time.monotonic()
        self._left.set()

    def wait_until_left(self, *, timeout_s: float) -> bool:
        """Return whether the client hung up before its answer was complete, waiting at most `timeout_s`.

        It is waited in naps, which a busy machine makes longer as it does all that is waited for.
        """
        return any(self._left.wait(_NAP_S) for _ in range(round(timeout_s / _NAP_S)))


class Exchange:
    """What a script answers through: the call that came in, and the bytes that go back."""

    def __init__(self, call: Call, writer: asyncio.StreamWriter) -> None:
        self.call = call
        self.is_open = True
        self._writer = writer
        self._is_chunked = False

    @property
    def wants_stream(self) -> bool:
        return isinstance(self.call.body, dict) and bool(self.call.body.get("stream"))

    async def send(self, data: bytes) -> None:
        """Write `data` as it is."""
        self._writer.write(data)
        await self._writer.drain()

    async def respond(self, status: int, body: bytes | str | dict[str, Any], **headers: str) -> None:
        """Write a whole response: a dict as JSON, a str as HTML. `Retry_After="2"` is the header Retry-After."""
        data = json.dumps(body) if isinstance(body, dict) else body
        data = data.encode() if isinstance(data, str) else data
        kind = "application/json" if isinstance(body, dict) else "text/html; charset=utf-8"
        await self._head(status, {"Content_Type": kind, "Content_Length": str(len(data))} | headers)
        await self.send(data)

    async def start_stream(self) -> None:
        """Write the head of an event stream; from here on `write` sends what it is given as one chunk."""
        await self._head(200, {"Content_Type": "text/event-stream", "Transfer_Encoding": "chunked"})
        self._is_chunked = True

    async def write(self, data: bytes) -> None:
        """Write a piece of the stream's body."""
        await self.send(b"%x\r\n%s\r\n" % (len(data), data) if self._is_chunked else data)

    async def end_stream(self) -> None:
        """End the body the way HTTP wants it ended."""
        await self.send(b"0\r\n\r\n")

    def hang_up(self) -> None:
        """Close the connection, in the middle of whatever was said."""
        self.is_open = False
        self._writer.close()

    def reset(self) -> None:
        """Close the connection with RST, as a killed server or a broken proxy does."""
        self.is_open = False
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _head(self, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode())


class StubModel:
    """The server. `url` is what `BASE_URL` wants; every request is in `requests`, the questions alone in `calls`."""

    def __init__(self) -> None:
        self.default: Script = scripts.answer("Hello", " from", " the", " stub", ".")
        self.listing: Script = scripts.listing("stub-model")
        self.models: dict[str, Script] = {}
        self.requests: list[Call] = []
        self.open_connections = 0
        self._queue: deque[Script] = deque()
        self._changed = threading.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does it for sockets of its own
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def next(self, *queued: Script) -> None:
        """Answer the next questions with these, one each, before `models` and `default` apply."""
        self._queue.extend(queued)

    @property
    def calls(self) -> list[Call]:
        """The questions, oldest first."""
        return [call for call in self.requests if call.method == "POST"]

    @property
    def hits(self) -> int:
        """How many questions were asked."""
        return len(self.calls)

    def wait_for_call(self, number: int = 1, *, timeout_s: float = 5.0) -> Call:
        """Return the `number`th question, once it has been asked."""
        assert self._wait_until(lambda: self.hits >= number, timeout_s), f"{self.hits} of {number} questions came"
        return self.calls[number - 1]

    def wait_until_idle(self, *, timeout_s: float = 5.0) -> bool:
        """Return whether nobody is connected any more, waiting at most `timeout_s`."""
        return self._wait_until(lambda: self.open_connections == 0, timeout_s)

    def _wait_until(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(is_so, timeout_s)

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="stub model", daemon=True)
        self._thread.start()
        assert ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)

    def kill(self) -> None:
        """Be gone, in the middle of whatever is said."""
        self.__exit__()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: asyncio.StreamReaderProtocol(_Reader(), self._talk), sock=self._socket
        )
        ready.set()
        await self._stop.wait()
        server.close()
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: "_Reader", writer: asyncio.StreamWriter) -> None:
        self._note(connections=+1)
        try:
            while call := await _read_call(reader):
                exchange = Exchange(call, writer)
                self._note(call)
                await _run_until_left(self._script_for(call)(exchange), exchange, reader)
                if call.left_at or not exchange.is_open:
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._note(connections=-1)

    def _note(self, call: Call | None = None, *, connections: int = 0) -> None:
        with self._changed:
            self.open_connections += connections
            self.requests += [call] if call else []
            self._changed.notify_all()

    def _script_for(self, call: Call) -> Script:
        if call.path.endswith("/models"):
            return self.listing
        if self._queue:
            return self._queue.popleft()
        usual = scripts.EMBEDDINGS if call.path.endswith("/embeddings") else self.default
        model = call.body.get("model") if isinstance(call.body, dict) else None
        return self.models.get(str(model), usual)


class _Reader(asyncio.StreamReader):
    """A reader that tells at once when its other end has gone."""

    def __init__(self) -> None:
        super().__init__(limit=64 * 1024 * 1024)
        self.on_gone: Callable[[], object] | None = None

    def feed_eof(self) -> None:
        super().feed_eof()
        self._tell()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self._tell()

    def _tell(self) -> None:
        if self.on_gone:
            self.on_gone()


async def _run_until_left(script: Coroutine[Any, Any, None], exchange: Exchange, reader: _Reader) -> None:
    """Run `script`; if the client leaves before it is over, note when, and end it."""
    task = asyncio.ensure_future(script)

    def on_gone() -> None:
        if exchange.is_open and not task.done():
            exchange.call.leave()
            task.cancel()

    reader.on_gone = on_gone
    if reader.at_eof():
        on_gone()
    try:
        await asyncio.wait([task])
    finally:
        reader.on_gone = None
        task.cancel()
    if not task.cancelled():
        task.result()


async def _read_call(reader: asyncio.StreamReader) -> Call | None:
    """Return the next request of a connection, or None if the client has closed it."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await _read_body(reader, headers)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Call(method, path, headers, json.loads(body) if body else None, head)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body
