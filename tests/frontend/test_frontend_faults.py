"""Each fault of a model server as the page shows it: what happened, what to do, and nothing that was there is lost."""

import re
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from support import scripts
from support.faults import BROKEN, FAULTS, REFUSED, Fault
from support.pages import ask, click, contents, everything, opened_page, problem
from support.results import PROMPT, assert_says_nothing_of_others
from support.running_backend import RunningBackend
from support.stub_model import StubModel
from support.transcripts import shown

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def opened(shared: RunningBackend) -> AppTest:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKEND_URL", shared.url)
        patch.setenv("USE_STREAMING", "true")
        st.cache_data.clear()
        return opened_page()


@pytest.fixture
def page(opened: AppTest) -> AppTest:
    """The page with an empty conversation."""
    return click(opened, "new-chat")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_said_and_the_question_can_be_asked_again(fault: Fault, page: AppTest, model: StubModel) -> None:
    model.default, before = fault.script, model.hits

    ask(page, PROMPT)

    title, says, next_step = re.fullmatch(r"\*\*(.+)\*\* — (.+)  \n(.+)", problem(page)).groups()
    assert title == f"Backend error ({fault.status})"
    assert says.startswith("LLM processing failed: ")
    assert fault.says in says
    assert next_step.endswith(".")
    assert fault.asks(model.hits - before)
    assert contents(page)[0] == ("user", PROMPT)
    assert_says_nothing_of_others(everything(page).replace(PROMPT, ""), model)

    model.default = scripts.answer("fine")
    click(page, "again")
    assert contents(page) == [("user", PROMPT), ("assistant", "fine")]


SAID = {"RST": "ab", "EOF": "ab", "an error object": "a", "invalid UTF-8": "a", "a line of 64 MB": "a"}


@pytest.mark.parametrize(("name", "said"), SAID.items(), ids=SAID.keys())
def test_what_was_said_before_a_fault_stays_and_is_marked(
    name: str, said: str, page: AppTest, model: StubModel
) -> None:
    model.default = BROKEN[name].script

    ask(page, PROMPT)

    assert contents(page)[1] == ("assistant", said)
    assert shown(page)[1].facts.startswith("Interrupted · ")


def test_how_long_to_wait_is_said(page: AppTest, model: StubModel) -> None:
    model.default = REFUSED["429 for long"].script

    ask(page, PROMPT)

    assert problem(page).endswith("Ask again in 7 seconds.")


@pytest.mark.parametrize(
    ("script", "said"), [(scripts.silence, []), (scripts.answer("Once", scripts.silence), [("assistant", "Once")])]
)
def test_a_model_that_falls_silent_is_said_so(
    script: scripts.Script, said: list[tuple[str, str]], open_page: Any, run_backend: Any, stub: StubModel
) -> None:
    stub.default = script

    page = ask(open_page(run_backend(first_content_timeout=0.3, gap_timeout=0.3).url), PROMPT)

    assert problem(page).startswith("**Backend error (504)**")
    assert contents(page) == [("user", PROMPT), *said]
    assert page.button(key="again")
