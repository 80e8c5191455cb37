"""The model and the instructions that a conversation is answered with, chosen on the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from support import scripts, transcripts
from support.pages import FakeBackend, ask, click, conversation_in, everything, press
from support.stub_model import StubModel

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any, stub: StubModel) -> AppTest:
    stub.listing = scripts.listing("stub-model", "large")
    return open_page(backend.url)


CONNECTIONS = """
[connections.work]
base_url = "{url}"
models = ["m0", "m1", "m2", "m3", "m4", "m5", "m6"]
without = ["tools"]
[connections.lab]
base_url = "http://127.0.0.1:9/v1"
models = ["phi"]
[models.fast]
try = ["lab/phi", "work/m0"]
"""


def models_shown(page: AppTest) -> list[str]:
    return [str(button.key).split("-", 2)[2] for button in page.button if str(button.key).startswith("model-")]


def model_field(page: AppTest) -> Any:
    return next(box for box in page.selectbox if box.label == "Model")


def choose_model(page: AppTest, name: str) -> None:
    model_field(page).set_value(name).run()
    assert not page.exception


def instruct(page: AppTest, text: str) -> None:
    instructions(page).set_value(text).run()
    assert not page.exception


def instructions(page: AppTest) -> Any:
    return next(area for area in page.text_area if area.label == "Instructions")


def shown_model(page: AppTest) -> str:
    return page.main.get("popover")[0].proto.popover.label.replace("\\", "")


def sent(stub: StubModel) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in stub.calls[-1].body["messages"]]


def test_a_conversation_remembers_how_its_words_are_chosen(
    open_page: Open, backend: Any, stub: StubModel, client: BackendClient
) -> None:
    page = open_page(backend.url)
    page.number_input[0].set_value(0.5).run()
    ask(page, "One?")
    page.number_input[1].set_value(100).run()
    page.selectbox[-1].set_value("low").run()
    ask(page, "Two?")
    conversation = conversation_in(page)

    client.ask("Three?", conversation_id=conversation, temperature=1.0)

    asked = [(it.body["temperature"], it.body.get("max_tokens"), it.body.get("reasoning_effort")) for it in stub.calls]
    assert asked == [(0.5, None, None), (0.5, 100, "low"), (1.0, 100, "low")]
    assert [field.value for field in open_page(backend.url, query={"c": conversation}).number_input] == [0.5, 100]


def test_a_temporary_chat_has_its_own_way_of_choosing_words(open_page: Open, backend: Any, stub: StubModel) -> None:
    page = click(open_page(backend.url), "temporary-chat")
    page.number_input[0].set_value(0.5).run()

    ask(page, "One?")

    assert stub.calls[-1].body["temperature"] == 0.5


def test_the_model_that_answers_is_named_above_and_others_can_be_chosen(page: AppTest) -> None:
    assert shown_model(page) == "stub-model"
    assert model_field(page).options == ["stub-model", "large"]


def test_the_chosen_model_answers_from_now_on(page: AppTest, stub: StubModel) -> None:
    choose_model(page, "large")
    ask(ask(page, "One?"), "Two?")
    assert [call.body["model"] for call in stub.calls] == ["large", "large"]

    choose_model(page, "stub-model")
    ask(page, "Three?")
    assert stub.calls[-1].body["model"] == "stub-model"


def test_another_answer_comes_from_the_chosen_model(page: AppTest, stub: StubModel) -> None:
    ask(page, "One?")
    choose_model(page, "large")
    transcripts.press(page, "regenerate")

    assert stub.calls[-1].body["model"] == "large"


def test_instructions_go_along_with_every_question(page: AppTest, stub: StubModel) -> None:
    instruct(page, " Be brief. ")
    ask(ask(page, "One?"), "Two?")
    assert sent(stub)[0] == ("system", "Be brief.")
    assert sent(stub)[-1] == ("user", "Two?")

    instruct(page, "")
    ask(page, "Three?")
    assert sent(stub)[0] == ("user", "One?")


def test_a_conversation_remembers_how_it_is_answered(
    page: AppTest, open_page: Open, backend: Any, client: BackendClient
) -> None:
    instruct(page, "Be brief.")
    choose_model(page, "large")
    ask(page, "One?")
    kept = client.conversations.get(conversation_in(page))
    assert (kept.model, kept.system) == ("large", "Be brief.")

    elsewhere = open_page(backend.url, query={"c": conversation_in(page)})
    assert (shown_model(elsewhere), instructions(elsewhere).value) == ("large", "Be brief.")


def test_a_new_chat_keeps_the_model_and_not_the_instructions(page: AppTest, stub: StubModel) -> None:
    choose_model(page, "large")
    instruct(page, "Be brief.")
    ask(page, "One?")

    click(page, "new-chat")
    assert (shown_model(page), instructions(page).value) == ("large", "")
    ask(page, "Two?")
    assert (stub.calls[-1].body["model"], sent(stub)) == ("large", [("user", "Two?")])


def test_what_new_chats_are_told_is_set_for_all_and_changed_in_one(page: AppTest, stub: StubModel) -> None:
    page.session_state.view.dialog = "settings"
    page.run()
    area = next(area for area in page.text_area if area.label == "Instructions for new chats")
    area.set_value(" Be brief. ").run()
    page.session_state.view.dialog = None
    page.run()
    assert instructions(page).value == "Be brief."

    instruct(page, "Be long.")
    ask(page, "One?")
    assert sent(stub)[0] == ("system", "Be long.")

    click(page, "new-chat")
    ask(page, "Two?")
    assert sent(stub) == [("system", "Be brief."), ("user", "Two?")]

    def is_remembered() -> bool:
        return any("instructions=" in html.proto.body for html in page.get("html"))

    assert is_remembered()
    page.session_state.api_key = "typed in"
    page.session_state.view.dialog = "settings"
    page.run()
    assert not any(area.label == "Instructions for new chats" for area in page.text_area)
    assert not is_remembered()


def test_a_temporary_chat_is_answered_in_the_chosen_manner(page: AppTest, stub: StubModel) -> None:
    click(page, "temporary-chat")
    choose_model(page, "large")
    instruct(page, "Be brief.")
    ask(page, "One?")

    assert (stub.calls[-1].body["model"], sent(stub)[0]) == ("large", ("system", "Be brief."))


def test_a_choice_that_cannot_be_kept_is_told_and_undone(page: AppTest, backend: Any) -> None:
    ask(page, "One?")
    backend.stop()
    choose_model(page, "large")

    assert "Cannot connect to backend" in page.warning[0].value
    assert shown_model(page) == "stub-model"


def test_a_model_of_a_conversation_that_is_not_served_any_more_is_still_named(
    open_page: Open, backend: Any, client: BackendClient, stub: StubModel
) -> None:
    stub.listing = scripts.listing("stub-model", "large")
    conversation = client.ask("One?", store=True, model="retired").conversation_id

    page = open_page(backend.url, query={"c": str(conversation)})

    assert shown_model(page) == "retired"
    assert model_field(page).options == ["retired", "stub-model", "large"]


def test_models_of_several_connections_stand_under_them_and_can_be_looked_for(
    open_page: Open, run_backend: Callable[..., Any], stub: StubModel
) -> None:
    Path("connections.toml").write_text(CONNECTIONS.format(url=stub.url))
    backend = run_backend(connections=Path("connections.toml").absolute())
    page = open_page(backend.url)
    assert models_shown(page) == ["fast", "stub-model", *(f"work/m{number}" for number in range(5)), "lab/phi"]
    assert "**work" in everything(page)
    assert "and 2 more" in everything(page)
    assert "The model server cannot be reached" in everything(page)

    page.text_input(key="model_search").set_value("M6 work").run()
    assert models_shown(page) == ["work/m6"]
    press(page, "model-0-work/m6")
    ask(page, "One?")
    assert stub.calls[-1].body["model"] == "m6"


def test_where_the_first_connection_has_no_key_a_model_of_another_can_be_chosen(
    open_page: Open, run_backend: Callable[..., Any], stub: StubModel
) -> None:
    first = '[connections.first]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_variable = "NOT_SET"\n'
    Path("connections.toml").write_text(f'{first}[connections.second]\nbase_url = "{stub.url}"\n')
    backend = run_backend(
        base_url=None, openai_api_key=None, model_name=None, connections=Path("connections.toml").absolute()
    )
    page = open_page(backend.url)
    assert shown_model(page) == "Choose a model"

    press(page, "model-")
    assert conversation_in(ask(page, "One?"))
    assert stub.calls[-1].body["model"] == shown_model(page).removeprefix("second/")


def test_a_conversation_whose_model_is_gone_says_so_and_offers_others(
    open_page: Open, backend: Any, client: BackendClient, stub: StubModel
) -> None:
    stub.listing = scripts.listing("stub-model", "large")
    conversation = client.ask("One?", store=True, model="retired").conversation_id
    page = open_page(backend.url, query={"c": str(conversation)})
    assert [warning.value for warning in page.warning] == ["retired is no longer among the models. Which is to answer?"]

    click(page, "offer-large")
    assert not page.warning
    ask(page, "Two?")
    assert stub.calls[-1].body["model"] == "large"


def test_one_model_leaves_nothing_to_choose(open_page: Open, backend: Any) -> None:
    page = open_page(backend.url)

    assert shown_model(page) == "stub-model"
    assert [box.label for box in page.selectbox] == ["Effort"]


def test_a_backend_that_lists_no_models_leaves_nothing_to_choose(open_page: Open, stub: StubModel) -> None:
    fake = FakeBackend(stub)
    fake.answer = scripts.respond(404, {"detail": "Not Found"})

    page = open_page(fake.url)

    assert shown_model(page) == "tiny"
    assert [box.label for box in page.selectbox] == ["Effort"]


def test_without_a_backend_there_is_no_model_to_name(open_page: Open) -> None:
    with scripts.closed_port() as url:
        page = open_page(url)

    assert not page.main.get("popover")
