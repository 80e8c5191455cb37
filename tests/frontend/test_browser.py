"""The page in a real browser, in front of the real backend and the stub model."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatapp.client import BackendClient
from support import scripts
from support.path_proxy import PathProxy
from support.results import assert_says_nothing_of_others
from support.running_backend import RunningBackend
from support.running_page import running_page
from support.stub_model import StubModel

pytest.importorskip("selenium")

from selenium.webdriver import ActionChains, Chrome, Keys
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from support.browsing import Page, needs_browser

pytestmark = needs_browser


HEARD_TOGETHER = """
const done = arguments[0], heard = [];
const socket = new WebSocket(`ws://${location.host}/_stcore/stream`, ["streamlit"]);
const come = (...bytes) => {
  socket.dispatchEvent(new MessageEvent("message", { data: new Uint8Array(bytes).buffer }));
  return heard.length;
};
socket.addEventListener("message", ({ data }) => heard.push(new Uint8Array(data)[1]));
const counts = [come(10, 1), come(10, 2), come(48, 3), come(10, 4)];
setTimeout(() => {
  counts.push(heard.length, come(10, 5));
  socket.dispatchEvent(new Event("close"));
  socket.close();
  done([heard, [...counts, heard.length]]);
}, 500);
"""
LATE_END = """
import time
from streamlit.runtime.fragment import MemoryFragmentStorage as Storage

clear = Storage.clear

def clear_late(self, new_fragment_ids=None):
    time.sleep(1)
    clear(self, new_fragment_ids)

Storage.clear = clear_late
"""
HEARD_AT_ONCE = """
const heard = [], socket = new WebSocket(`ws://${location.host}/_stcore/stream`, ["streamlit"]);
const come = (...bytes) => {
  socket.dispatchEvent(new MessageEvent("message", { data: new Uint8Array(bytes).buffer }));
  return heard.length;
};
socket.addEventListener("message", () => heard.push(0));
const counts = [come(...arguments[0]), come(10, 48, 102)];
Object.defineProperty(document, "hidden", { value: true, configurable: true });
document.dispatchEvent(new Event("visibilitychange"));
counts.push(heard.length, come(10, 2));
delete document.hidden;
socket.close();
return counts;
"""


@pytest.fixture(scope="module")
def page_port(shared: RunningBackend) -> Iterator[int]:
    """The port of a page that is called chat.test in its network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOWED_HOSTS", "chat.test")
        with running_page(shared.url) as port:
            yield port


@pytest.fixture
def page(browser: Chrome, page_port: int, model: StubModel) -> Page:
    model.default = scripts.answer("Hello", " from", " the", " stub", ".")
    model.requests.clear()
    for log in ("performance", "browser"):
        browser.get_log(log)
    browser.delete_all_cookies()
    page = Page(browser, page_port)
    page.open()
    return page


def test_an_answer_grows_on_the_page_and_names_its_model(page: Page, model: StubModel) -> None:
    goes_on = threading.Event()
    model.next(scripts.answer("Once ", scripts.until(goes_on), "upon a time."))

    page.ask("A story, please")
    page.wait_for_answer("Once")
    assert "upon a time" not in page.text
    goes_on.set()

    page.wait_for_answer("Once upon a time.")
    page.wait_for("[aria-label='Chat message from assistant']", "stub-model ·")


@pytest.mark.parametrize("said", ["", "Once "], ids=["before the first word", "in the middle"])
def test_stop_stops_the_model_within_a_second_and_keeps_what_was_said(said: str, page: Page, model: StubModel) -> None:
    model.next(scripts.answer(*filter(None, [said]), scripts.silence))
    page.ask("A story, please")
    question = model.wait_for_call(timeout_s=scripts.PATIENCE_S)
    page.wait_for_answer(said.strip() or "Waiting for the first word")

    page.click("stop")

    assert question.wait_until_left(timeout_s=1)
    page.wait_for(".st-key-unfinished", "Ask again")
    page.wait_for("[data-testid='stMainBlockContainer']", "Stopped")
    assert said.strip() in page.text


def test_what_a_reader_does_to_an_answer_stays_while_it_grows(page: Page, model: StubModel) -> None:
    goes_on, ends = threading.Event(), threading.Event()
    code = f"- a\n  ```\n  {'x' * 400}\n  ```\n- b\n  ```\n  y\n"
    said = f"- <details><summary>More</summary>Inside\n  </details>\n{code}"
    model.next(scripts.answer(said, scripts.until(goes_on), "  the end\n  ```\n", scripts.until(ends)))
    page.ask("A story, please")
    page.wait_for(".live summary", "More").click()
    page.wait_for(".live li:last-child .wrap").click()
    page.run("document.querySelector('.live pre').scrollLeft = 50")
    goes_on.set()

    page.wait_for_answer("the end")
    kept = """return [
        document.querySelector('.live .said details').open,
        document.querySelector('.live pre').scrollLeft,
        [...document.querySelectorAll('.live .wrap')].map((it) => it.getAttribute('aria-pressed')),
    ]"""
    assert page.run(kept) == [True, 50, [None, "true"]]
    ends.set()


def test_messages_of_a_run_are_heard_together(page: Page) -> None:
    """React would draw the page for each of them: at the end of a run, after a moment, or where the line breaks."""
    heard, counts = page.driver.execute_async_script(HEARD_TOGETHER)

    assert (heard, counts) == ([1, 2, 3, 4, 5], [0, 0, 3, 3, 4, 4, 5])


def test_a_page_that_nobody_holds_does_not_hear_what_it_tells_its_holder(page: Page) -> None:
    page.driver.execute_script(
        "window.told = []; addEventListener('message', ({ data }) => told.push(data));"
        "for (const data of [{ stCommVersion: 1 }, 'an extension']) postMessage(data, '*');"
    )

    page.wait_until(lambda _: page.run("return told.length > 0"), "a message")
    assert page.run("return told") == ["an extension"]


def test_the_end_of_a_run_and_what_comes_while_one_looks_elsewhere_are_heard_at_once(page: Page) -> None:
    ended = ForwardMsg(script_finished=0)
    ended.metadata.active_script_hash = "0f" * 16

    counts = page.driver.execute_script(HEARD_AT_ONCE, [*ended.SerializeToString()])

    assert counts == [1, 1, 2, 3]


def test_a_click_elsewhere_loses_nothing_and_asks_nothing_twice(page: Page, model: StubModel) -> None:
    goes_on = threading.Event()
    model.next(scripts.answer("Once ", scripts.until(goes_on), "upon a time."))
    page.ask("A story, please")
    page.wait_for_answer("Once")

    page.click("settings-open")
    page.click("use_streaming")
    page.wait_until(
        lambda _: not page.run("return document.querySelector('.st-key-use_streaming input').checked"), "off"
    )
    goes_on.set()
    page.wait_for("[role='dialog'] button[aria-label='Close']").click()

    page.wait_for_answer("Once upon a time.")
    assert model.hits == 1


def test_a_reload_remembers_the_switch(page: Page) -> None:
    page.click("settings-open")
    page.click("use_streaming")
    page.wait_until(lambda driver: "streaming" in str(driver.get_cookies()), "a cookie")

    page.driver.refresh()
    page.wait_for("[data-testid='stChatInputTextArea']")  # what is clicked before all is drawn can be lost
    page.click("settings-open")

    page.wait_until(
        lambda _: page.run("return document.querySelector('.st-key-use_streaming input')?.checked === false"), "off"
    )


def test_a_switch_that_comes_while_the_run_before_ends_switches(
    browser: Chrome, shared: RunningBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run has not drawn is dropped at its end, which is held here beyond the click that draws the settings."""
    (tmp_path / "sitecustomize.py").write_text(LATE_END)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    browser.delete_all_cookies()
    with running_page(shared.url) as port:
        page = Page(browser, port)
        page.open()
        page.click("settings-open")
        page.click("use_streaming")

        page.wait_until(lambda driver: "streaming" in str(driver.get_cookies()), "a cookie")
        page.driver.get("about:blank")


def test_a_question_during_an_answer_is_asked_next(page: Page, model: StubModel) -> None:
    goes_on = threading.Event()
    model.next(scripts.answer("First ", scripts.until(goes_on), "answer."), scripts.answer("Second answer."))
    page.ask("One?")
    page.wait_for_answer("First")

    page.ask("Two?")
    page.wait_for(".st-key-queued", "Asked next: Two?")
    page.click("queued-edit")
    page.wait_until(lambda _: not page.run("return document.querySelector('.st-key-queued')"), "nothing asked next")
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    page.wait_until(lambda _: box.get_attribute("value") == "Two?", "it is in the box")
    page.wait_for(".live", "First")
    page.ask("")
    page.wait_for(".st-key-queued", "Asked next: Two?")
    page.driver.refresh()
    page.wait_for_answer("First")
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    page.wait_until(lambda _: box.get_attribute("value") == "Two?", "it is in the box again")
    page.ask("")
    page.wait_for(".st-key-queued", "Asked next: Two?")
    goes_on.set()

    page.wait_for_answer("Second answer.")
    said = [message["content"] for message in model.calls[-1].body["messages"]]
    assert said == ["One?", "First answer.", "Two?"]


def test_a_failure_can_be_tried_again_from_the_page(page: Page, model: StubModel) -> None:
    model.next(scripts.status(401))
    page.ask("Why?")
    page.wait_for("[role='alert'], [data-testid='stAlert']", "Backend error (500)")

    page.click("again")

    page.wait_for_answer("Hello from the stub.")


def test_half_an_answer_stays_on_the_page_and_says_nothing_of_the_model_server(page: Page, model: StubModel) -> None:
    model.next(scripts.answer("Once ", scripts.STREAM_ERROR))
    page.ask("A story, please")

    page.wait_for("[data-testid='stAlert']", "the model server reports a failure")
    page.wait_for_answer("Interrupted · stub-model")
    page.wait_for_answer("Once")
    assert_says_nothing_of_others(page.run("return document.body.innerHTML"), model)


def test_the_page_asks_nobody_but_its_own_server(page: Page) -> None:
    page.ask("Why?")
    page.wait_for_answer("stub-model ·")

    addresses = {url.partition("://")[2].partition("/")[0] for url in requested(page.driver)}
    assert addresses == {f"127.0.0.1:{page.port}"}
    assert [entry for entry in page.driver.get_log("browser") if entry["level"] == "SEVERE"] == []


@pytest.mark.faults
def test_an_answer_loads_and_runs_nothing(page: Page, model: StubModel) -> None:
    with Elsewhere() as elsewhere:
        model.next(scripts.answer(*(ATTACK.format(url=elsewhere.url)[start : start + 7] for start in range(0, 900, 7))))
        page.ask("Attack")
        page.wait_for_answer("The end.")
        page.wait_for_answer("stub-model ·")

    assert elsewhere.paths == []
    assert page.run("return window.hit") is None
    assert page.run(f"return document.querySelectorAll('{LOADING}').length") == 0
    links = page.run("return [...document.querySelectorAll('[class*=st-key-conversation-] a')].map(link => link.href)")
    assert f"{elsewhere.url}/inline.png" in links
    assert not [link for link in links if link.startswith("javascript:")]


@pytest.mark.faults
def test_svg_is_drawn_on_a_click_and_loads_and_runs_nothing(page: Page, model: StubModel) -> None:
    with Elsewhere() as elsewhere:
        image = f'<image href="{elsewhere.url}/a.png" xlink:href="{elsewhere.url}/b.png"/>'
        drawn = f'<svg width="70" height="30" onload="window.hit = 9">{image}</svg>'
        other = '<?xml version="1.0" encoding="UTF-16"?><html><svg/></html>'
        sources = (f"xml\n{drawn}", "svg\n<svg><g></svg>", "xml\n<a/>", f"svg\n{other}")
        model.next(scripts.answer("\n\n".join(f"```{source}\n```" for source in sources)))
        page.ask("Draw")
        page.wait_for_answer("stub-model ·")
        first, *broken = page.driver.find_elements("css selector", ".transcript button.picture")
        first.click()
        page.wait_until(lambda _: page.run("return document.querySelector('.drawing')?.naturalWidth") == 70, "it")
        for button, why in zip(broken, ("mismatched tag", "no svg at its root"), strict=True):
            page.wait_for("[role='dialog'] [aria-label='Close']").click()
            page.wait_until(lambda _: not page.run("return document.querySelector('[role=dialog]')"), "no dialog")
            button.click()
            page.wait_for("[role='dialog']", f"This SVG cannot be drawn: {why}")

    assert elsewhere.paths == []
    assert page.run("return window.hit") is None


@pytest.mark.faults
def test_the_browser_itself_is_told_to_load_nothing_from_elsewhere(page: Page) -> None:
    with Elsewhere() as elsewhere:
        outcome = page.driver.execute_async_script(LOAD, f"{elsewhere.url}/pixel.png")

    assert outcome == "refused"
    assert elsewhere.paths == []


@pytest.mark.parametrize("host", ["127.0.0.1", "chat.test"], ids=["this machine", "plain http in a network"])
def test_code_can_be_copied(host: str, page: Page, model: StubModel) -> None:
    page.open(host)
    assert page.run("return window.isSecureContext") is (host != "chat.test")
    model.next(scripts.answer("```python\nprint(42)\n```"))
    page.ask("Code")
    page.wait_for_answer("stub-model ·")

    page.copy_code()
    box = page.wait_for("[data-testid='stChatInputTextArea']")
    box.send_keys(Keys.CONTROL, "v")

    page.wait_until(lambda _: "print(42)" in box.get_attribute("value"), "the copied code")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_of_the_window(width: int, page: Page, model: StubModel) -> None:
    model.next(
        scripts.answer(f"```\n{'wide ' * 60}\n```\n\n{'long' * 60}\n\n|{'a|' * 20}\n|{'-|' * 20}\n|{'cell|' * 20}")
    )
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        page.open()
        page.ask("Wide " + "x" * 200)
        page.wait_for_answer("stub-model ·")

        assert page.run("return document.documentElement.scrollWidth") <= width
        assert page.run(WIDEST) <= width
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


LOADING = '[class*="st-key-conversation-"] :is(img:not([src^="blob:"]), iframe, script)'
LOAD = """
const [address, say] = arguments;
const image = new Image();
image.onload = () => say("loaded");
addEventListener("securitypolicyviolation", () => say("refused"));
image.src = address;
"""
WIDEST = """
const parts = document.querySelectorAll("[data-testid=stChatMessageContent], .slot > *, figure, p");
return Math.max(...[...parts].map(element => element.getBoundingClientRect().right));
"""
ATTACK = """![inline]({url}/inline.png) and ![by name][a] and ![a]

<img src="{url}/html.png" onerror="window.hit = 1"> <script>window.hit = 2</script>
<iframe src="{url}/frame.html"></iframe> <svg onload="window.hit = 3"></svg>

[script](javascript:window.hit=4) [data](data:text/html,<script>window.hit=5</script>) <javascript:window.hit=6>

![nested [alt]]({url}/nested.png) [![badge]({url}/badge.png)]({url}/link)

$\\href{{javascript:window.hit=7}}{{x}} \\includegraphics{{{url}/math.png}}$

```mermaid
graph TD; A[<img src={url}/mermaid.png>] --> B; click A "javascript:window.hit=8"
```

[a]: {url}/by-name.png

The end."""


def requested(driver: Chrome) -> Iterator[str]:
    """Return the addresses that the page has asked for since its logs were last read."""
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
        elif message["method"] == "Network.webSocketCreated":
            url = message["params"]["url"]
        else:
            continue
        if url.startswith(("http", "ws")):
            yield url


class Elsewhere:
    """Another server, and what was asked of it."""

    def __enter__(self) -> "Elsewhere":
        paths: list[str] = []
        self.paths = paths

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                paths.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_page_and_backend_work_below_a_path_of_a_proxy(page: Page, page_port: int, shared: RunningBackend) -> None:
    with PathProxy("/chat", page_port) as below, PathProxy("/api", shared.port) as api:
        with BackendClient(f"http://127.0.0.1:{api.port}/api") as client:
            assert client.ask("Hi").answer == "Hello from the stub."
        page.driver.get(f"http://127.0.0.1:{below.port}/chat/")
        page.wait_for("[data-testid='stChatInputTextArea']")
        page.ask("A story, please")
        page.wait_for_answer("Hello from the stub.")
        page.wait_until(lambda driver: "?c=" in driver.current_url, "the conversation in the address")
        assert "/chat/?c=" in page.driver.current_url
        page.driver.refresh()
        page.wait_for_answer("Hello from the stub.")
        page.driver.get("about:blank")
    assert (below.astray, api.astray) == ([], [])


def test_a_language_that_runs_from_the_right_turns_the_page_around(page: Page, model: StubModel) -> None:
    text = "Write:\n\n```python\nprint(1)\n```\n\n- [x] done[^1]\n\n[^1]: Note"
    model.default = scripts.answer(text, finish="length")
    page.driver.add_cookie({"name": f"chatapp_wishes_{page.port}", "value": "language=ar"})
    page.open()
    page.ask("Hi")
    page.wait_for(".transcript .answer .copy-code", "نسخ")

    assert page.wait_until(lambda driver: driver.execute_script(PLACES), "each of its places") == {
        "page": "ar rtl",
        "sidebar beside the right edge": True,
        "question at the left": True,
        "code": "ltr",
        "English words": "ltr",
        "model at the right": True,
        "label": "رسالة من المستخدم",
    }
    page.wait_for(".st-key-go-on")
    assert page.run(POINTS_AND_ROOM) == ["matrix(-1, 0, 0, 1, 0, 0)", "48px"]
    width = page.run(WIDTH)
    handle = page.wait_for("[data-testid='stSidebar'] > div:not([data-testid]) > div")
    ActionChains(page.driver).click_and_hold(handle).move_by_offset(-60, 0).release().perform()
    page.wait_until(lambda driver: driver.execute_script(WIDTH) == width + 60, "a wider sidebar")
    page.run(
        "document.activeElement.blur(); document.querySelector('[data-testid=stSidebarCollapseButton] button').click()"
    )
    page.wait_until(lambda driver: driver.execute_script(IS_HIDDEN), "the sidebar out of the way")
    page.driver.switch_to.active_element.send_keys("?")
    page.wait_for("dialog#keys[open] h2", "مفاتيح الاختصار")
    for language, words in NAMED.items():
        page.run(f"for (const it of document.querySelectorAll('.wishes')) it.dataset.language = '{language}'")
        page.wait_until(lambda driver, words=words: driver.execute_script(NAMES) == words, f"{words}")


POINTS_AND_ROOM = """
const link = "<div class='st-key-made-link'><div data-testid='stCode'><pre>"; // its button is at the right
document.body.insertAdjacentHTML("beforeend", link);
const [arrow, room] = [".st-key-go-on [data-testid='stIconMaterial']", ".st-key-made-link pre"].map(
  (it) => getComputedStyle(document.querySelector(it)));
return [arrow.transform, room.paddingRight];
"""
PLACES = """
const at = (selector) => document.querySelector(selector).getBoundingClientRect();
const places = ['[data-testid=stMainBlockContainer]', '.transcript .bubble', '.st-key-chat-options button'];
const all = [...places, '[data-testid=stSidebar]', '.answer pre code', '.answer p'];
if (!all.every((it) => document.querySelector(it))) return null;
const [main, bubble, model] = places.map(at);
const { lang, dir } = document.documentElement;
const middle = main.left + main.width / 2;
return {
  "page": `${lang} ${dir}`,
  "sidebar beside the right edge": at('[data-testid=stSidebar]').right === innerWidth && main.left === 0,
  "question at the left": bubble.right < middle,
  "code": getComputedStyle(document.querySelector('.answer pre code')).direction,
  "English words": getComputedStyle(document.querySelector('.answer p')).direction,
  "model at the right": model.left > middle,
  "label": document.querySelector('article.question').ariaLabel,
};
"""
WIDTH = "return document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().width"
NAMES = """
const [copy, box, note] = ['.copy-code', '.box', '.note'].map((it) => document.querySelector(`.answer ${it}`));
return [copy.textContent, box.ariaLabel, note.ariaLabel];
"""
NAMED = {
    "de": ["Kopieren", "erledigt", "Fu\u00dfnote 1"],
    "en": ["Copy", "Done", "Footnote 1"],
    "ar": ["نسخ", "منجز", "حاشية 1"],
}
IS_HIDDEN = "return document.querySelector('[data-testid=stSidebarContent]').getBoundingClientRect().width === 0"
