"""An answer in the making on its way to the browser, beside Streamlit: only what has grown."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator

from starlette.concurrency import run_in_threadpool

from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.languages.elsewhere import said_elsewhere, sentence_elsewhere
from chatapp.frontend.transcript.html_cache import keep_message_html
from chatapp.frontend.transcript.live_blocks import Growth, LiveBlocks
from chatapp.protocol.wording import ENGLISH, Words

STEP_S = 0.05
"""The browser is told at most this often, also by a backend that lets no words gather."""
_LATER_S = 0.1
_SIGN_OF_LIFE_S = 15.0
"""Proxies hang up on what is silent for longer."""


async def live_stream(answer: LiveAnswer, words: Words = ENGLISH) -> AsyncGenerator[bytes, None]:
    """Return server-sent events with what has come of `answer`, from its beginning until it has ended.

    What the backend says of it is told in `words`.
    """
    drawing, told, told_at = _Drawing(answer), 0, time.monotonic() - STEP_S
    with answer.watched(drawing.look) as watch:
        yield _event({"elapsed_s": round(answer.elapsed_s, 1)})
        while True:
            is_going = answer.is_going
            news = await drawing.news(is_whole=not is_going)
            notices = answer.notices[told:]
            if notices:
                news["notices"] = [said_elsewhere(notice, words) for notice in notices]
                told += len(notices)
            if news or time.monotonic() - told_at >= _SIGN_OF_LIFE_S:
                told_at = time.monotonic()
                yield _event(news)
                if answer.has_spoken:
                    answer.note_told()
            if not is_going:
                yield _event({"ended": sentence_elsewhere(answer.error, words) if answer.error else ""})
                return
            watch.arm()
            has_nothing = answer.is_going and len(answer.notices) == told and not drawing.has_more
            if has_nothing or not watch.disarm():
                await watch.wait(_LATER_S if drawing.is_behind else _SIGN_OF_LIFE_S)
            if (early_s := told_at + STEP_S - time.monotonic()) > 0:
                await asyncio.sleep(early_s)


class _Drawing:
    """An answer in the making as HTML. One thread at a time draws, and never that of the event loop."""

    def __init__(self, answer: LiveAnswer) -> None:
        self._answer = answer
        self._text, self._thoughts = LiveBlocks(), LiveBlocks()
        self._seen = ("", "")
        self._is_whole = False
        self._grown: dict[str, list[Growth]] = {"thoughts": [], "text": []}

    @property
    def has_more(self) -> bool:
        """Whether the answer has grown since it was looked at."""
        return (self._answer.text, self._answer.reasoning) != self._seen

    @property
    def is_behind(self) -> bool:
        """Whether something was left for later."""
        return self._text.is_behind or self._thoughts.is_behind

    def look(self) -> None:
        """Draw what has grown, for `news` to tell."""
        self._draw(is_whole=not self._answer.is_going)

    async def news(self, *, is_whole: bool) -> dict[str, object]:
        """Return what has grown since the last time, empty if nothing has."""
        is_due = self.is_behind or (self.has_more and not any(self._grown.values()))
        if is_due or (is_whole and not self._is_whole):
            await run_in_threadpool(self._draw, is_whole=is_whole)
        news: dict[str, object] = {name: growth for name, growth in self._grown.items() if growth}
        self._grown = {name: [] for name in self._grown}
        return {**news, "thought_s": self._answer.thought_s} if news and self._answer.thought_s else news

    def _draw(self, *, is_whole: bool) -> None:
        self._is_whole = is_whole
        text, thoughts = self._seen = self._answer.text, self._answer.reasoning
        self._grown["thoughts"] += self._thoughts.grow(thoughts, is_whole=is_whole)
        self._grown["text"] += self._text.grow(text, is_whole=is_whole)
        if is_whole and text and (html := self._text.whole_html()) is not None:
            keep_message_html(text, html)


def _event(news: dict[str, object]) -> bytes:
    return f"data: {json.dumps(news, ensure_ascii=False)}\n\n".encode(errors="replace")
