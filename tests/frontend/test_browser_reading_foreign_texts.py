"""Answers that are hard to draw, in a real browser: right to left, prices beside formulas, sizes."""

import time
from typing import Any

import pytest
from selenium.webdriver import ActionChains

from support import scripts
from support.browsing import Page, needs_browser
from support.stub_model import StubModel

pytestmark = needs_browser

HAS_FONT = "return [...document.fonts].some((font) => font.family.includes('Formulas') && font.status === 'loaded')"

STARTS_OF_ITEMS = """
return [...document.querySelectorAll(".transcript .answer li")].map((item) => {
  const words = new Range(), text = [...item.childNodes].find(({ data }) => data?.trim());
  words.setStart(text, text.data.search(/\\S/));
  words.setEnd(text, text.data.length);
  return words.getBoundingClientRect().left;
});
"""


@pytest.fixture
def page(browser: Any, page_port: int) -> Page:
    browser.set_window_size(1280, 900)
    page = Page(browser, page_port)
    page.open()
    return page


def _direction(page: Page, selector: str) -> Any:
    path = f".transcript {selector}"
    script = "const it = document.querySelector(arguments[0]); return it && getComputedStyle(it).direction"
    return page.wait_until(lambda driver: driver.execute_script(script, path), path)  # the page may draw it anew


def test_what_begins_with_arabic_runs_from_right_to_left_and_code_does_not(page: Page, model: StubModel) -> None:
    answer = "In English.\n\n- غيّر قيمة `timeout` إلى `5000`!\n\n| الاسم | `x` |\n|---|---|\n| واحد | 1 |\n\nالنهاية"  # noqa: RUF001
    model.default = scripts.answer(answer)
    page.ask("مرحبا")
    page.wait_for_answer("النهاية")
    page.wait_for("li code")

    directions = {it: _direction(page, it) for it in (".bubble .plain", "p", "ul", "li code", "table")}
    assert directions == {
        ".bubble .plain": "rtl",
        "p": "ltr",
        "ul": "rtl",
        "li code": "ltr",
        "table": "rtl",
    }
    page.run("document.querySelector('.transcript .edit').click()")
    kind = (
        "const field = document.querySelector('.editor textarea'); return field && getComputedStyle(field).unicodeBidi"
    )
    page.wait_until(lambda driver: driver.execute_script(kind) == "plaintext", "a field that runs as its letters do")


def test_prices_keep_their_dollars_beside_a_formula(page: Page, model: StubModel) -> None:
    model.default = scripts.answer("Solve $x^2=4$. It costs $5 and $10, says `echo $HOME`. End")
    page.ask("How much?")
    page.wait_for_answer("End")

    page.wait_for(".transcript math")
    page.wait_until(lambda driver: driver.execute_script(HAS_FONT), "the font of formulas")
    assert "It costs $5 and $10, says echo $HOME. End" in page.text


def test_a_task_within_a_task_stands_further_in(page: Page, model: StubModel) -> None:
    model.default = scripts.answer("- [ ] House\n  - [x] Walls\n    - paint\n- plain")
    page.ask("What is left?")
    page.wait_for(".transcript li", "plain")

    starts = page.run(STARTS_OF_ITEMS)
    assert [round((start - starts[0]) / 24) for start in starts] == [0, 1, 2, 0]


def test_an_answer_that_would_stop_the_page_is_there_at_once_as_text(page: Page, model: StubModel) -> None:
    model.default = scripts.answer("End " + "a] " * 20_000)
    page.ask("Loop")
    page.wait_for_answer("End")
    page.wait_for(".transcript .offer", "Format it")

    began = time.monotonic()
    page.driver.refresh()
    page.wait_for(".transcript .offer", "Format it")
    assert time.monotonic() - began < scripts.PATIENCE_S / 2


def test_the_sidebar_can_be_closed_with_the_mouse(page: Page) -> None:
    ActionChains(page.driver).move_to_element(page.wait_for(".st-key-brand")).perform()

    page.wait_for("[data-testid='stSidebarCollapseButton'] button").click()

    page.wait_for("[data-testid='stExpandSidebarButton']")
