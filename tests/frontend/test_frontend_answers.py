"""What can be done with an answer on the page, without a browser: real backend, stub model."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from support import scripts
from support.pages import ask, click, contents
from support.running_backend import backend_before
from support.stub_model import StubModel
from support.transcripts import act, transcript_html

Open = Callable[..., AppTest]
OFFER = "summarise"


@pytest.fixture(scope="module")
def shared(model: StubModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A backend in front of `model`, whose window is small, and beside which there are others."""
    model.listing = scripts.listing("stub-model", "large", "broken")
    with backend_before(model, tmp_path_factory.mktemp("data"), context_tokens=1000) as backend:
        yield backend


@pytest.fixture
def client(shared: Any) -> BackendClient:
    return shared.client


def talked(client: BackendClient, *questions: str) -> str:
    """Return the id of a conversation in which these questions were asked."""
    first = client.ask(questions[0], store=True)
    for question in questions[1:]:
        client.ask(question, conversation_id=first.conversation_id)
    return str(first.conversation_id)


def offers(page: AppTest) -> list[str]:
    return [button.label for button in page.button if button.key == OFFER]


def test_earlier_messages_are_summarised_on_a_click_and_brought_back_by_another(
    open_page: Open, client: BackendClient, shared: Any, model: StubModel
) -> None:
    conversation = talked(client, "One? " * 99, "Two? " * 99, "Three? " * 99)
    page = open_page(shared.url, query={"c": conversation})
    model.next(scripts.answer("They **counted**."))

    click(page, OFFER)

    assert "Summary of 2 earlier messages" in transcript_html(page)
    assert "They <strong>counted</strong>." in transcript_html(page)
    assert [toast.value.split(":")[0] for toast in page.toast] == ["Summarised"]
    (summarised,) = (item.id for item in client.conversations.messages(conversation).items if item.summary)
    act(page, "summary", id=summarised, text="To three.")
    assert "<p>To three.</p>" in transcript_html(page)
    act(page, "drop-summary", id=summarised)
    asked = model.hits
    act(page, "restore-summary", id=summarised)
    assert "Summary of 2 earlier messages" in transcript_html(page)
    (kept,) = (item for item in client.conversations.messages(conversation).items if item.summary)
    assert (kept.id, kept.summary, kept.summarised, model.hits) == (summarised, "To three.", 2, asked)
    act(page, "drop-summary", id=summarised)
    assert ("Summary of" in transcript_html(page), len(offers(page))) == (False, 1)


def test_a_summary_that_fails_says_why(open_page: Open, client: BackendClient, shared: Any, model: StubModel) -> None:
    page = open_page(shared.url, query={"c": talked(client, "One? " * 99, "Two? " * 99, "Three? " * 99)})
    model.next(scripts.status(401))

    click(page, OFFER)

    assert "API key" in page.warning[0].value
    assert len(offers(page)) == 1


def test_a_fork_is_gone_on_with_and_leaves_its_conversation_as_it_was(
    open_page: Open, client: BackendClient, shared: Any
) -> None:
    conversation = talked(client, "One?", "Two?")
    page = open_page(shared.url, query={"c": conversation})
    first = client.conversations.messages(conversation).items[1]

    act(page, "fork", id=first.id)

    assert contents(page) == [("user", "One?"), ("assistant", "Hello from the stub.")]
    fork = "".join(page.query_params["c"])
    assert (fork != conversation, client.conversations.get(fork).title) == (True, "Fork of One?")
    assert len(client.conversations.messages(conversation).items) == 4
    page.session_state["language"] = "de"
    page.run()
    act(page, "fork", id=client.conversations.messages(fork).items[1].id)
    assert client.conversations.get("".join(page.query_params["c"])).title == "Abzweigung von Fork of One?"


@pytest.mark.parametrize("language", ["curl", "python"])
def test_code_for_an_answer_asks_what_was_asked(
    language: Any, open_page: Open, client: BackendClient, model: StubModel, capfd: Any
) -> None:
    question = 'It\'s "$HOME" `x` \\n?\n' + "long " * 30
    conversation = talked(client, "One?", question, "And now?")
    client.conversations.change(conversation, system="Be brief.", sampling={"temperature": 0.5})
    page = open_page(client.base_url, query={"c": conversation})
    answer = client.conversations.messages(conversation).items[3]

    code = page.session_state.transcript.code(answer.id, language)

    if language == "curl":
        subprocess.run(["bash", "-euc", "BACKEND_API_KEY=; " + code], check=True, capture_output=True)
    else:
        exec(compile(code, "copied", "exec"), {})
        assert capfd.readouterr().out == "Hello from the stub.\n"
    body = model.calls[-1].body
    assert (body["model"], body["temperature"]) == ("stub-model", 0.5)
    assert [message["content"] for message in body["messages"]] == [
        "Be brief.", "One?", "Hello from the stub.", question
    ]  # fmt: skip
    assert page.session_state.transcript.code("nowhere", language) is None


def test_answers_of_several_models_are_chosen_from_and_one_is_kept(
    open_page: Open, client: BackendClient, model: StubModel
) -> None:
    both, asked = threading.Event(), set()

    def noted(name: str, script: scripts.Script) -> scripts.Script:
        async def note(exchange: Any) -> None:
            asked.add(name)
            if len(asked) == 2:
                both.set()
            await script(exchange)

        return note

    model.models = {
        "stub-model": scripts.answer("Hello from", scripts.until(both), " the stub."),
        "large": noted("large", scripts.answer("From the large one.")),
        "broken": noted("broken", scripts.status(401)),
    }
    page = open_page(client.base_url)
    page.multiselect[0].set_value(["large", "broken"]).run()
    field = page.multiselect[0].key  # what a browser still holds of it must not count once an answer is kept
    assert page.main.get("popover")[0].proto.popover.label.replace("\\", "") == "stub-model +2"

    ask(page, "Why?")

    choices = BeautifulSoup(transcript_html(page), "html.parser").select(".choice")
    beside = transcript_html(open_page(client.base_url, query={"c": "".join(page.query_params["c"])}))
    assert (beside.count('class="choice"'), beside.count("Keep this one")) == (3, 2)
    named = [(choice.select_one(".note").text, bool(choice.select("article .said"))) for choice in choices]
    assert named == [("stub-model", True), ("large", True), ("broken", False)]
    assert "API key" in choices[2].text
    assert contents(page)[-1] == ("assistant", "Hello from the stub.")
    act(page, "keep", id=str(choices[1]["data-id"]))
    assert ("choice" in transcript_html(page), contents(page)[-1]) == (False, ("assistant", "From the large one."))
    assert page.main.get("popover")[0].proto.popover.label == "large"
    assert (page.multiselect[0].key == field, page.multiselect[0].value) == (False, [])
    model.requests.clear()
    ask(page, "And then?")
    assert [(call.body["model"], len(call.body["messages"])) for call in model.calls] == [("large", 3)]


def test_the_first_of_several_answers_can_be_kept(open_page: Open, client: BackendClient, model: StubModel) -> None:
    model.models = {"large": scripts.answer("From the large one.")}
    page = open_page(client.base_url)
    page.multiselect[0].set_value(["large"]).run()
    ask(page, "Why?")

    choices = BeautifulSoup(transcript_html(page), "html.parser").select(".choice")
    act(page, "keep", id=str(choices[0]["data-id"]))

    assert contents(page) == [("user", "Why?"), ("assistant", "Hello from the stub.")]


def test_in_a_temporary_chat_answers_are_chosen_from_too_and_nothing_is_stored(
    open_page: Open, client: BackendClient, model: StubModel
) -> None:
    before = [item.id for item in client.conversations.page().items]
    model.models = {"large": scripts.answer("From the large one."), "broken": scripts.status(401)}
    page = click(open_page(client.base_url), "temporary-chat")
    page.multiselect[0].set_value(["broken", "large"]).run()

    ask(page, "Why?")

    choices = BeautifulSoup(transcript_html(page), "html.parser").select(".choice")
    assert [bool(choice.select("[data-do=keep]")) for choice in choices] == [True, False, True]
    assert contents(page)[-1] == ("assistant", "Hello from the stub.")
    act(page, "keep", id=str(choices[2]["data-id"]))
    assert ("choice" in transcript_html(page), contents(page)) == (
        False,
        [("user", "Why?"), ("assistant", "From the large one.")],
    )
    model.requests.clear()
    ask(page, "And then?")
    assert [(call.body["model"], len(call.body["messages"])) for call in model.calls] == [("large", 3)]
    assert [item.id for item in client.conversations.page().items] == before
