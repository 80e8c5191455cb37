"""Model servers that are entered on the page, without a browser: real backend, stub model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from chatapp.client.model_servers import server_fault
from chatapp.config.connections import read_connections
from chatapp.config.prompts import source_of
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError
from chatapp.frontend.access.owner import may_change_servers, may_see_all
from support import scripts
from support.pages import ask, choose, click, conversation_in, everything, settings_dialog, stored, wait_until
from support.stub_model import StubModel

Open = Callable[..., AppTest]
KEY = "sk-5entinel"


def has_form(page: AppTest) -> bool:
    settings_dialog(page)
    return "server-key" in [str(field.key) for field in page.text_input]


def test_a_server_is_entered_and_its_key_not_shown_again(
    open_page: Open, run_backend: Any, stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    backend = run_backend(connections=file)
    page = open_page(backend.url, CONNECTIONS=str(file))
    assert has_form(page)
    page.text_input(key="server-name").set_value("mine")
    page.text_input(key="server-url").set_value(stub.url)
    page.text_input(key="server-key").set_value(KEY)

    click(page, "server-save")

    assert [key.get_secret_value() for key in read_connections(file).connections["mine"].api_key] == [KEY]
    wait_until(lambda: "mine" in [each.name for each in backend.client.ready().connections])
    assert KEY not in everything(page) + settings_dialog(page)
    assert KEY not in str([field.value for field in page.text_input])

    click(page, "remove-mine")

    assert read_connections(file).connections == {}


def test_a_prompt_is_written_and_deleted(open_page: Open, backend: Any) -> None:
    page = open_page(backend.url)
    settings_dialog(page)
    page.text_input(key="prompt-name").set_value("brief")
    page.text_area(key="prompt-text-").set_value("Briefly: {{input}}")

    click(page, "prompt-save")

    assert source_of("brief") == page.text_area(key="prompt-text-brief").value == "Briefly: {{input}}"

    page.selectbox(key="prompt-chosen").set_value("").run()
    page.text_input(key="prompt-name").set_value("brief")
    page.text_area(key="prompt-text-").set_value("Another")
    click(page, "prompt-save")

    assert [told.value for told in page.error] == [
        "There is a prompt called brief already. Choose it in the menu to change it."
    ]
    assert (source_of("brief"), page.text_area(key="prompt-text-").value) == ("Briefly: {{input}}", "Another")

    page.selectbox(key="prompt-chosen").set_value("brief").run()
    click(page, "prompt-delete")

    assert source_of("brief") == ""
    assert [told.value for told in page.success] == ["brief is removed."]

    click(page, "prompt-undo")

    assert source_of("brief") == page.text_area(key="prompt-text-brief").value == "Briefly: {{input}}"
    assert "prompt-undo" not in [button.key for button in page.button]


def test_who_is_signed_out_in_another_tab_changes_nothing_any_more(
    open_page: Open, run_backend: Any, stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    backend = run_backend(api_keys="ann:open-sesame")
    page = open_page(backend.url, API_KEYS="ann:open-sesame", ADMIN_KEYS="ann", CONNECTIONS=str(file))
    page.text_input[0].set_value("open-sesame")
    page.button[0].click().run()
    ask(page, "Why?")
    conversation = conversation_in(page)
    assert has_form(page)
    page.text_input(key="server-name").set_value("mine")
    page.text_input(key="server-url").set_value(stub.url)
    sign_in, outside = page.session_state.kept_sign_in, page.session_state.view

    sign_in.is_over = True
    click(page, "server-save")

    assert isinstance(outside.server_outcome, SettingsError)
    assert not file.exists()
    assert page.text_input[0].label == "API key"

    page.text_input[0].set_value("open-sesame")
    page.button[0].click().run()
    page.session_state.kept_sign_in.is_over = True
    choose(page, conversation, "Delete")

    assert page.text_input[0].label == "API key"
    with BackendClient(backend.url, api_key="open-sesame") as client:
        assert [each.id for each in stored(client)] == [conversation]


def test_a_server_that_does_not_answer_is_saved_only_when_that_is_wanted(
    open_page: Open, backend: Any, stub: StubModel, tmp_path: Path
) -> None:
    file = tmp_path / "connections.toml"
    page = open_page(backend.url, CONNECTIONS=str(file))
    assert has_form(page)
    page.text_input(key="server-name").set_value("mine")
    page.text_input(key="server-url").set_value("http://127.0.0.1:1/v1")
    page.text_input(key="server-key").set_value(KEY)

    click(page, "server-save")

    assert "No server can be reached at 127.0.0.1:1" in page.warning[0].value.replace("\\", "")
    assert not file.exists()
    assert page.text_input(key="server-url").value == "http://127.0.0.1:1/v1"
    assert KEY not in everything(page)

    click(page, "server-anyway")

    assert [key.get_secret_value() for key in read_connections(file).connections["mine"].api_key] == [KEY]

    stub.listing = scripts.respond(401, {})
    assert "does not take this key (status 401)" in str(server_fault(stub.url, "wrong"))
    stub.listing = scripts.html()
    assert "most addresses end in /v1" in str(server_fault(stub.url, None))


def test_what_cannot_be_is_said_and_not_written(open_page: Open, backend: Any, tmp_path: Path) -> None:
    page = open_page(backend.url, CONNECTIONS=str(tmp_path / "connections.toml"))
    assert has_form(page)
    page.text_input(key="server-name").set_value("mine")
    page.text_input(key="server-url").set_value("no address")

    click(page, "server-save")

    assert "base_url must be" in page.error[0].value.replace("\\", "")
    assert not (tmp_path / "connections.toml").exists()


@pytest.mark.parametrize(
    ("options", "api_key", "headers", "may"),
    [
        ({}, None, {}, True),
        ({"backend_url": "http://models.example.org:8000"}, None, {}, False),
        ({"allowed_hosts": "chat.example.org"}, None, {}, False),
        ({"host": "0.0.0.0"}, None, {}, False),
        ({}, None, {"X-Forwarded-For": "192.0.2.7"}, False),
        ({"api_keys": "ann:a,bob:b", "admin_keys": "ann"}, "a", {}, True),
        ({"api_keys": "ann:a,bob:b", "admin_keys": "ann"}, "b", {}, False),
        ({"api_keys": "ann:a,bob:b", "admin_keys": "ann"}, None, {}, False),
        ({"api_keys": "ann:a,bob:b"}, "a", {}, False),
    ],
)
def test_servers_are_entered_by_whoever_runs_the_page(
    options: dict[str, str], api_key: str | None, headers: dict[str, str], may: bool
) -> None:
    assert may_change_servers(Settings.load(**options), api_key, headers=headers) is may


@pytest.mark.parametrize(
    ("options", "api_key", "may"),
    [
        ({}, None, False),
        ({}, "key of a backend elsewhere", True),
        ({"api_keys": f"ann:{KEY},bob:{KEY}2"}, KEY, True),
        ({"api_keys": f"ann:{KEY},bob:{KEY}2", "admin_keys": "ann"}, KEY, True),
        ({"api_keys": f"ann:{KEY},bob:{KEY}2", "admin_keys": "ann"}, f"{KEY}2", False),
    ],
)
def test_what_all_have_used_is_offered_to_whoever_may_see_it(
    options: dict[str, str], api_key: str | None, may: bool
) -> None:
    assert may_see_all(Settings.load(**options), api_key) is may
