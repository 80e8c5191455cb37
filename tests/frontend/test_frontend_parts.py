"""Parts of the page that are looked at alone: problems, headings of the list, text that grows, the address."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chatapp.errors import BackendTimeoutError, ChatappError, StreamCutError, UnauthorizedError, UpstreamError
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.conversations.listing import Listing
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
