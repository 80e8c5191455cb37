"""Ten who ask the page at once: `python tests/performance/page_sessions.py [--chainlit PYTHON]` prints what that takes.

Sessions speak to the page as a browser does, over its websocket and the stream of the answer. `PYTHON` is that of an
environment with Chainlit, which streams the same answers in turn with the page.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from chatapp.processes.ports import free_port
from support import scripts
from support.measured_page import MeasuredPage, cpu_s, started
from support.stub_model import KEY, StubModel

ROUNDS = 3
SESSIONS, TOKENS, TOKEN_S = 10, 800, 0.025
ANSWER = """Here is a **list** with `code` and a [link](http://a.example/b):

- one item of some words, as answers have them
- another one

And a paragraph of some more words, as most of what models say is nothing else, in which nothing stands out at all.

```python
def is_palindrome(word: str) -> bool:
    return word == word[::-1]
```

"""
WAIT_S = 180
CHAINLIT = """
import os
import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI(api_key=os.environ["OPENAI_API_KEY"], base_url=os.environ["BASE_URL"])


@cl.on_message
async def on_message(message):
    shown = cl.Message(content="")
    asked = [{"role": "user", "content": message.content}]
    stream = await client.chat.completions.create(model="stub-model", messages=asked, stream=True)
    async for part in stream:
        if part.choices and (token := part.choices[0].delta.content):
            await shown.stream_token(token)
    await shown.update()
"""


class Figures(NamedTuple):
    """What a round took: seconds until the first word as a median and at most, microseconds of processes a token."""

    first_s: float
    last_first_s: float
    cpu_us: tuple[float, ...]


class Session:
    """One who asks; `first_s` are the seconds until the first word."""

    first_s = 0.0

    def __init__(self, go: asyncio.Event, is_ready: asyncio.Semaphore) -> None:
        self._go, self._is_ready = go, is_ready

    async def begin(self) -> None:
        """Wait until all are there."""
        self._is_ready.release()
        await self._go.wait()
        self._began = time.perf_counter()

    def hear(self) -> None:
        """Note that a word has come."""
        self.first_s = self.first_s or time.perf_counter() - self._began


async def ask_page(session: Session, url: str) -> None:
    """Ask on the page at `url`, and read the answer to its end."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], origin=url, max_size=None) as page:  # type: ignore[arg-type, list-item]
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        await page.send(asked.SerializeToString())
        box = await _read(page, lambda told: told.delta.new_element.chat_input.id)
        await _read(page, lambda told: told.WhichOneof("type") == "script_finished")
        asked.rerun_script.widget_states.widgets.add(id=box).chat_input_value.data = "A long answer, please"
        await session.begin()
        await page.send(asked.SerializeToString())
        live = json.loads(await _read(page, _live))
        reading = asyncio.create_task(_read(page, lambda _: None))
        await _follow(session, url, live)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def _live(told: Any) -> str:
    component = told.delta.new_element.bidi_component
    return str(component.json) if component.component_name == "chatapp.live" else ""


async def _read(page: Any, found: Callable[[Any], Any]) -> Any:
    async for raw in page:
        if value := found(ForwardMsg.FromString(raw)):
            return value
    return None


async def _follow(session: Session, url: str, live: dict[str, Any]) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"GET /app/live?name={live['name']} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Transcript: {live['token']}\r\n\r\n"
    )
    writer.write(head.encode())
    while b'"ended"' not in (line := await reader.readline()):
        if b'"text"' in line:
            session.hear()
        assert line, "the answer was cut"
    writer.close()


async def ask_chainlit(session: Session, url: str) -> None:
    """Ask Chainlit at `url`, and read the answer to its end, as its page does over Socket.IO."""
    address = url.replace("http", "ws", 1) + "/ws/socket.io/?EIO=4&transport=websocket"
    about = {"clientType": "webapp", "sessionId": str(uuid.uuid4()), "threadId": "", "userEnv": "{}", "chatProfile": ""}
    message = {"id": str(uuid.uuid4()), "threadId": "", "name": "user", "type": "user_message", "output": "Hi"}
    message["createdAt"] = "2026-01-01T00:00:00Z"
    async with websockets.connect(address, max_size=None) as page:
        await page.recv()
        await page.send("40" + json.dumps(about))
        assert str(await page.recv()).startswith("40"), "Chainlit lets nobody in"
        await page.send('42["connection_successful"]')
        await session.begin()
        await page.send("42" + json.dumps(["client_message", {"message": message, "fileReferences": []}]))
        async for raw in page:
            told = str(raw)
            if told == "2":
                await page.send("3")
            elif told.startswith('42["stream_token"'):
                session.hear()
            elif told.startswith('42["task_end"') and session.first_s:
                return


async def round_of(
    ask: Callable[[Session, str], Awaitable[None]], url: str, processes: list[psutil.Process]
) -> Figures:
    """Return what ten at once take."""
    go, is_ready = asyncio.Event(), asyncio.Semaphore(0)
    sessions = [Session(go, is_ready) for _ in range(SESSIONS)]
    asking = [asyncio.create_task(ask(session, url)) for session in sessions]
    async with asyncio.timeout(WAIT_S):
        for _ in sessions:
            await is_ready.acquire()
        await asyncio.sleep(2)
        before = [cpu_s(it) for it in processes]
        go.set()
        await asyncio.gather(*asking)
    tokens = SESSIONS * TOKENS
    cpu_us = tuple((cpu_s(it) - was) / tokens * 1e6 for it, was in zip(processes, before, strict=True))
    firsts = [session.first_s for session in sessions]
    return Figures(statistics.median(firsts), max(firsts), cpu_us)


def chainlit(stack: ExitStack, model: StubModel, folder: Path, python: str) -> tuple[str, psutil.Process]:
    """Return where Chainlit is, and its process."""
    folder.mkdir()
    (folder / "app.py").write_text(CHAINLIT)
    url = f"http://127.0.0.1:{free_port()}"
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "BASE_URL": model.url, "OPENAI_API_KEY": KEY}
    run = [str(Path(python).with_name("chainlit")), "run", "app.py", "--headless", "--host", "127.0.0.1"]
    process = started(stack, [*run, "--port", url.rpartition(":")[2]], url, env=env, folder=folder)
    return url, process


def main() -> None:
    """Measure both in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chainlit", help="the python of an environment with Chainlit")
    told = parser.parse_args()
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as name, StubModel() as model, ExitStack() as stack:
        words = (ANSWER * TOKENS).split(" ")[:TOKENS]
        model.default = scripts.answer(*(step for word in words for step in (f"{word} ", TOKEN_S)))
        measured = stack.enter_context(MeasuredPage(model, Path(name, "page")))
        rounds = {"page and backend": (ask_page, measured.page_url, [measured.process, measured.backend])}
        if told.chainlit:
            url, process = chainlit(stack, model, Path(name, "chainlit"), told.chainlit)
            rounds["chainlit"] = (ask_chainlit, url, [process])
        figures: dict[str, list[Figures]] = {what: [] for what in rounds}
        for _ in range(ROUNDS):
            for what, each in rounds.items():
                figures[what].append(asyncio.run(round_of(*each)))
                print(what, figures[what][-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
    for what, each in figures.items():
        cpu_us = [statistics.median(of) for of in zip(*(it.cpu_us for it in each), strict=True)]
        first_s, last_s = (statistics.median(it[place] for it in each) for place in (0, 1))
        shown = " + ".join(f"{it:.0f}" for it in cpu_us)
        print(f"{what}: {shown} us a token, first word after {first_s:.2f} s, {last_s:.2f} s")


if __name__ == "__main__":
    main()
