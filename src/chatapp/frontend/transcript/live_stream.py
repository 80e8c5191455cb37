"""An answer in the making on its way to the browser, beside Streamlit: only what has grown."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.languages.elsewhere import said_elsewhere, sentence_elsewhere
from chatapp.frontend.transcript.live_blocks import LiveBlocks
from chatapp.protocol.wording import ENGLISH, Words

FIRST_TICK_S, TICK_S = 0.03, 0.1
_SIGN_OF_LIFE_S = 15.0
"""Proxies hang up on what is silent for longer."""


async def live_stream(answer: LiveAnswer, words: Words = ENGLISH) -> AsyncIterator[bytes]:
    """Return server-sent events with what has come of `answer`, from its beginning until it has ended.

    What the backend says of it is told in `words`.
    """
    yield _event({"elapsed_s": round(answer.elapsed_s, 1)})
    text, thoughts = LiveBlocks(), LiveBlocks()
    silent_s, told = 0.0, 0
    while True:
        is_going = answer.is_going
        news = await run_in_threadpool(_news, answer, text, thoughts, is_whole=not is_going)  # Markdown takes its time
        notices = answer.notices[told:]
        if notices:
            news["notices"] = [said_elsewhere(notice, words) for notice in notices]
            told += len(notices)
        if news or silent_s >= _SIGN_OF_LIFE_S:
            silent_s = 0.0
            yield _event(news)
        if not is_going:
            yield _event({"ended": sentence_elsewhere(answer.error, words) if answer.error else ""})
            return
        tick_s = TICK_S if answer.has_spoken else FIRST_TICK_S
        await asyncio.sleep(tick_s)
        silent_s += tick_s


def _event(news: dict[str, object]) -> bytes:
    return f"data: {json.dumps(news, ensure_ascii=False)}\n\n".encode(errors="replace")


def _news(answer: LiveAnswer, text: LiveBlocks, thoughts: LiveBlocks, *, is_whole: bool) -> dict[str, object]:
    grown = {
        "thoughts": thoughts.grow(answer.reasoning, is_whole=is_whole),
        "text": text.grow(answer.text, is_whole=is_whole),
    }
    news: dict[str, object] = {name: growth for name, growth in grown.items() if growth}
    return {**news, "thought_s": answer.thought_s} if news and answer.thought_s else news
