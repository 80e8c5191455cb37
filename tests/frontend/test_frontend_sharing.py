"""Links to shared conversations, as the page makes them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatapp.frontend.session.sharing_actions import address_of_page
from chatapp.frontend.sharing import shared_route
from support import scripts
from support.pages import ask, choose, click, conversation_in, press
from support.stub_model import StubModel
from support.transcripts import act, transcript_html


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("http://localhost:8501", "http://localhost:8501"),
        ("https://chat.example.org/", "https://chat.example.org"),
        ("https://example.org/chat", "https://example.org/chat"),
        ("https://example.org/chat/", "https://example.org/chat"),
    ],
)
def test_a_link_leads_to_where_the_page_is_also_below_a_path_of_a_proxy(told: str, expected: str) -> None:
    assert address_of_page(told) == expected


def test_who_shares_while_answers_wait_to_be_chosen_from_learns_which_one_is_shown(
    open_page: Callable[..., Any], run_backend: Callable[..., Any], stub: StubModel
) -> None:
    begun = threading.Event()

    async def large(exchange: Any) -> None:
        begun.set()
        await scripts.answer("From the large one.")(exchange)

    stub.listing = scripts.listing("stub-model", "large")
    stub.models = {"stub-model": scripts.answer("Hello", scripts.until(begun), "."), "large": large}
    page = open_page(run_backend(share_links=True).url)
    page.multiselect[0].set_value(["large"]).run()
    shared = conversation_in(ask(page, "Why?"))

    told = [[warning.value for warning in choose(page, shared, "Share").warning]]
    page.session_state.view.dialog = None
    click(page, "new-chat")
    told += [[warning.value for warning in choose(page, shared, "Share").warning]]
    page.session_state.view.dialog = None
    press(page, "open-")
    choices = BeautifulSoup(transcript_html(page), "html.parser").select(".choice")
    act(page, "keep", id=str(choices[1]["data-id"]))

    assert ["stub-model" in sentence.replace("\\", "") for (sentence,) in told] == [True, True]
    assert not choose(page, shared, "Share").warning


@pytest.mark.parametrize(
    ("language", "direction", "said"),
    [
        ("de-AT", "ltr", "Dieser Link führt nirgendwohin: er ist abgelaufen"),
        ("ar", "rtl", "هذا الرابط لا يؤدي إلى شيء"),
        ("fr", "ltr", "This link leads nowhere: it is over"),
    ],
)
def test_a_link_that_leads_nowhere_says_so_in_the_language_of_its_reader(
    language: str, direction: str, said: str, run_backend: Callable[..., Any]
) -> None:
    backend = run_backend(share_links=True)
    page = TestClient(Starlette(routes=[shared_route(lambda: backend.client)]))

    response = page.get(f"/shared/{'0' * 32}", headers={"Accept-Language": language})

    assert (response.status_code, response.headers["X-Robots-Tag"]) == (404, "noindex, nofollow, noarchive")
    html = BeautifulSoup(response.text, "html.parser")
    assert html.html is not None
    assert html.html["dir"] == direction
    assert said in html.text
