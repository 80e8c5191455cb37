"""How fast the page is: `python tests/performance/page_speed.py [MESSAGES ...]` prints it.

What clicks, opening, tabs and a cold page on a slow line take; a click beside two messages is what the rest of the page
costs. It runs a backend, a page and one browser, by itself on an idle machine for figures that mean something.
"""

import base64
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from support import scripts
from support.browsing import Page, running_browser
from support.running_backend import backend_before
from support.running_page import running_page
from support.stub_model import StubModel

ROUNDS = 5
TABS = 3
TOKENS, TOKEN_S = 800, 0.02
LINE = 1_600_000 / 8
ANSWER = """Here is a **list** with `code` and a [link](http://a.example/b):

- one item of some words, as answers have them
- another one

```python
def is_palindrome(word: str) -> bool:
    return word == word[::-1]
```

| name | value |
|---|--:|
| a | 1 |
"""
WHEN_USABLE = """
new MutationObserver(() => {
  if (!window.usableMs && document.querySelector("[data-testid='stChatInputTextArea']")) usableMs = performance.now();
}).observe(document, { childList: true, subtree: true });
"""
CLICK = """
const done = arguments[1], app = document.querySelector('.stApp'), began = performance.now();
const state = () => app.getAttribute('data-test-script-state');
let ran = false;
document.querySelector(arguments[0]).click();
const look = () => {
  ran ||= state() === 'running';
  if (ran && state() === 'notRunning') requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  else setTimeout(look, 2);
};
look();
"""


def conversation(count: int) -> bytes:
    """Return a conversation to import: questions, and answers with a list, code and a table."""
    messages = [
        {
            "id": f"{count}-{place}",
            "parent_id": f"{count}-{place - 1}" if place else None,
            "role": ("user", "assistant")[place % 2],
            "content": f"Message {place} of {count}. {ANSWER if place % 2 else 'How is it done?'}",
        }
        for place in range(count)
    ]
    return json.dumps({"id": f"c{count}", "leaf_id": f"{count}-{count - 1}", "messages": messages}).encode()


def received_bytes(page: Page) -> int:
    """Return how much the browser has got over websockets since this was last asked."""
    size = 0
    for entry in page.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.webSocketFrameReceived":
            frame = message["params"]["response"]
            size += len(base64.b64decode(frame["payloadData"]) if frame["opcode"] == 2 else frame["payloadData"])
    return size


def clicks(page: Page, selector: str) -> tuple[float, float]:
    """Return the milliseconds and the bytes of a click, as medians."""
    times, sizes = [], []
    for _ in range(ROUNDS):
        time.sleep(0.5)
        received_bytes(page)
        times.append(page.driver.execute_async_script(CLICK, selector))
        time.sleep(0.2)
        sizes.append(received_bytes(page))
    return statistics.median(times), statistics.median(sizes)


def opening_ms(page: Page, place: Callable[[], None], said: str) -> float:
    """Return the milliseconds until an answer can be read."""
    began = time.perf_counter()
    place()
    page.wait_for_answer(said)
    return (time.perf_counter() - began) * 1000


def tree_mb(process: psutil.Process) -> float:
    """Return the resident memory of a process and its children, in megabytes."""
    return sum(it.memory_info().rss for it in [process, *process.children(recursive=True)]) / 1e6


@contextmanager
def narrow_line(page: Page) -> Iterator[None]:
    """Make the browser's line one of 1.6 Mbit/s, with nothing in its cache."""
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    conditions = {"offline": False, "latency": 20, "downloadThroughput": LINE, "uploadThroughput": LINE}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
    yield
    page.driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})
    free = {**conditions, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", free)


def measure_messages(page: Page, client: Any, count: int) -> None:
    """Print what clicks cost beside so many messages, and how soon they are there."""
    client.conversations.import_file(BytesIO(conversation(count)))
    conversation_id = client.conversations.page().items[0].id
    last = f"Message {count - 1} of {count}"
    page.open()
    opened = opening_ms(page, lambda: page.click(f"open-{conversation_id}"), last)
    _go_to_the_first(page)
    shown = page.run("return document.querySelectorAll('[aria-label^=\"Chat message from\"]').length")
    nodes = page.run("return document.querySelectorAll('*').length")
    print(f"{count} messages ({shown} drawn, {nodes} elements): readable after {opened:.0f} ms")
    ms, size = clicks(page, "[class*='st-key-open-'] button")
    print(f"  a click: {ms:.0f} ms, {size / 1e3:.1f} kB over the websocket")
    page.click("new-chat")
    page.wait_for(".st-key-welcome")
    print(f"  back again: {opening_ms(page, lambda: page.click(f'open-{conversation_id}'), last):.0f} ms")


def measure_tabs(page: Page, client: Any, count: int) -> None:
    """Print how much memory of the page's process a tab takes."""
    process = _page_process()
    before, first = tree_mb(process), page.driver.current_window_handle
    query = f"?c={client.conversations.page(limit=200).items[0].id}"
    for _ in range(TABS):
        page.driver.switch_to.new_window("tab")
        page.open(query=query)
        page.wait_for_answer(f" of {count}")
        _go_to_the_first(page)
    print(f"a tab with {count} messages: {(tree_mb(process) - before) / TABS:.1f} MB of {before:.0f} MB")
    for handle in page.driver.window_handles[1:]:
        page.driver.switch_to.window(handle)
        page.driver.close()
    page.driver.switch_to.window(first)


def measure_answer(page: Page, model: StubModel) -> None:
    """Print what an answer takes of the page's process while it is made, and how much of it goes over the line."""
    words = [f"{word} " for word in (ANSWER * 20).split(" ")][:TOKENS]
    model.next(scripts.answer(*(it for word in words for it in (word, TOKEN_S)), "The end."))
    page.open()
    process = _page_process()
    page.driver.get_log("performance")
    began = sum(process.cpu_times()[:2])
    page.ask("A long answer, please")
    page.wait_for_answer("The end.")
    page.wait_for("[aria-label='Chat message from assistant']", "stub-model ·")
    cpu_s = sum(process.cpu_times()[:2]) - began
    size = 0
    for entry in page.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.webSocketFrameReceived":
            size += len(message["params"]["response"]["payloadData"]) * 3 // 4
        elif message["method"] == "Network.dataReceived":
            size += message["params"]["dataLength"]
    print(f"an answer of {TOKENS} tokens: {cpu_s / TOKENS * 1e6:.0f} us of the page a token, {size / 1e3:.0f} kB")


def _page_process() -> psutil.Process:
    return next(it for it in psutil.Process().children(recursive=True) if "streamlit" in " ".join(it.cmdline()))


def measure_cold_page(page: Page) -> None:
    """Print how soon a browser that has never been here can be typed into, on a slow line."""
    page.driver.execute_cdp_cmd("Page.enable", {})
    page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WHEN_USABLE})
    with narrow_line(page):
        page.driver.get_log("performance")
        page.open()
        elapsed_s = page.run("return window.usableMs") / 1000
        received = requests = 0
        for entry in page.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.loadingFinished":
                received += message["params"]["encodedDataLength"]
                requests += 1
    print(f"a cold page at 1.6 Mbit/s: {elapsed_s:.1f} s, {requests} requests, {received / 1e6:.2f} MB")


def _go_to_the_first(page: Page) -> None:
    """Scroll up until there is nothing more."""
    shown = "return document.querySelector('.transcript') ? document.querySelectorAll('.slot').length : 0"
    before = -1
    while before != (before := page.run(shown)):
        page.scroll_up()
        time.sleep(1.5)


def main(counts: list[int]) -> None:
    """Measure all."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as name, StubModel() as model:
        os.chdir(name)
        os.environ["HOME"] = name
        model.default = scripts.answer("Hello.")
        with (
            backend_before(model, Path(name) / "data") as backend,
            running_page(backend.url) as port,
            running_browser(Path(name) / "profile", Path(name) / "downloads") as driver,
        ):
            page = Page(driver, port)
            driver.set_script_timeout(120)
            measure_cold_page(page)
            measure_answer(page, model)
            for count in counts:
                measure_messages(page, backend.client, count)
            measure_tabs(page, backend.client, counts[-1])


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [2, 60, 600])
