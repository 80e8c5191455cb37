"""What wakes the script runs that wait for an answer."""

import asyncio
import threading
from collections.abc import Iterator

from starlette.types import Message, Receive, Scope, Send

from chatapp.frontend.conversations.bell import browsers
from chatapp.frontend.conversations.first_words import FirstWords
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.listening import Listening
from chatapp.protocol.events import Done, Event, Start


def test_a_message_of_a_browser_wakes_runs_once_streamlit_has_taken_it() -> None:
    woken, was_woken = threading.Event(), []

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["bytes"] == b"a click"
        was_woken.append(woken.is_set())
        await asyncio.sleep(0)
        was_woken.append(woken.is_set())

    async def browser() -> Message:
        return {"type": "websocket.receive", "bytes": b"a click"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    with browsers().heard_by(woken):
        asyncio.run(Listening(streamlit)({"type": "websocket"}, browser, send))
    assert was_woken == [False, True]


def test_a_run_is_woken_when_its_answer_begins_and_when_it_ends() -> None:
    steps, news = threading.Semaphore(0), threading.Event()

    def events() -> Iterator[Event]:
        for event in (Start("turn", "tiny", "talk"), Done("stop", None, 1)):
            steps.acquire(timeout=10)
            yield event

    answer = LiveAnswer.start(events())
    with answer.bell.heard_by(news):
        for is_going in (True, False):
            news.clear()
            steps.release()
            assert news.wait(10)
            assert (answer.conversation_id, answer.is_going) == ("talk", is_going)


def test_what_comes_behind_a_first_word_waits_for_those_of_all_others() -> None:
    words, is_awaited, is_told, goes_on = FirstWords(), threading.Event(), threading.Event(), threading.Event()

    def wait_for_own(timeout_s: float) -> bool:
        is_awaited.set()
        return is_told.wait(timeout_s)

    def told_already() -> None:
        words.wait(lambda _: True, 30)
        goes_on.set()

    runs = [threading.Thread(target=run) for run in (lambda: words.wait(wait_for_own, 30), told_already)]
    runs[0].start()
    assert is_awaited.wait(10)
    runs[1].start()
    assert not goes_on.wait(0.1)
    words.wait(lambda _: True, 0.01)  # no longer than it may

    is_told.set()

    assert goes_on.wait(10)
    for run in runs:
        run.join(10)
