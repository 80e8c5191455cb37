"""What every client of OpenAI's API must get through chatapp: lists, answers, tools, refusals, and memory."""

from typing import Any

import pytest

from real_clients.conftest import Run

LONG = 4
"""How many questions the scripts ask in one conversation."""

ANSWER, AFTER_TOOL = "Hello from the stub.", {"It rains.", "Paris"}


def outcome(run: Run, case: str) -> Any:
    """Return what a client told of a case that it can do."""
    if case not in run.client.cases:
        pytest.skip(f"{run.client.name} cannot do that")
    if case not in run.client.cases_before(run.front.name):
        pytest.skip("needs a model that reads more, and does as it is told")
    assert case in run.told, run.output
    return run.told[case]


def said(run: Run, case: str) -> Any:
    told = outcome(run, case)
    assert "said" in told, told
    return told["said"]


def branches(run: Run) -> list[list[Any]]:
    """Return the messages of each of the client's conversations."""
    conversations = run.backend.conversations.page().items
    return [list(run.backend.conversations.messages(one.id).items) for one in conversations]


def test_models_are_listed(run: Run) -> None:
    assert run.front.models.split()[0] in said(run, "list")


@pytest.mark.parametrize("case", ["ask", "stream"])
def test_a_question_is_answered(run: Run, case: str) -> None:
    answer = said(run, case)
    assert answer in {ANSWER, "Paris"} if run.front.name == "stub" else answer.strip()


def test_a_tool_is_called_and_its_result_goes_back(run: Run) -> None:
    assert said(run, "tool") in AFTER_TOOL


def test_a_wrong_key_is_told_as_such(run: Run) -> None:
    told = outcome(run, "key")
    words = told["error"].lower()
    assert "auth" in words or "401" in words or "api key" in words


def test_an_answer_that_is_left_stops(run: Run) -> None:
    assert said(run, "cancel") == "left"
    assert "stopped" in {branch[-1].status for branch in branches(run)}


def test_a_long_conversation_is_one_conversation(run: Run) -> None:
    said(run, "long")
    long = [branch for branch in branches(run) if f"long {LONG - 1}" in "".join(said.content for said in branch)]
    shown = [message.content.strip('"\n') for message in long[0] if message.role == "user"]
    assert [words.partition("\n")[0] for words in shown[-LONG:]] == [f"long {number}" for number in range(LONG)]
    assert len(long) == 1, "nothing is stored twice"
    assert all(len(message.siblings) == 1 for message in long[0])
