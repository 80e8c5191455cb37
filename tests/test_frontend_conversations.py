"""Conversations on the page, without a browser: real backend, stub model."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import scripts
from chatapp.client import BackendClient
from pages import FakeBackend, ask, choose, click, contents, problem, sidebar
from stub_model import StubModel

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any) -> AppTest:
    return open_page(backend.url)


def conversation_in(page: AppTest) -> str:
    """Give the id in the page's address."""
    return "".join(page.query_params["c"])


def rows(page: AppTest) -> list[str]:
    """Give the names in the list of conversations, as they are shown."""
    return [button.label for button in page.button if str(button.key).startswith("open-")]


def headings(page: AppTest) -> list[str]:
    return [caption.value for caption in page.sidebar.caption if caption.value in {"Pinned", "Today", "Earlier"}]


def press(page: AppTest, start: str, *, place: int = -1) -> AppTest:
    """Click a button whose key begins with `start`, the last one unless told."""
    [button for button in page.button if str(button.key).startswith(start)][place].click().run()
    assert not page.exception
    return page


def branch_place(page: AppTest) -> list[str]:
    return [caption.value for caption in page.main.caption if " / " in caption.value]


def stored(client: BackendClient) -> list[dict[str, Any]]:
    return client.conversations.page()["items"]


def test_a_question_begins_a_conversation_with_an_address_and_a_row(page: AppTest, client: BackendClient) -> None:
    ask(page, "What is Python?")

    assert [item["id"] for item in stored(client)] == [conversation_in(page)]
    assert rows(page) == ["What is Python?"]


def test_an_address_shows_its_conversation(open_page: Open, backend: Any, client: BackendClient) -> None:
    conversation = client.ask("One?", store=True).conversation_id

    page = open_page(backend.url, query={"c": str(conversation)})

    assert contents(page) == [("user", "One?"), ("assistant", "Hello from the stub.")]
    assert page.chat_message[1].caption[0].value.startswith("stub\\-model · ")


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


@pytest.mark.parametrize("use_streaming", ["true", "false"])
def test_another_answer_stands_beside_the_first(
    use_streaming: str, open_page: Open, backend: Any, stub: StubModel
) -> None:
    page = ask(open_page(backend.url, USE_STREAMING=use_streaming), "Why?")
    stub.next(scripts.answer("Because."))

    press(page, "regenerate-")

    assert contents(page) == [("user", "Why?"), ("assistant", "Because.")]
    assert branch_place(page) == ["2 / 2"]


def test_the_arrows_move_between_answers(page: AppTest, stub: StubModel) -> None:
    ask(page, "Why?")
    stub.next(scripts.answer("Because."))
    press(page, "regenerate-")

    press(page, "older-")
    assert (contents(page)[1][1], branch_place(page)) == ("Hello from the stub.", ["1 / 2"])
    press(page, "newer-")

    assert (contents(page)[1][1], branch_place(page)) == ("Because.", ["2 / 2"])


def test_an_edited_question_is_a_branch_of_its_own(page: AppTest, stub: StubModel) -> None:
    ask(ask(page, "One?"), "Two?")

    press(page, "edit-")
    page.text_area[0].set_value("Two, really?").run()
    click(page, "edit-send")

    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two, really?"]
    assert branch_place(page) == ["2 / 2"]
    press(page, "older-")
    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two?"]


def test_the_first_question_can_be_edited_too(page: AppTest, stub: StubModel) -> None:
    ask(page, "One?")

    press(page, "edit-")
    page.text_area[0].set_value("Another?").run()
    click(page, "edit-send")

    assert contents(page)[0] == ("user", "Another?")
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Another?"]


def test_an_edit_can_be_called_off(page: AppTest, stub: StubModel) -> None:
    press(ask(page, "One?"), "edit-")

    click(page, "edit-cancel")

    assert not page.text_area
    assert stub.hits == 1


def test_a_temporary_chat_leaves_nothing_behind(page: AppTest, client: BackendClient) -> None:
    click(page, "temporary-chat")

    ask(ask(page, "One?"), "Two?")

    assert len(contents(page)) == 4
    assert "Temporary chat" in page.main.caption[0].value
    assert stored(client) == []
    assert "c" not in page.query_params


def test_a_temporary_answer_and_question_can_be_had_anew(page: AppTest, stub: StubModel) -> None:
    ask(click(page, "temporary-chat"), "One?")
    stub.next(scripts.answer("Again."), scripts.answer("Edited."))

    press(page, "regenerate-")
    assert contents(page) == [("user", "One?"), ("assistant", "Again.")]
    press(page, "edit-")
    page.text_area[0].set_value("Two?").run()
    click(page, "edit-send")

    assert contents(page) == [("user", "Two?"), ("assistant", "Edited.")]


def test_a_conversation_is_renamed(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")

    choose(page, conversation_in(page), "Rename")
    page.text_input(key=f"name-{conversation_in(page)}").set_value("My *first*").run()

    assert rows(page) == [r"My \*first\*"]
    assert stored(client)[0]["title"] == "My *first*"


def test_a_pinned_conversation_stands_above_the_others(page: AppTest) -> None:
    ask(page, "One?")
    pinned = conversation_in(page)
    ask(click(page, "new-chat"), "Two?")

    choose(page, pinned, "Pin")

    assert (rows(page), headings(page)) == (["One?", "Two?"], ["Pinned", "Today"])


def test_a_deleted_conversation_can_be_taken_back(page: AppTest, client: BackendClient) -> None:
    ask(page, "One?")
    deleted = conversation_in(page)

    choose(page, deleted, "Delete")
    assert (rows(page), contents(page), stored(client)) == ([], [], [])
    assert "c" not in page.query_params
    click(page, "undo")

    assert rows(page) == ["One?"]
    assert contents(press(page, "open-"))[0] == ("user", "One?")


def test_the_search_looks_into_answers(page: AppTest, client: BackendClient, stub: StubModel) -> None:
    stub.next(scripts.answer("A palindrome reads the same backwards."))
    client.ask("Words?", store=True)
    client.ask("Something else?", store=True)

    wait_until(lambda: len(rows(page.run())) == 2)
    page.text_input(key="search").set_value("palindrome").run()

    assert rows(page) == ["Words?"]
    assert "A **palindrome** reads the same backwards." in [caption.value for caption in page.sidebar.caption]


def test_a_search_without_a_hit_says_so(page: AppTest) -> None:
    ask(page, "One?")

    page.text_input(key="search").set_value("zebra").run()

    assert rows(page) == []
    assert "No conversation has these words." in [caption.value for caption in page.sidebar.caption]


def test_the_list_grows_page_by_page(page: AppTest, client: BackendClient) -> None:
    for number in range(35):
        client.conversations.begin(title=f"Number {number}")
    wait_until(lambda: len(rows(page.run())) == 30)

    click(page, "more")

    assert len(rows(page)) == 35
    assert not [button for button in page.button if button.key == "more"]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_earlier_messages_are_fetched_when_asked_for(open_page: Open, backend: Any, client: BackendClient) -> None:
    conversation = client.ask("Question 0", store=True).conversation_id
    for number in range(1, 25):
        client.ask(f"Question {number}", conversation_id=conversation)
    page = open_page(backend.url, query={"c": str(conversation)})
    assert (len(contents(page)), page.chat_message[0].text[0].value) == (20, "Question 15")
    assert "<dd>20+</dd>" in sidebar(page)

    click(page, "earlier")
    assert (len(contents(page)), page.chat_message[0].text[0].value) == (40, "Question 5")
    click(page, "earlier")

    assert (len(contents(page)), page.chat_message[0].text[0].value) == (50, "Question 0")
    assert "<dd>50</dd>" in sidebar(page)


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


def test_a_refusal_can_be_asked_again_and_stays_a_branch(page: AppTest, stub: StubModel) -> None:
    stub.next(scripts.status(401))
    ask(page, "Why?")

    click(page, "again")

    assert contents(page) == [("user", "Why?"), ("assistant", "Hello from the stub.")]
    assert branch_place(page) == ["2 / 2"]


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


def test_conversations_are_brought_along_with_a_receipt(page: AppTest, client: BackendClient) -> None:
    conversation = str(client.ask("One?", store=True).conversation_id)
    exported = json.loads(client.conversations.export(conversation, "json"))
    file = json.dumps(exported).replace(conversation, "f" * 32).encode()

    page.file_uploader[0].set_value(("export.json", file, "application/json")).run()
    click(page, "import-file")

    assert "1 of 1 conversations added" in page.success[0].value.replace("\\", "")
    assert len(stored(client)) == 2


def test_a_file_that_is_no_export_is_refused_in_a_sentence(page: AppTest) -> None:
    page.file_uploader[0].set_value(("cat.jpg", b"\xff\xd8\xff", "image/jpeg")).run()
    click(page, "import-file")

    assert len(page.error) == 1
