"""Clicks beside many messages, each until what was clicked for is drawn: of this page, or of an earlier one."""

import json
from collections.abc import Callable, Iterator

from support.measured_page import LAST_ANSWER, MeasuredPage, median

ROUNDS = 5
_NAMING = "document.querySelector('.st-key-rename input') !== null"
_CHOOSE_RENAME = """(() => {
  const entries = [...document.querySelectorAll("[role='menuitem'], [role='option']")];
  const entry = window.hasChosen ? undefined : entries.find((it) => it.textContent.includes("Rename"));
  if (entry) { window.hasChosen = true; entry.click(); }
  return %s;
})()"""
_IS_NEW = """document.querySelector(".st-key-welcome")
  && !document.querySelector("article.question, [data-testid='stChatMessage']")"""


def clicks(measured: MeasuredPage, opened: str, other: str) -> Iterator[tuple[str, float]]:
    """Measure what is clicked beside the conversation `opened`, which is on show; `other` is another one.

    The last words of both tell how many messages there are.
    """
    texts = {id_: measured.last_words(id_) for id_ in (opened, other)}
    yield "  its menu and Rename, until the name can be typed, ms", _each(lambda: _rename(measured, opened))
    _show(measured, other, texts)
    _show(measured, opened, texts)
    ways = iter((other, opened) * ROUNDS)
    yield "  another conversation, shown before, ms", _each(lambda: _show(measured, next(ways), texts))
    yield "  a new chat, ms", _each(lambda: _begin(measured, opened, texts))


def _each(measure: Callable[[], float]) -> float:
    return median(iter([measure() for _ in range(ROUNDS)]))


def _rename(measured: MeasuredPage, opened: str) -> float:
    act = f"window.hasChosen = false; document.querySelector('.st-key-menu-{opened} button').click()"
    taken_ms = measured.ms_from(act, _CHOOSE_RENAME % _NAMING)
    measured.ms_until(".st-key-rename-cancel button", f"!({_NAMING})")
    measured.rest()
    return taken_ms


def _show(measured: MeasuredPage, conversation_id: str, texts: dict[str, str]) -> float:
    is_there = f"{LAST_ANSWER}.includes({json.dumps(texts[conversation_id])})"
    taken_ms = measured.ms_until(f".st-key-open-{conversation_id} button", is_there)
    measured.rest()
    return taken_ms


def _begin(measured: MeasuredPage, opened: str, texts: dict[str, str]) -> float:
    taken_ms = measured.ms_until(".st-key-new-chat button", _IS_NEW)
    measured.rest()
    _show(measured, opened, texts)
    return taken_ms
