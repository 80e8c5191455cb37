"""Other answers and edited questions on the page, without a browser: real backend, stub model."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from support import scripts
from support.pages import ask, click, contents
from support.stub_model import StubModel
from support.transcripts import branch_place, edit, press

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

    press(page, "regenerate")

    assert contents(page) == [("user", "Why?"), ("assistant", "Because.")]
    assert branch_place(page) == ["2 / 2"]


def test_the_arrows_move_between_answers(page: AppTest, stub: StubModel) -> None:
    ask(page, "Why?")
    stub.next(scripts.answer("Because."))
    press(page, "regenerate")

    press(page, "older")
    assert (contents(page)[1][1], branch_place(page)) == ("Hello from the stub.", ["1 / 2"])
    press(page, "newer")

    assert (contents(page)[1][1], branch_place(page)) == ("Because.", ["2 / 2"])


def test_an_edited_question_is_a_branch_of_its_own(page: AppTest, stub: StubModel) -> None:
    ask(ask(page, "One?"), "Two?")

    edit(page, "Two, really?")

    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two, really?"]
    assert branch_place(page) == ["2 / 2"]
    press(page, "older")
    assert [content for role, content in contents(page) if role == "user"] == ["One?", "Two?"]


def test_the_first_question_can_be_edited_too(page: AppTest, stub: StubModel) -> None:
    ask(page, "One?")

    edit(page, "Another?")

    assert contents(page)[0] == ("user", "Another?")
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Another?"]


def test_a_temporary_answer_and_question_can_be_had_anew(page: AppTest, stub: StubModel) -> None:
    ask(click(page, "temporary-chat"), "One?")
    stub.next(scripts.answer("Again."), scripts.answer("Edited."))

    press(page, "regenerate")
    assert contents(page) == [("user", "One?"), ("assistant", "Again.")]
    edit(page, "Two?")

    assert contents(page) == [("user", "Two?"), ("assistant", "Edited.")]


def test_a_refusal_can_be_asked_again_and_stays_a_branch(page: AppTest, stub: StubModel) -> None:
    stub.next(scripts.status(401))
    ask(page, "Why?")

    click(page, "again")

    assert contents(page) == [("user", "Why?"), ("assistant", "Hello from the stub.")]
    assert branch_place(page) == ["2 / 2"]
