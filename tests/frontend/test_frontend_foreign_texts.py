"""Texts and times of any origin on the page, without a browser: real backend, stub model."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from chatapp.backend.store.schema import conversations, messages
from support import scripts, transcripts
from support.pages import ask, click, everything, press, rows
from support.stub_model import StubModel
from support.transcripts import transcript_html

Open = Callable[..., AppTest]


def test_an_answer_too_large_to_draw_is_text_until_somebody_wants_it_drawn(
    open_page: Open, backend: Any, stub: StubModel
) -> None:
    stub.default = scripts.answer("*a* [b] " * 20_000)
    page = ask(open_page(backend.url), "Loop")

    assert "*a* [b]" in transcript_html(page)
    transcripts.press(page, "draw")

    assert "<em>a</em> [b]" in transcript_html(page)


@pytest.fixture(params=["America/New_York", "Asia/Tokyo"])
def west_and_east(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of Windows cannot be set for a test")
@pytest.mark.parametrize("never", [datetime.min, datetime.max])
def test_a_date_at_the_end_of_the_calendar_leaves_the_page_usable(
    west_and_east: None, never: datetime, open_page: Open, backend: Any
) -> None:
    ask(open_page(backend.url), "Old?")
    with backend.app.state.store.database.write() as connection:
        never = never.replace(tzinfo=UTC)
        connection.execute(update(conversations).values(updated_at=never, created_at=never))
        connection.execute(update(messages).values(created_at=never, finished_at=never))

    page = open_page(backend.url)
    assert not page.exception
    assert rows(page) == ["Old?"]
    press(page, "open-")

    assert "Old?" in everything(page)
    ask(click(page, "new-chat"), "New?")
