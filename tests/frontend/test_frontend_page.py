"""The page as Streamlit runs it, without a browser: real backend, stub model."""

import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from support import scripts
from support.keyed_requests import key_file
from support.pages import (
    PAGE,
    FakeBackend,
    ask,
    click,
    contents,
    cut_stream,
    everything,
    html,
    problem,
    settings_dialog,
    sidebar,
)
from support.stub_model import KEY, StubModel
from support.transcripts import news, shown

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any) -> AppTest:
    return open_page(backend.url)


@pytest.fixture
def fake_backend(stub: StubModel) -> FakeBackend:
    return FakeBackend(stub)


def test_a_session_has_an_id_and_no_messages(page: AppTest) -> None:
    assert uuid.UUID(page.session_state.session_id).version == 4
    assert page.session_state.messages == []


def test_messages_are_as_the_guide_describes_them(page: AppTest) -> None:
    ask(page, "What is Python?")

    assert contents(page) == [("user", "What is Python?"), ("assistant", "Hello from the stub.")]
    for message in page.session_state.messages:
        assert message.keys() == {"role", "content", "timestamp"}
        assert re.fullmatch(r"\d\d:\d\d:\d\d", message["timestamp"])


@pytest.mark.parametrize("use_streaming", ["true", "false"])
def test_an_answer_stands_under_its_question_with_model_and_time(
    use_streaming: str, open_page: Open, backend: Any
) -> None:
    page = ask(open_page(backend.url, USE_STREAMING=use_streaming), "What is Python?")

    question, answer = shown(page)
    assert (question.text, answer.text) == ("What is Python?", "Hello from the stub.")
    assert re.match(
        r"stub-model · \d\.\d s · local, no cost · 5 tokens · (\d+ tokens/s · )?first word \d\.\d s · ",
        answer.facts,
    )


@pytest.mark.parametrize(("use_streaming", "path"), [("true", "/query/stream"), ("false", "/query")])
def test_the_switch_chooses_the_way_to_ask(
    use_streaming: str, path: str, open_page: Open, fake_backend: FakeBackend
) -> None:
    fake_backend.answer = html(404)
    page = open_page(fake_backend.url, USE_STREAMING="false" if use_streaming == "true" else "true")

    settings_dialog(page)
    ask(page.toggle(key="use_streaming").set_value(use_streaming == "true").run(), "Why?")

    assert fake_backend.paths[-1] == path


def test_the_conversation_goes_along_with_the_next_question(stub: StubModel, page: AppTest) -> None:
    ask(ask(page, "One?"), "Two?")

    said = [message["content"] for message in stub.calls[1].body["messages"]]
    assert said == ["One?", "Hello from the stub.", "Two?"]


def test_a_suggestion_is_a_question(page: AppTest) -> None:
    suggestion = page.button(key="suggestion-0").label

    click(page, "suggestion-0")

    assert contents(page)[0] == ("user", suggestion)
    assert [button for button in page.button if button.key and button.key.startswith("suggestion")] == []


def test_a_new_chat_is_empty(page: AppTest) -> None:
    ask(page, "One?")

    click(page, "new-chat")

    assert page.session_state.messages == []
    assert page.button(key="suggestion-0")


def test_the_sidebar_tells_in_one_line_how_the_backend_is(page: AppTest) -> None:
    assert ":green-badge[:material/check_circle: Ready]" in sidebar(page)


def test_the_settings_tell_what_is_in_force_and_what_has_set_it(
    open_page: Open, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATAPP_ORIGINS", "REQUEST_TIMEOUT=/home/ann/.env")
    page = ask(open_page(backend.url, REQUEST_TIMEOUT="40"), "One?")

    click(page, "settings-open")

    text = settings_dialog(page)
    assert f"<td>{backend.url}</td><td>the environment</td>" in text
    assert "<td>40 s</td><td>/home/ann/.env</td>" in text
    assert '<th scope="row">Messages</th><td>2</td>' in text
    assert re.search(r"<th scope=\"row\">Session</th><td>\d+ s</td>", text)
    assert re.search(r"<th scope=\"row\">default</th><td>[^<]+ · ready</td>", text)

    page.number_input(key="request_timeout").set_value(50).run()

    assert "<td>50 s</td><td>changed here</td>" in settings_dialog(page)


def test_reasoning_is_folded_above_the_answer(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.answer(scripts.delta(reasoning_content="Let me see."), "Yes."))

    ask(page, "Is it?")

    ((name, thoughts),) = shown(page)[1].folded.items()
    assert (name.startswith("Thought for "), thoughts) == (True, "Let me see.")
    assert contents(page)[1] == ("assistant", "Yes.")


def test_what_turns_out_to_be_thought_is_folded_too(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.answer("Let me see.\n", "</think>", "\n\nYes."))

    ask(page, "Is it?")

    ((name, thoughts),) = shown(page)[1].folded.items()
    assert (name.startswith("Thought for "), thoughts) == (True, "Let me see.")
    assert contents(page)[1] == ("assistant", "Yes.")


def test_content_is_kept_raw_and_drawn_safe(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.answer("![cat](http://a.example/cat.png) is \\(x\\)"))

    ask(page, "A cat?")

    assert contents(page)[1][1] == "![cat](http://a.example/cat.png) is \\(x\\)"
    assert shown(page)[1].html.startswith('<p><a href="http://a.example/cat.png" rel="noopener')
    assert "<mi>x</mi>" in shown(page)[1].html


def test_an_answer_that_was_cut_short_says_so(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.answer("Once upon", finish="length"))

    ask(page, "A story")

    assert shown(page)[1].facts.startswith("Cut off at the length limit")

    click(page, "go-on")
    assert contents(page)[2][1] == "Go on exactly where you stopped."
    assert "go-on" not in {button.key for button in page.button}


def test_a_conversation_of_a_thousand_messages_is_shown_whole_and_told_once(page: AppTest) -> None:
    page.session_state.messages = [
        {"role": ("user", "assistant")[place % 2], "content": f"Message {place} of many", "timestamp": "12:00:00"}
        for place in range(1000)
    ]
    page.run()
    assert [message.text for message in shown(page)] == [f"Message {place} of many" for place in range(1000)]
    assert "Message 999 of many" in str(news(page)["bodies"])
    assert "Message 1 of many" not in str(news(page)["bodies"])

    page.run()

    assert news(page)["bodies"] == {}


def test_the_page_is_drawn_without_libraries_for_tables_and_pictures(page: AppTest, backend: Any) -> None:
    """The first to open it would wait for them, and each process of the page be twice as large."""
    ask(page, "What is Python?")
    opened = f"AppTest.from_file({str(PAGE)!r}, default_timeout=60).run().get('bidi_component')"
    program = f"import sys; from streamlit.testing.v1 import AppTest; print(len({opened}), *sys.modules)"

    told = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)

    drawn, *modules = told.stdout.split()
    assert drawn == "2"
    assert {"numpy", "pandas", "PIL", "pyarrow"}.intersection(modules) == set()


def test_the_demonstration_model_is_called_one(open_page: Open, fake_backend: FakeBackend) -> None:
    page = open_page(fake_backend.url)

    welcome = page.main.markdown[1].value.replace("\\", "")
    assert "You are talking to tiny. It is a small model" in welcome
    assert "OPENAI_API_KEY" in welcome
    click(page, "add-model")
    assert page.tabs[1].label == "Models"
    assert page.session_state.view.dialog == "models"
    settings_dialog(page)
    assert any("Add a better one below" in text.value for text in page.get("markdown"))


@pytest.mark.parametrize(
    ("script", "title", "next_step"),
    [
        (scripts.silence, "Timeout Error", "REQUEST_TIMEOUT"),
        (html(200), "Invalid JSON", "BACKEND_URL"),
        (cut_stream, "SSE Stream Error", "turn streaming off"),
        (scripts.respond(500, {"detail": "LLM processing failed: No."}), "Backend error (500)", "log and its API key"),
    ],
    ids=["timeout", "json", "stream", "the guide's 500"],
)
def test_every_failure_has_its_sentence_and_keeps_the_question(
    script: scripts.Script, title: str, next_step: str, open_page: Open, fake_backend: FakeBackend
) -> None:
    fake_backend.answer = script
    page = open_page(fake_backend.url, REQUEST_TIMEOUT="1")

    ask(page, "Why?")

    assert problem(page).startswith(f"**{title}**")
    assert next_step in problem(page)
    assert contents(page)[0] == ("user", "Why?")


def test_a_backend_that_is_not_running_is_a_connection_error(open_page: Open) -> None:
    with scripts.closed_port() as url:
        page = ask(open_page(url), "Why?")

    assert problem(page).startswith("**Connection Error** — Cannot connect to backend")
    assert page.session_state.view.conversation.unasked == contents(page)[-1][1]
    assert "chatapp serve" in problem(page)
    assert ":red-badge[:material/error: Not connected]" in sidebar(page)


def test_a_backend_written_after_the_guide_is_ready_while_it_is_healthy(open_page: Open, stub: StubModel) -> None:
    async def guide(exchange: Any) -> None:
        is_health = exchange.call.path.endswith("/health")
        body = {"status": "healthy", "service": "llm-query-api"} if is_health else {"detail": "Not Found"}
        await exchange.respond(200 if is_health else 404, body)

    stub.default = guide

    assert ":green-badge[:material/check_circle: Ready]" in sidebar(open_page(stub.url))


def test_a_server_that_names_no_model_yet_is_what_is_not_ready(open_page: Open, stub: StubModel) -> None:
    fault = {"ok": False, "name": "", "provider": "OpenAI", "detail": "The variable A is not set.", "hint": "Set A."}
    stub.default = scripts.respond(503, {"status": "not_ready", "model": fault, "store": {"ok": True}})

    assert ":red-badge[:material/error: OpenAI is not ready]" in sidebar(open_page(stub.url))


def test_a_model_that_refuses_is_a_backend_error(stub: StubModel, page: AppTest) -> None:
    stub.default = scripts.status(401)

    ask(page, "Why?")

    assert problem(page).startswith("**Backend error (500)** — LLM processing failed")
    assert KEY not in problem(page)


def test_ask_again_repeats_the_question(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.status(401))
    ask(page, "Why?")

    click(page, "again")

    assert contents(page) == [("user", "Why?"), ("assistant", "Hello from the stub.")]
    assert list(page.error) == []


def test_ask_again_replaces_half_an_answer_and_leaves_it_out_of_the_question(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.answer("Once", scripts.reset))
    ask(page, "Why?")
    assert contents(page)[1] == ("assistant", "Once")

    click(page, "again")

    assert contents(page)[1:] == [("assistant", "Hello from the stub.")]
    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Why?"]


def test_a_cut_stream_can_be_asked_again_without_streaming(open_page: Open, fake_backend: FakeBackend) -> None:
    fake_backend.answer = cut_stream
    page = ask(open_page(fake_backend.url), "Why?")
    fake_backend.answer = lambda exchange: exchange.respond(200, {"model": "tiny", "answer": "Whole."})

    click(page, "again-whole")

    assert contents(page)[1] == ("assistant", "Whole.")
    settings_dialog(page)
    assert page.toggle(key="use_streaming").value is False


def test_a_temporary_question_without_answer_is_not_sent_along(stub: StubModel, page: AppTest) -> None:
    stub.next(scripts.status(401))
    click(page, "temporary-chat")

    ask(ask(page, "One?"), "Two?")

    assert [message["content"] for message in stub.calls[-1].body["messages"]] == ["Two?"]


def test_a_model_that_is_not_ready_is_red(open_page: Open, run_backend: Any) -> None:
    with scripts.closed_port() as url:
        page = open_page(run_backend(base_url=url).url)

    assert ":red-badge[" in sidebar(page)


@pytest.fixture
def locked_page(open_page: Open, run_backend: Any) -> AppTest:
    backend = run_backend(api_keys="ann:open-sesame")
    return open_page(backend.url, API_KEYS="ann:open-sesame")


def sign_in(page: AppTest, key: str) -> AppTest:
    page.text_input[0].set_value(key)
    page.button[0].click().run()
    assert not page.exception
    return page


def test_nothing_but_the_door_is_shown_without_a_key(locked_page: AppTest) -> None:
    assert locked_page.text_input[0].label == "API key"
    assert not locked_page.chat_input
    assert not locked_page.sidebar.children


@pytest.mark.parametrize("key", ["wrong", "", "schlüssel"])
def test_a_wrong_key_opens_nothing(key: str, locked_page: AppTest) -> None:
    sign_in(locked_page, key)

    assert "does not know this key" in problem(locked_page)
    assert not locked_page.chat_input


def test_a_known_key_opens_the_chat(locked_page: AppTest) -> None:
    ask(sign_in(locked_page, "open-sesame"), "Why?")

    assert contents(locked_page)[1] == ("assistant", "Hello from the stub.")


def test_a_sign_in_that_is_ended_in_one_tab_is_ended_in_all_and_leaves_nothing(locked_page: AppTest) -> None:
    ask(sign_in(locked_page, "open-sesame"), "SECRET?")
    assert "ann" in sidebar(locked_page)
    locked_page.session_state.kept_sign_in.is_over = True

    locked_page.run()

    assert locked_page.text_input[0].label == "API key"
    assert "SECRET" not in everything(locked_page)
    assert locked_page.session_state.messages == []


def test_the_configured_key_needs_no_door(open_page: Open, run_backend: Any) -> None:
    backend = run_backend(api_keys="ann:open-sesame")

    page = ask(open_page(backend.url, BACKEND_API_KEY="open-sesame"), "Why?")

    assert contents(page)[1] == ("assistant", "Hello from the stub.")


def test_a_backend_that_wants_a_key_leads_to_the_door(open_page: Open, run_backend: Any) -> None:
    backend = run_backend(api_keys="ann:open-sesame")

    assert open_page(backend.url).text_input[0].label == "API key"


@pytest.mark.parametrize("script", [scripts.status(500), scripts.respond(200, {}), html(200), html(503)])
def test_the_door_stays_closed_whatever_answers_in_place_of_the_backend(
    script: scripts.Script, open_page: Open, stub: StubModel
) -> None:
    stub.default = script

    page = sign_in(open_page(stub.url, API_KEYS="ann:open-sesame"), "any wrong key")

    assert len(page.error) == 1
    assert not page.chat_input


def test_a_key_that_cannot_be_sent_opens_nothing(locked_page: AppTest) -> None:
    sign_in(locked_page, "open\x00sesame")

    assert "does not know this key" in problem(locked_page)


def test_the_next_person_at_the_same_tab_sees_nothing_of_the_last_one(
    open_page: Open, run_backend: Any, tmp_path: Path
) -> None:
    file = key_file(tmp_path / "keys", ann="first", bob="second")
    backend = run_backend(api_keys=str(file))
    page = sign_in(open_page(backend.url, API_KEYS=str(file)), "first")
    ask(click(page, "temporary-chat"), "TEMPSECRET?")
    ask(click(page, "new-chat"), "STOREDSECRET?")
    click(page, "temporary-chat")
    ask(page, "TEMPSECRET?")
    key_file(file, bob="second")
    st.cache_data.clear()
    page.run()
    assert page.text_input[0].label == "API key"

    sign_in(page, "second")

    assert page.chat_input
    assert "SECRET" not in everything(page)
    assert page.session_state.messages == []
    assert "SECRET" not in str(page.query_params)


def test_who_comes_back_with_the_same_key_finds_the_chat_as_it_was(
    open_page: Open, run_backend: Any, tmp_path: Path
) -> None:
    file = key_file(tmp_path / "keys", ann="first")
    backend = run_backend(api_keys=str(file))
    page = sign_in(open_page(backend.url, API_KEYS=str(file)), "first")
    ask(click(page, "temporary-chat"), "One?")
    key_file(file, bob="second")
    st.cache_data.clear()
    page.run()
    key_file(file, ann="first")

    sign_in(page, "first")

    assert contents(page)[0] == ("user", "One?")
