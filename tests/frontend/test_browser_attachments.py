"""Files that go along with questions, in a real browser."""

from pathlib import Path

import pytest

from support import documents
from support.stub_model import StubModel

pytest.importorskip("selenium")

from selenium.webdriver import Chrome

from support.browsing import Page, needs_browser

pytestmark = needs_browser

HEAR_OF_READING = """
new MutationObserver(() => {
  const note = document.querySelector("#reading-files");
  if (note) window.heard = `${note.textContent} ${note.getAttribute("role")}`;
}).observe(document, { childList: true, subtree: true });
"""
FIELD = "[data-testid='stChatInput']"


@pytest.fixture
def page(browser: Chrome, page_port: int) -> Page:
    page = Page(browser, page_port)
    page.open()
    return page


def attach(page: Page, *files: Path) -> None:
    page.driver.find_element("css selector", f"{FIELD} input[type=file]").send_keys("\n".join(map(str, files)))
    for file in files:
        page.wait_for(FIELD, file.name)
    page.wait_until(lambda _: page.wait_for(FIELD).text.count("KB") == len(files), f"{len(files)} files")
    page.wait_for(f"{FIELD} [data-testid='stChatInputSubmitButton']:enabled")  # once they are there as a whole


def test_files_are_shown_with_their_question_and_stay(page: Page, model: StubModel, tmp_path: Path) -> None:
    scan = documents.saved(tmp_path, "scan.pdf", documents.pdf("Whales", ""))
    attach(page, scan, documents.saved(tmp_path, "sea.jpg", documents.photo()))
    page.run(HEAR_OF_READING)
    page.ask("Which?")

    page.wait_for_answer("Hello from the stub.")
    assert page.run("return window.heard") == "Reading … status"
    page.wait_until(lambda _: not page.run("return document.querySelector('#reading-files')"), "no more reading")
    shown = ["scan.pdf 1 kB", "sea.jpg 1 kB"]  # drawn once more when the answer has ended
    page.wait_until(lambda _: page.wait_for(".files").text.split("\n") == shown, str(shown))
    is_drawn = "return document.querySelector('.files img')?.naturalWidth"
    page.wait_until(lambda driver: driver.execute_script(is_drawn) == 20, "a small copy of the picture")
    page.wait_for(".question .note", "scan.pdf: Pages without words, as scans are: 2.")
    picture, text = model.calls[-1].body["messages"][-1]["content"]
    assert (picture["type"], text["text"].endswith("Which?")) == ("image_url", True)

    page.driver.refresh()
    page.wait_for(".files .file", "scan.pdf").click()
    page.wait_for("[role=dialog]", "[page 1]")
    at_code = "setTimeout(() => arguments[0](document.activeElement.closest('[data-testid=stCode]') !== null), 100)"
    assert not page.driver.execute_async_script(at_code)  # it is no link that was made


def test_a_file_that_cannot_be_read_is_told_and_the_question_kept(page: Page, model: StubModel, tmp_path: Path) -> None:
    attach(page, documents.saved(tmp_path, "a.exe", b"MZ\0\0" * 1000))
    page.ask("What is it?")

    page.wait_for("[data-testid='stAlert']", "a.exe cannot be attached")
    assert page.wait_for(f"{FIELD} textarea").get_attribute("value") == "What is it?"


def test_a_file_alone_waits_for_its_question(page: Page, model: StubModel, tmp_path: Path) -> None:
    attach(page, documents.saved(tmp_path, "sea.txt", b"The sea is salty. " * 100))
    page.ask("")
    page.wait_for(".st-key-waiting", "sea.txt")

    page.ask("Is it?")

    page.wait_for_answer("Hello from the stub.")
    assert str(model.calls[-1].body["messages"][-1]["content"]).startswith("File: sea.txt")
