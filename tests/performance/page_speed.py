"""How fast the page is: `python tests/performance/page_speed.py [--before PYTHON] [--only NAME ...]` prints it.

What clicks, opening, typing, tabs, a reload and a cold page on a slow line take. `PYTHON` is that of an environment
with an earlier chatapp, which is measured in turn with this one: a busy machine slows both, so ratios mean something on
any, and the rest on an idle one alone. Each runs a backend, a page and a browser.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import scripts
from support.browsing import Page
from support.measured_clicks import clicks
from support.measured_page import LAST_ANSWER, LONGEST_S, MeasuredPage, median
from support.stub_model import StubModel

ROUNDS = 5
TABS = 3
KEYS = "a question that is typed meanwhile"
TOKENS, TOKEN_S = 800, 0.02
LINE = 1_600_000 / 8
SLOWED, MIDDLE_CHARS = 4, 3_000
MANY = 10_000
MOST_EARLIER = 5
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
BOX = "[data-testid='stChatInputTextArea']"
WHEN_USABLE = """
new MutationObserver(() => {
  if (!window.usableMs && document.querySelector("[data-testid='stChatInputTextArea']")) usableMs = performance.now();
}).observe(document, { childList: true, subtree: true });
"""
WHEN_KEYS = """
window.keyMs = [];
addEventListener("keydown", (event) => {
  requestAnimationFrame(() => setTimeout(() => keyMs.push(performance.now() - event.timeStamp)));
}, true);
"""
Figures = Iterator[tuple[str, float]]


def conversation(count: int, *, number: int = 0) -> dict[str, Any]:
    """Return a conversation to import: questions, and answers with a list, code and a table."""
    name = f"{number}-{count}"
    messages = [
        {
            "id": f"{name}-{place}",
            "parent_id": f"{name}-{place - 1}" if place else None,
            "role": ("user", "assistant")[place % 2],
            "content": f"Message {place} of {count}. {ANSWER if place % 2 else 'How is it done?'}",
        }
        for place in range(count)
    ]
    return {
        "id": f"c{name}",
        "title": f"Number {number} of {count}",
        "leaf_id": f"{name}-{count - 1}",
        "messages": messages,
    }


def cold(measured: MeasuredPage) -> Figures:
    """Measure a browser that has never been here, on a slow line."""
    page = measured.page
    page.driver.execute_cdp_cmd("Page.enable", {})
    page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WHEN_USABLE})
    with _narrow_line(page):
        before = measured.line.received
        page.open()
        yield "a cold page at 1.6 Mbit/s, s", page.run("return window.usableMs") / 1000
        yield "  MB", (measured.line.received - before) / 1e6


def answer(measured: MeasuredPage) -> Figures:
    """Measure an answer; what the first one fetches, such as the letters of code, stays in the browser for all."""
    for _ in range(2):
        measured.page.open()
        received, cpu_s = measured.line.received, measured.cpu_s()
        measured.page.ask(f"A long answer, please [{TOKENS}]")
        measured.page.wait_for_answer("The end.")
        measured.page.wait_for("[aria-label='Chat message from assistant']", "stub-model ·")
        cpu_s, received = measured.cpu_s() - cpu_s, measured.line.received - received
    yield f"an answer of {TOKENS} tokens, kB on the wire", received / 1e3
    yield "  us of the page a token", cpu_s / TOKENS * 1e6


def slow_reload(measured: MeasuredPage) -> Figures:
    """Measure a reload in the middle of an answer, on a slow computer."""
    page = measured.page
    page.open()
    page.ask(f"A long answer, please [{TOKENS * 4}]")
    page.wait_for("[class*='st-key-live-']", "Here is")
    length = "return document.querySelector('[class*=\"st-key-live-\"]').textContent.length"
    page.wait_until(lambda _: page.run(length) > MIDDLE_CHARS, "half of an answer")
    page.driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    began = time.perf_counter()
    page.driver.refresh()
    is_there = "document.querySelector('[class*=\"st-key-live-\"]')?.textContent.includes('Here is')"
    is_there += f" && document.querySelector({json.dumps(BOX)}) !== null"
    is_back = measured.seconds_until(f"return {is_there}") < LONGEST_S
    taken_s = time.perf_counter() - began if is_back else LONGEST_S
    yield f"a reload in an answer, processor slowed {SLOWED} times, s (at most {LONGEST_S})", taken_s
    page.driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})
    if is_back:
        page.click("stop")


def typing(measured: MeasuredPage) -> Figures:
    """Measure from a key to its letter, while an answer comes."""
    page = measured.page
    page.open()
    page.ask(f"A long answer, please [{TOKENS}]")
    page.wait_for("[class*='st-key-live-']", "Here is")
    page.run(WHEN_KEYS)
    for key in KEYS:
        page.wait_for(BOX).send_keys(key)
        time.sleep(0.05)
    yield "a key while an answer comes, ms", median(page.run("return keyMs"))
    page.click("stop")


def messages(count: int, measured: MeasuredPage) -> Figures:
    """Measure what clicks cost beside so many messages, and how soon they are there."""
    page, last = measured.page, f"Message {count - 1} of {count}"
    other = measured.import_conversations(conversation(count - 2, number=6))
    opened_id = measured.import_conversations(conversation(count))
    opened = f".st-key-open-{opened_id} button"
    is_there = f"{LAST_ANSWER}.includes({json.dumps(last)})"
    page.open()
    page.wait_for(opened)
    yield f"{count} messages, readable after ms", measured.ms_until(opened, is_there)
    measured.show_all()
    times, sizes, wires = zip(*(_click(measured, "[class*='st-key-open-'] button") for _ in range(ROUNDS)), strict=True)
    yield f"a click beside {count} messages, ms", median(iter(times))
    yield "  kB", median(iter(sizes)) / 1e3
    yield "  kB on the wire", median(iter(wires)) / 1e3
    yield from clicks(measured, opened_id, other)
    page.click(f"open-{opened_id}")
    page.wait_for_answer(last)
    page.ask(f"A long answer, please [{TOKENS * 2}]")
    page.wait_for("[class*='st-key-live-']", "Here is")
    page.click("new-chat")
    page.wait_for(".st-key-welcome")
    places = """['[class*="st-key-live-"]', '.growing'].map((place) => document.querySelector(place)?.textContent)"""
    is_live = f"{places}.some((said) => said?.includes('Here is'))"
    yield "  back to it while it is answered, ms", measured.ms_until(opened, is_live)
    page.click("stop")


def tabs(count: int, measured: MeasuredPage) -> Figures:
    """Measure the memory of a tab that shows all messages, or as many as a few clicks on "Show earlier" have shown."""
    page, opened = measured.page, measured.import_conversations(conversation(count, number=1))
    before, first = 0.0, page.driver.current_window_handle
    for tab in range(TABS + 1):
        page.driver.switch_to.new_window("tab")
        page.open(query=f"?c={opened}")
        page.wait_for_answer(f" of {count}")
        measured.show_all(most=MOST_EARLIER)
        before = before if tab else measured.memory_mb()  # the first one has what all share come
    yield f"a tab with {count} messages, MB of the page's process", (measured.memory_mb() - before) / TABS
    for handle in page.driver.window_handles[1:]:
        page.driver.switch_to.window(handle)
        page.driver.close()
    page.driver.switch_to.window(first)


def many(measured: MeasuredPage) -> Figures:
    """Measure the list of many conversations."""
    page = measured.page
    measured.import_conversations(*(conversation(2, number=number) for number in range(MANY)))
    page.open()
    opened = "document.querySelectorAll('[class*=\"st-key-open-\"]')"
    page.wait_until(lambda _: page.run(f"return {opened}.length >= 25"), "a list")
    is_more = f"{opened}.length > {page.run(f'return {opened}.length')}"
    end = "document.querySelector('.st-key-history').scrollTop = 1e6"
    yield f"{MANY} conversations: scrolling on, ms", measured.ms_from(end, is_more)
    switch = "[class*='st-key-row-'] [class*='st-key-open-'] button"
    yield "  another one, ms", median(iter(measured.run_ms(switch) for _ in range(ROUNDS)))
    page.wait_for(".st-key-search input").send_keys("Number 777 of")
    is_found = f"{opened}.length === 1 && {opened}[0].textContent.includes('Number 777 of')"
    yield "  a search, with 250 ms of waiting for more letters, ms", measured.ms_from("", is_found)
    measured.page.open()


def _click(measured: MeasuredPage, selector: str) -> tuple[float, float, float]:
    """Return the milliseconds of a click, and its bytes, before they are compressed and then."""
    time.sleep(0.5)
    measured.page.received()
    before = measured.line.received
    ms = measured.run_ms(selector)
    time.sleep(0.2)
    return ms, len(measured.page.received()), measured.line.received - before


@contextmanager
def _narrow_line(page: Page) -> Iterator[None]:
    """Make the browser's line one of 1.6 Mbit/s, with nothing in its cache."""
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    conditions = {"offline": False, "latency": 20, "downloadThroughput": LINE, "uploadThroughput": LINE}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
    yield
    page.driver.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": False})
    free = {**conditions, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", free)


def _script(prompt: str) -> scripts.Script:
    """Return an answer of as many tokens as the question names."""
    count = int(prompt.rpartition("[")[2].rstrip("]")) if prompt.endswith("]") else 1
    words = (ANSWER * (count // 20 + 1)).split(" ")[:count]
    return scripts.answer(*(step for word in words for step in (f"{word} ", TOKEN_S)), "The end.")


MEASURES: dict[str, Callable[[MeasuredPage], Figures]] = {
    "cold": cold,
    "answer": answer,
    "typing": typing,
    "slow": slow_reload,
    "60": lambda measured: messages(60, measured),
    "600": lambda measured: messages(600, measured),
    "1000": lambda measured: messages(1000, measured),
    "tabs": lambda measured: tabs(600, measured),
    "many": many,
}


def main() -> None:
    """Measure what is asked for, here and before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", help="the python of an environment with an earlier chatapp")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    told = parser.parse_args()
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as name, StubModel() as model, ExitStack() as stack:
        pythons = [sys.executable, *([told.before] if told.before else [])]
        model.default = _of_prompt
        all_measured = [
            stack.enter_context(MeasuredPage(model, Path(name, str(place)), python=python))
            for place, python in enumerate(pythons)
        ]
        for what in told.only:
            _print(list(zip(*(list(MEASURES[what](measured)) for measured in all_measured), strict=True)))


async def _of_prompt(exchange: Any) -> None:
    await _script(str(exchange.call.body["messages"][-1]["content"]))(exchange)


def _print(rows: list[tuple[tuple[str, float], ...]]) -> None:
    for row in rows:
        values = " | ".join(f"{value:.4g}" for _, value in row)
        ratio = f" = {row[0][1] / row[1][1]:.3f} of before" if len(row) > 1 and row[1][1] else ""
        print(f"{row[0][0]}: {values}{ratio} (load {os.getloadavg()[0]:.1f})", flush=True)


if __name__ == "__main__":
    main()
