"""Conversations on the page, without a browser: real backend, stub model."""

import json
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import requests
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from support import scripts
from support.pages import (
    FakeBackend,
    ask,
    click,
    contents,
    conversation_in,
    everything,
    list_told,
    problem,
    rows,
    settings_dialog,
    sidebar,
    stored,
)
from support.stub_model import StubModel
from support.transcripts import act, news, shown, transcript_html

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any) -> AppTest:
    return open_page(backend.url)


def test_a_question_begins_a_conversation_with_an_address_and_a_row(page: AppTest, client: BackendClient) -> None:
    ask(page, "What is Python?")

    assert [item.id for item in stored(client)] == [conversation_in(page)]
    assert rows(page) == ["What is Python?"]


def test_an_address_shows_its_conversation(open_page: Open, backend: Any, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id

    page = open_page(backend.url, query={"c": str(conversation)})

    assert contents(page) == [("user", "One?"), ("assistant", "Hello from the stub.")]
    assert shown(page)[1].facts.startswith("stub-model · ")


def test_an_answer_from_another_day_says_which(open_page: Open, backend: Any, client: BackendClient) -> None:
    said = [("q", None, "user", "Long ago?"), ("a", "q", "assistant", "Yes.")]
    messages = [
        {"id": own, "parent_id": parent, "role": role, "content": text, "created_at": "2020-02-03T12:00:00+00:00"}
        for own, parent, role, text in said
    ]
    client.conversations.import_file(BytesIO(json.dumps({"id": "old", "leaf_id": "a", "messages": messages}).encode()))
    page = open_page(backend.url, query={"c": stored(client)[0].id})

    assert "2020-02-03 " in shown(page)[1].facts
    assert transcript_html(page).count("Monday, 03 February 2020") == 1


def test_an_answer_that_was_made_without_earlier_messages_says_so(open_page: Open, run_backend: Any) -> None:
    page = open_page(run_backend(context_tokens=60).url)
    ask(page, "One? " + "word " * 100)

    ask(page, "Two?")

    assert any("left out" in note for note in shown(page)[-1].notes)


def test_an_answer_without_a_word_is_told(page: AppTest, stub: StubModel) -> None:
    stub.next(scripts.answer(""))

    ask(page, "Why?")

    assert shown(page)[1].notes == ["The model said nothing."]


@pytest.mark.parametrize("address", ["0198f2c41d7e7b6a9c3e5f0a1b2c3d4e", "../health", "x" * 99])
def test_an_address_of_nothing_is_a_new_chat(address: str, open_page: Open, backend: Any) -> None:
    page = open_page(backend.url, query={"c": address})

    assert not page.exception
    assert page.button(key="suggestion-0")
    assert "c" not in page.query_params


def test_a_conversation_goes_on_where_it_was_left(
    open_page: Open, backend: Any, client: BackendClient, stub: StubModel
) -> None:
    conversation = client.ask("One?", store=True).conversation_id

    ask(open_page(backend.url, query={"c": str(conversation)}), "Two?")

    assert [message["content"] for message in stub.calls[-1].body["messages"]] == [
        "One?",
        "Hello from the stub.",
        "Two?",
    ]


def test_what_was_said_elsewhere_shows_at_the_next_click(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")

    client.ask("Two?", conversation_id=conversation_in(page))
    page.run()

    assert [content for _, content in contents(page)][2:] == ["Two?", "Hello from the stub."]


@pytest.mark.parametrize("typed", ["yes", ""])
def test_a_question_goes_to_the_conversation_that_was_on_show_when_it_was_sent(
    typed: str, open_page: Open, backend: Any, client: BackendClient
) -> None:
    first, other = (str(client.ask(f"{name}?", store=True).conversation_id) for name in ("First", "Other"))
    page = open_page(backend.url, query={"c": first})

    page.chat_input[0].set_value("And then?")
    act(page, "open", id=other, name="1", typed=typed)  # both arrive at once

    asked = [len(client.conversations.messages(conversation_id).items) // 2 for conversation_id in (first, other)]
    assert (asked, conversation_in(page)) == ([1, 2] if typed else [2, 1], other)


def test_a_question_during_an_answer_that_another_session_asked_for_waits_for_it(
    page: AppTest, client: BackendClient, stub: StubModel
) -> None:
    ask(page, "One?")
    stub.next(scripts.answer("Second", 0.5, " answer."))
    asked = threading.Thread(target=lambda: client.ask("Two?", conversation_id=conversation_in(page)))
    asked.start()
    stub.wait_for_call(2)

    ask(page, "Three?")
    asked.join()

    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two?", "Three?"]
    assert stub.hits == 3


def test_a_temporary_chat_leaves_nothing_behind(page: AppTest, client: BackendClient) -> None:
    click(page, "temporary-chat")
    assert 'temporary-mark\\"' not in everything(page)

    ask(ask(page, "One?"), "Two?")

    assert len(contents(page)) == 4
    assert "Temporary chat" in page.main.caption[0].value
    assert 'temporary-mark\\">Temporary chat<' in everything(page)
    assert stored(client) == []
    assert "c" not in page.query_params
    assert 'temporary-mark\\"' not in everything(click(page, "new-chat"))


def test_earlier_messages_are_fetched_when_asked_for(open_page: Open, backend: Any, client: BackendClient) -> None:
    conversation = client.ask("Question 0", store=True).conversation_id
    for number in range(1, 25):
        client.ask(f"Question {number}", conversation_id=conversation)
    page = open_page(backend.url, query={"c": str(conversation)})
    assert (len(contents(page)), shown(page)[0].text, news(page)["has_earlier"]) == (40, "Question 5", True)
    assert "<td>40+</td>" in settings_dialog(page)

    act(page, "earlier")

    assert (len(contents(page)), shown(page)[0].text, news(page)["has_earlier"]) == (50, "Question 0", False)
    assert [news(page)["head"], len(news(page)["keys"]), news(page)["tail"]] == [0, 10, 40]
    assert "<td>50</td>" in settings_dialog(page)


@pytest.mark.parametrize("use_streaming", ["true", "false"])
def test_a_timeout_asks_nothing_twice(
    use_streaming: str, open_page: Open, backend: Any, stub: StubModel, client: BackendClient
) -> None:
    goes_on = threading.Event()
    stub.next(scripts.answer(scripts.until(goes_on), "At last."))
    page = open_page(backend.url, USE_STREAMING=use_streaming, REQUEST_TIMEOUT="1")
    ask(page, "Why?")
    assert problem(page).startswith("**Timeout Error**")
    assert contents(page) == [("user", "Why?")]
    goes_on.set()

    click(page, "again")

    assert contents(page) == [("user", "Why?"), ("assistant", "At last.")]
    assert stub.hits == 1


def test_a_failed_answer_says_so_after_a_reload_too(open_page: Open, backend: Any, stub: StubModel) -> None:
    stub.next(scripts.answer("Once", scripts.reset))
    address = {"c": conversation_in(ask(open_page(backend.url), "Why?"))}

    page = open_page(backend.url, query=address)

    assert contents(page) == [("user", "Why?"), ("assistant", "Once")]
    assert problem(page).startswith("**Backend error")


def test_a_backend_that_goes_away_keeps_the_question_on_screen(
    open_page: Open, run_backend: Callable[..., Any]
) -> None:
    backend = run_backend()
    page = ask(open_page(backend.url), "One?")
    backend.stop()

    ask(page, "Two?")
    page.run()

    assert problem(page).startswith("**Connection Error**")
    assert contents(page)[2:] == [("user", "Two?")]


def test_a_store_that_fails_offers_the_temporary_chat(open_page: Open, stub: StubModel) -> None:
    backend = FakeBackend(stub)
    detail = {"detail": "Conversations cannot be read or saved: the disk is full.", "code": "store_unavailable"}
    backend.conversations = scripts.respond(503, detail)
    backend.answer = lambda exchange: exchange.respond(200, {"model": "tiny", "answer": "Whole."})
    page = ask(open_page(backend.url, USE_STREAMING="false"), "Why?")
    assert "the disk is full" in problem(page)
    assert "the disk is full" in sidebar(page)

    click(page, "again-temporary")

    assert contents(page) == [("user", "Why?"), ("assistant", "Whole.")]


def test_a_backend_without_conversations_is_talked_to_all_the_same(open_page: Open, stub: StubModel) -> None:
    backend = FakeBackend(stub)
    backend.answer = lambda exchange: exchange.respond(200, {"model": "tiny", "answer": "Whole."})

    page = ask(open_page(backend.url, USE_STREAMING="false"), "Why?")

    assert contents(page) == [("user", "Why?"), ("assistant", "Whole.")]
    assert "keeps no conversations" in sidebar(page)
    assert backend.paths[-1] == "/query"


def test_the_run_of_an_agent_is_shown_with_its_tools(open_page: Open, backend: Any, stub: StubModel) -> None:
    stub.next(scripts.answer(scripts.tool_call(), finish="tool_calls"), scripts.answer("Rain."))
    url, run = f"{backend.url}/v1/chat/completions", [{"role": "user", "content": "Weather?"}]
    called = requests.post(url, json={"messages": run}, timeout=10).json()["choices"][0]["message"]
    run += [called, {"role": "tool", "tool_call_id": "call_1", "content": "9 mm"}]
    requests.post(url, json={"messages": run}, timeout=10)

    page = open_page(backend.url, query={"c": stored(backend.client)[0].id})

    assert not page.exception
    assert contents(page)[-1] == ("assistant", "Rain.")
    assert shown(page)[1].folded == {"Called get_weather": '{"city":"Paris"}', "Result of a tool": "9 mm"}
    assert list_told(page)["groups"][0]["rows"][0]["notes"] == ["via python-requests"]
