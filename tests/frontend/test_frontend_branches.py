"""Other answers and edited questions on the page, without a browser: real backend, stub model."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from support import scripts
from support.pages import ask, branch_place, click, contents, editor, press
from support.stub_model import StubModel

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any) -> AppTest:
    return open_page(backend.url)


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
    editor(page).set_value("Two, really?").run()
    click(page, "edit-send")

    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two, really?"]
    assert branch_place(page) == ["2 / 2"]
    press(page, "older-")
    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two?"]


def test_the_first_question_can_be_edited_too(page: AppTest, stub: StubModel) -> None:
    ask(page, "One?")

    press(page, "edit-")
    editor(page).set_value("Another?").run()
    click(page, "edit-send")

    assert contents(page)[0] == ("user", "Another?")
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Another?"]


def test_an_edit_can_be_called_off(page: AppTest, stub: StubModel) -> None:
    press(ask(page, "One?"), "edit-")

    click(page, "edit-cancel")

    assert editor(page) is None
    assert stub.hits == 1


def test_a_temporary_answer_and_question_can_be_had_anew(page: AppTest, stub: StubModel) -> None:
    ask(click(page, "temporary-chat"), "One?")
    stub.next(scripts.answer("Again."), scripts.answer("Edited."))

    press(page, "regenerate-")
    assert contents(page) == [("user", "One?"), ("assistant", "Again.")]
    press(page, "edit-")
    editor(page).set_value("Two?").run()
    click(page, "edit-send")

    assert contents(page) == [("user", "Two?"), ("assistant", "Edited.")]


def test_a_refusal_can_be_asked_again_and_stays_a_branch(page: AppTest, stub: StubModel) -> None:
    stub.next(scripts.status(401))
    ask(page, "Why?")

    click(page, "again")

    assert contents(page) == [("user", "Why?"), ("assistant", "Hello from the stub.")]
    assert branch_place(page) == ["2 / 2"]
