"""An answer in the making on its way to the browser, beside Streamlit: only what has grown."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.languages.elsewhere import said_elsewhere, sentence_elsewhere
from chatapp.frontend.transcript.live_blocks import LiveBlocks
from chatapp.protocol.wording import ENGLISH, Words

STEP_S = 0.05
"""The browser is told at most this often, also by a backend that lets no words gather."""
_LATER_S = 0.1
_SIGN_OF_LIFE_S = 15.0
"""Proxies hang up on what is silent for longer."""


async def live_stream(answer: LiveAnswer, words: Words = ENGLISH) -> AsyncIterator[bytes]:
    """Return server-sent events with what has come of `answer`, from its beginning until it has ended.

    What the backend says of it is told in `words`.
    """
    drawing, told, told_at = _Drawing(answer), 0, time.monotonic() - STEP_S
    with answer.watched() as watch:
        yield _event({"elapsed_s": round(answer.elapsed_s, 1)})
        while True:
            watch.arm()
            is_going = answer.is_going
            news = await drawing.news(is_whole=not is_going)
            notices = answer.notices[told:]
            if notices:
                news["notices"] = [said_elsewhere(notice, words) for notice in notices]
                told += len(notices)
            if news or time.monotonic() - told_at >= _SIGN_OF_LIFE_S:
                told_at = time.monotonic()
                yield _event(news)
            if not is_going:
                yield _event({"ended": sentence_elsewhere(answer.error, words) if answer.error else ""})
                return
            await watch.wait(_LATER_S if drawing.is_behind else _SIGN_OF_LIFE_S)
            if (early_s := told_at + STEP_S - time.monotonic()) > 0:
                await asyncio.sleep(early_s)


class _Drawing:
    """An answer in the making as HTML: little of it at once, since that is quick, and much in another thread."""

    _FEW_CHARS, _QUICK_S = 1000, 0.002

    def __init__(self, answer: LiveAnswer) -> None:
        self._answer = answer
        self._text, self._thoughts = LiveBlocks(), LiveBlocks()
        self._drawn_chars, self._took_s = 0, 0.0

    @property
    def is_behind(self) -> bool:
        """Whether something was left for later."""
        return self._text.is_behind or self._thoughts.is_behind

    async def news(self, *, is_whole: bool) -> dict[str, object]:
        """Return what has grown since the last time, empty if nothing has."""
        text, thoughts = self._answer.text, self._answer.reasoning
        chars, began = len(text) + len(thoughts), time.perf_counter()
        is_quick = chars - self._drawn_chars < self._FEW_CHARS and self._took_s < self._QUICK_S
        if is_quick:
            news = self._draw(text, thoughts, is_whole=is_whole)
        else:
            news = await run_in_threadpool(self._draw, text, thoughts, is_whole=is_whole)
        self._drawn_chars, self._took_s = chars, time.perf_counter() - began
        return news

    def _draw(self, text: str, thoughts: str, *, is_whole: bool) -> dict[str, object]:
        grown = {
            "thoughts": self._thoughts.grow(thoughts, is_whole=is_whole),
            "text": self._text.grow(text, is_whole=is_whole),
        }
        news: dict[str, object] = {name: growth for name, growth in grown.items() if growth}
        return {**news, "thought_s": self._answer.thought_s} if news and self._answer.thought_s else news


def _event(news: dict[str, object]) -> bytes:
    return f"data: {json.dumps(news, ensure_ascii=False)}\n\n".encode(errors="replace")
