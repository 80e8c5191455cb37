"""Reading in a real browser: an answer that is being made is never taken away from its reader."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pypdfium2
import pytest

from support import scripts
from support.stub_model import StubModel

pytest.importorskip("selenium")

from selenium.webdriver import Chrome, Keys

from support.browsing import Page, needs_browser

pytestmark = needs_browser

PARAGRAPHS = [f"Paragraph {number}: {'word ' * 60}\n\n" for number in range(30)]
SEEN = """
const place = document.querySelector("[data-testid=stMainBlockContainer]").getBoundingClientRect();
const parts = [...document.querySelectorAll(":is([data-testid=stChatMessage], .message) p")];
const part = parts.findLast(part => part.textContent.startsWith(arguments[0]));
if (!part) return false;
const {top, bottom} = part.getBoundingClientRect();
return top >= place.top && bottom <= place.bottom + 1;
"""

LATE_VERSION = """
const done = arguments[0], place = document.querySelector("[data-testid=stMainBlockContainer]");
const now = performance.now.bind(performance), turn = document.createElement("button");
const add = (element, parent, after) => {
  parent.append(element);
  requestAnimationFrame(() => requestAnimationFrame(after));
};
turn.dataset.do = "older";
document.querySelector(".transcript").append(turn);
turn.click();
turn.remove();
performance.now = () => now() + 10000;
add(turn, document.body, () => {
  const version = document.createElement("div");
  version.style.height = "5000px";
  const below = () => place.scrollHeight - place.clientHeight - place.scrollTop;
  add(version, document.querySelector(".transcript"), () => done(below()));
});
"""
PLACES = """
const place = ({ top, height }) => [Math.round(top), Math.round(height)];
const parts = document.querySelector(arguments[0]).querySelectorAll("p, h2, h3, ul");
return [...parts].map((part) => place(part.getBoundingClientRect()));
"""


@pytest.fixture
def page(browser: Chrome, page_port: int) -> Page:
    page = Page(browser, page_port)
    page.open()
    return page


@pytest.fixture
def is_seen(page: Page) -> Callable[[str], bool]:
    """Return whether the last paragraph that begins so is in the window."""
    return lambda start: bool(page.driver.execute_script(SEEN, start))


@pytest.fixture
def goes_on(model: StubModel) -> Iterator[threading.Event]:
    """An answer of several windows, two thirds of which are there before this event."""
    event = threading.Event()
    model.next(scripts.answer(*PARAGRAPHS[:20], scripts.until(event), *PARAGRAPHS[20:], "The end."))
    yield event
    event.set()


def test_nothing_of_an_answer_moves_when_it_is_finished(page: Page, model: StubModel) -> None:
    ends = threading.Event()
    model.next(scripts.answer("Words.\n\n## One\n\nMore.\n\n### Two\n\n- a\n- the end", scripts.until(ends)))
    page.ask("A short story")
    page.wait_for(".live li", "the end")
    grown = page.driver.execute_script(PLACES, ".live .said")
    ends.set()
    page.wait_for(".transcript .answer li", "the end")

    assert page.driver.execute_script(PLACES, ".transcript .answer .said") == grown


def test_a_long_answer_is_read_from_its_top(page: Page, goes_on: threading.Event, is_seen: Any) -> None:
    page.ask("A long story")
    page.wait_for_answer("Paragraph 19")
    goes_on.set()
    page.wait_for_answer("The end.")
    page.wait_for_answer("stub-model ·")

    assert is_seen("Paragraph 0")
    assert not is_seen("The end.")


def test_the_end_is_followed_by_whoever_goes_there(page: Page, goes_on: threading.Event, is_seen: Any) -> None:
    page.ask("A long story")
    page.wait_for_answer("Paragraph 19")

    page.wait_for(".to-end.wanted").click()
    page.wait_until(lambda _: is_seen("Paragraph 19"), "the end so far")
    goes_on.set()

    page.wait_for_answer("stub-model ·")
    page.wait_until(lambda _: is_seen("The end."), "the end")


def test_a_question_stands_at_the_top_however_short_its_answer(page: Page, model: StubModel, is_seen: Any) -> None:
    model.next(scripts.answer(*PARAGRAPHS), scripts.answer("Short."))
    page.ask("A long story")
    page.wait_for_answer("stub-model ·")

    page.ask("And now?")

    page.wait_for_answer("Short.")
    page.wait_until(lambda _: is_seen("Short."), "the answer")
    assert not is_seen("Paragraph 29")


@pytest.fixture
def low_page(page: Page) -> Iterator[Page]:
    """Return a page in a window so low that the field takes half of it."""
    size = page.driver.get_window_size()
    page.driver.set_window_size(900, 560)
    yield page
    page.driver.set_window_size(size["width"], size["height"])


def test_why_a_long_question_was_refused_late_is_seen(low_page: Page, model: StubModel) -> None:
    page = low_page
    model.next(scripts.later(2.5, scripts.status(401)))
    page.ask((Keys.SHIFT + Keys.ENTER + Keys.SHIFT).join(f"Line {number}" for number in range(60)))

    page.wait_for("[data-testid='stAlert']", "API key")
    where = "document.querySelector(arguments[0]).getBoundingClientRect()"
    script = f"return {where.replace('arguments[0]', 'arguments[1]')}.bottom <= {where}.bottom + 1"
    places = ("[data-testid=stMainBlockContainer]", "[data-testid=stAlert]")
    page.wait_until(lambda driver: driver.execute_script(script, *places), "why it was refused")


def test_all_that_was_said_is_on_paper_and_nothing_else(page: Page, model: StubModel) -> None:
    code = f"```\n{'word ' * 60}the_end_of_a_line\n```"
    model.next(
        scripts.answer(f"<details>\n\nFolded words.\n</details>\n\n{code}\n\n{'x ' * 3000}The end[^1].\n\n[^1]: Why.")
    )
    page.ask("On paper?")
    page.wait_for_answer("stub-model ·")

    pdf = pypdfium2.PdfDocument(base64.b64decode(page.driver.execute_cdp_cmd("Page.printToPDF", {})["data"]))
    printed = "".join("".join(sheet.get_textpage().get_text_range() for sheet in pdf).split())
    pdf.close()

    said = ["Onpaper?", "Foldedwords.", "the_end_of_a_line", "Theend1.", "Newchat", "Askanything"]
    assert [words in printed for words in said] == [True, True, True, True, False, False]


def test_a_conversation_opens_at_its_end(page: Page, model: StubModel, shared: Any, is_seen: Any) -> None:
    model.next(scripts.answer(*PARAGRAPHS, "The end."))
    conversation = shared.client.ask("A long story", store=True).conversation_id

    page.open(query=f"?c={conversation}")

    page.wait_for_answer("The end.")
    page.wait_until(lambda _: is_seen("The end."), "the end")


def test_earlier_messages_come_by_themselves_and_do_not_move_what_is_read(
    page: Page, shared: Any, is_seen: Any
) -> None:
    shared.client.conversations.import_file(BytesIO(json.dumps(_conversation(100)).encode()))
    page.open(query=f"?c={shared.client.conversations.page().items[0].id}")
    page.wait_for_answer("Message 99.")
    before = page.run("return document.querySelectorAll('.slot').length")
    page.scroll_up()

    page.wait_until(lambda _: page.run("return document.querySelectorAll('.slot').length") == 100, "all messages")
    page.wait_until(lambda _: is_seen(f"Message {100 - before + 1}."), "the messages that were read")
    page.scroll_up()
    page.wait_until(lambda _: is_seen("Message 1."), "the first answer")


def test_who_goes_up_by_keyboard_is_left_there(page: Page, shared: Any, is_seen: Any) -> None:
    shared.client.conversations.import_file(BytesIO(json.dumps(_conversation(12)).encode()))
    page.open(query=f"?c={shared.client.conversations.page().items[0].id}")
    page.wait_for_answer("Message 11.")
    page.wait_until(lambda _: is_seen("Message 11."), "the end")
    page.run("document.querySelectorAll('.transcript .edit')[1].focus({ preventScroll: true })")

    page.driver.switch_to.active_element.send_keys(Keys.SHIFT, Keys.TAB)
    page.wait_until(lambda _: is_seen("Message 1."), "the first answer")
    page.run("document.querySelector('.transcript').append(document.createElement('i'))")
    page.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    assert is_seen("Message 1.")


def test_another_version_that_comes_late_takes_nobody_to_its_end(page: Page, shared: Any, is_seen: Any) -> None:
    shared.client.conversations.import_file(BytesIO(json.dumps(_conversation(12)).encode()))
    page.open(query=f"?c={shared.client.conversations.page().items[0].id}")
    page.wait_for_answer("Message 11.")
    page.wait_until(lambda _: is_seen("Message 11."), "the end")

    assert page.driver.execute_async_script(LATE_VERSION) > 4000  # px of the 5000 that it has


def _conversation(count: int) -> dict[str, Any]:
    messages = [
        {
            "id": str(place),
            "parent_id": str(place - 1) if place else None,
            "role": ("user", "assistant")[place % 2],
            "content": f"Message {place}.\n\n{'word ' * 60}",
        }
        for place in range(count)
    ]
    return {"id": "long", "leaf_id": str(count - 1), "messages": messages}


def test_a_search_leads_to_the_message_with_its_words_marked(
    page: Page, shared: Any, model: StubModel, is_seen: Any
) -> None:
    conversation = None
    for number in range(8):
        asked = {"conversation_id": conversation} if conversation else {"store": True}
        model.next(scripts.answer(*PARAGRAPHS[:3], "A zebrafish." if number == 1 else "No fish.", "\n\nThat is all."))
        conversation = shared.client.ask(f"Question {number}", **asked).conversation_id
    page.open()
    page.wait_for(".st-key-search input").send_keys("Zébrafish")  # accents do not count
    page.wait_for("[data-testid='stSidebar']", "Found")

    page.click(f"open-{conversation}")

    page.wait_for_answer("A zebrafish.")
    page.wait_until(lambda _: is_seen("A zebrafish."), "what was looked for")
    assert page.run("return CSS.highlights.get('found').size") == 1
