"""Parts of the page that are looked at alone: problems, headings of the list, text that grows, the address."""

import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chatapp.errors import BackendTimeoutError, ChatappError, StreamCutError, UnauthorizedError, UpstreamError
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.conversations.listing import Listing
from chatapp.frontend.markdown.growing_text import GrowingText
from chatapp.protocol.resources import ConversationInfo

AUCKLAND = ZoneInfo("Pacific/Auckland")


@pytest.mark.parametrize(
    ("error", "next_step"),
    [
        (StreamCutError("Cut.", hint="Ask again."), "Ask again, or turn streaming off in the settings."),
        (BackendTimeoutError("Slow.", hint="Wait longer."), "Raise the request timeout in the settings, or"),
        (UnauthorizedError("Who?", hint="Check BACKEND_API_KEY."), "Sign in with a key that the backend knows."),
        (UpstreamError("No.", hint="Check BASE_URL."), "Check BASE_URL."),
        (UpstreamError("No."), "Check the backend's log and its API key."),
        (StreamCutError("Cut.", hint="Ask again.", retry_after=7), "Ask again in 7 seconds."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_page_knows_what_to_do_next(error: ChatappError, next_step: str) -> None:
    assert problem_of(error).next_step.startswith(next_step)


def headings(*days_ago: int) -> list[str]:
    """Return the headings above conversations last talked in at noon of these days, as seen in New Zealand."""
    noon = datetime.now(AUCKLAND).replace(hour=12)
    listing = Listing()
    listing.items = [ConversationInfo(str(days), noon - timedelta(days=days)) for days in days_ago]
    return [f"{group.name} {len(group.items)}" for group in listing.groups(AUCKLAND)]


def test_conversations_stand_under_the_day_or_month_they_were_last_talked_in() -> None:
    long_ago = datetime.now(AUCKLAND) - timedelta(days=400)

    shown = headings(0, 1, 2, 6, 400)

    assert shown == ["Today 1", "Yesterday 1", "Last 7 days 2", f"{long_ago:%B %Y} 1"]


def test_a_conversation_of_tomorrow_is_one_of_today() -> None:
    assert headings(-1, 0) == ["Today 2"]


class Screen:
    """The place of a text on the page; `sent` is every Markdown that the browser would get."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def empty(self) -> "Screen":
        return self

    def markdown(self, text: str, **_: Any) -> None:
        self.sent.append(text)


def test_text_that_grows_is_not_sent_again_at_every_word() -> None:
    screen: Any = Screen()
    text = GrowingText(screen)
    words = "word " * 3000  # half a second's worth at the pace of the page

    for more in range(20):
        text.show(words + "x" * more)

    assert len(screen.sent) == 1


def test_text_that_grows_is_sent_again_after_a_while() -> None:
    screen: Any = Screen()
    text = GrowingText(screen)
    text.show("word " * 300)
    deadline = time.monotonic() + 5

    while len(screen.sent) < 2:
        assert time.monotonic() < deadline
        text.show("word " * 300 + "more")

    assert screen.sent[-1].rstrip(" ▍").endswith("more")


def test_a_block_that_is_finished_is_not_sent_again() -> None:
    screen: Any = Screen()
    text = GrowingText(screen)
    text.show("First.\n\nSec")
    deadline = time.monotonic() + 5

    while len(screen.sent) < 3:
        assert time.monotonic() < deadline
        text.show("First.\n\nSecond.")

    assert [sent.strip(" ▍\n") for sent in screen.sent] == ["First.", "Sec", "Second."]
