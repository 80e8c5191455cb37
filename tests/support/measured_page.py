"""A backend and its page as processes, of this chatapp or of another, with a browser in front of them, for figures."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import psutil
import requests
from selenium.common.exceptions import WebDriverException
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from chatapp.processes.ports import free_port
from support.browsing import Page, running_browser
from support.stub_model import KEY, StubModel

READY_S = 120
_IMPORT_S = 600
_REST_S = 0.5
LONGEST_S = 60
"""What takes longer, such as a reload in an answer before answers were followed beside Streamlit, is told as this."""
_ACT = """
const done = arguments[1], began = performance.now();
const act = () => { %s };
const look = () => {
  if (%s) requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  else setTimeout(look, 2);
};
act();
look();
"""
LAST_ANSWER = (
    """([...document.querySelectorAll("[aria-label='Chat message from assistant']")].at(-1)?.textContent ?? '')"""
)
_COUNTED_RUNS = """
window.finishedRuns = 0;
window.WebSocket = class extends WebSocket {
  constructor(...told) {
    super(...told);
    this.addEventListener("message", ({ data }) => {
      const [field, status] = data instanceof ArrayBuffer ? new Uint8Array(data).slice(-2) : [];
      if (field === %d && status < 16) finishedRuns += 1;
    });
  }
};
"""
_RUN = "const before = finishedRuns;"


class MeasuredPage:
    """What is measured, to be entered: `python` is that of the environment in which the chatapp is installed."""

    def __init__(self, model: StubModel, folder: Path, *, python: str = sys.executable) -> None:
        self._model, self._folder, self._python = model, folder, python
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir()
        self.backend_url = f"http://127.0.0.1:{free_port()}"
        own = {
            "BASE_URL": self._model.url,
            "OPENAI_API_KEY": KEY,
            "MODEL_NAME": "stub-model",
            "HOME": str(self._folder),
        }
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR"}}
        self._env = {
            **kept,
            **own,
            "DATA_DIR": str(self._folder / "data"),
            "BACKEND_URL": self.backend_url,
            "USE_STREAMING": "true",
        }
        self.backend = self._start("serve", self.backend_url, "/health")
        self.page_url = f"http://127.0.0.1:{free_port()}"
        self.process = self._start("ui", self.page_url, "/_stcore/health")
        self.line = CountedLine(int(self.page_url.rpartition(":")[2]))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def page(self) -> Page:
        """A browser in front of it."""
        driver = self._stack.enter_context(running_browser(self._folder / "profile", self._folder / "downloads"))
        driver.set_script_timeout(READY_S)
        source = {"source": _COUNTED_RUNS % ForwardMsg(script_finished=0).SerializeToString()[0]}
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
        return Page(driver, self.line.port)

    def _start(self, command: str, url: str, path: str) -> psutil.Process:
        arguments = [self._python, "-m", "chatapp", command, "--port", url.rpartition(":")[2]]
        return started(self._stack, arguments, url + path, env=self._env, folder=self._folder)

    def import_conversations(self, *conversations: dict[str, Any]) -> str:
        """Import them, and return the id of the one that was talked in last."""
        body = json.dumps(conversations if len(conversations) > 1 else conversations[0])
        requests.post(f"{self.backend_url}/import", data=body, timeout=_IMPORT_S).raise_for_status()
        listed: dict[str, Any] = requests.get(f"{self.backend_url}/conversations", timeout=READY_S).json()
        return str(next(value for value in listed.values() if isinstance(value, list))[0]["id"])

    def ms_until(self, selector: str, is_so: str) -> float:
        """Return the milliseconds from a click until a JavaScript expression is true and drawn."""
        return self.ms_from(f"document.querySelector({json.dumps(selector)}).click()", is_so)

    def ms_from(self, act: str, is_so: str) -> float:
        """Return the milliseconds from what a script does until an expression is true and drawn."""
        return float(self.page.driver.execute_async_script(_ACT % (act, is_so), None))

    def run_ms(self, selector: str) -> float:
        """Return the milliseconds from a click until the page has run for it and drawn that."""
        act = f"document.querySelector({json.dumps(selector)}).click()"
        return float(self.page.driver.execute_async_script(_RUN + _ACT % (act, "finishedRuns > before"), None))

    def rest(self) -> None:
        """Let the page come to rest, so that nothing of one click is in the time of the next."""
        idle = "return document.querySelector('.stApp').getAttribute('data-test-script-state') === 'notRunning'"
        time.sleep(_REST_S)
        self.page.wait_until(lambda _: self.page.run(idle), "a page at rest")

    def last_words(self, conversation_id: str) -> str:
        """Return how the last message of a conversation begins."""
        told = requests.get(f"{self.backend_url}/conversations/{conversation_id}/messages", timeout=READY_S).json()
        return str(next(value for value in told.values() if isinstance(value, list))[-1]["content"]).partition(". ")[0]

    def show_all(self, *, most: int | None = None) -> None:
        """Have all messages drawn: by scrolling up until there is nothing more, or by the button that was there once.

        `most` is how often that is clicked; each click on it takes longer than the last.
        """
        shown = "return document.querySelectorAll('.slot, [data-testid=stChatMessage]').length"
        button = "document.querySelector('.st-key-earlier button')"
        before, page = -1, self.page
        while before != (before := page.run(shown)):
            page.scroll_up()
            time.sleep(1.5)
            while page.run(f"return {button} !== null"):
                if most is not None and (most := most - 1) < 0:
                    return
                count = page.run(f"{button}.click(); {shown}")
                self.seconds_until(f"{shown} > {count}")

    def seconds_until(self, script: str) -> float:
        """Return the seconds until a script returns what is true, at most `LONGEST_S`."""
        began = time.perf_counter()
        while (taken_s := time.perf_counter() - began) < LONGEST_S:
            with suppress(WebDriverException):
                if self.page.run(script):
                    return taken_s
            time.sleep(0.02)
        return float(LONGEST_S)

    def memory_mb(self) -> float:
        """Return the resident memory of the page's processes."""
        return sum(it.memory_info().rss for it in _tree(self.process)) / 1e6

    def cpu_s(self) -> float:
        """Return the seconds of the processor that the page has had."""
        return cpu_s(self.process)


class CountedLine:
    """A port that leads to another, and counts what comes back, as it is on the wire."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.received = 0
        self._is_open = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self._is_open.wait(READY_S)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port: int = server.sockets[0].getsockname()[1]
        self._is_open.set()
        await server.serve_forever()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._pass(reader, forth), self._pass(back, writer, is_counted=True))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_counted: bool = False
    ) -> None:
        try:
            while data := await reader.read(65536):
                self.received += len(data) if is_counted else 0
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


def started(
    stack: ExitStack, arguments: Sequence[str], url: str, *, env: Mapping[str, str], folder: Path
) -> psutil.Process:
    """Return a process that answers at `url`; it ends with `stack`."""
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(arguments, env=env, cwd=folder, stdout=quiet, stderr=quiet)
    stack.callback(_stop, child)
    deadline = time.monotonic() + READY_S
    while not _answers(url):
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{' '.join(arguments)} does not start")
        time.sleep(0.1)
    return psutil.Process(child.pid)


def cpu_s(process: psutil.Process) -> float:
    """Return the seconds of the processor that a process and its children have had."""
    return sum(sum(it.cpu_times()[:2]) for it in _tree(process))


def median(values: Iterator[float]) -> float:
    """Return the median of what is measured."""
    return statistics.median(list(values))


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def _stop(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        child.kill()
