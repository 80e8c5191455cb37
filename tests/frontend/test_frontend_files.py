"""Conversations that come in and go out as files, without a browser: real backend, stub model."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from chatapp.client import BackendClient
from chatapp.documents import kinds
from chatapp.errors import ChatappError
from chatapp.frontend.conversations.entries import question_entry
from chatapp.frontend.conversations.temporary import TemporaryConversation
from chatapp.frontend.languages.language import languages
from chatapp.frontend.languages.of_divisions import chosen_divisions, counted_divisions, name_of_divisions
from chatapp.frontend.transcript.article import files_html
from chatapp.protocol.resources import AttachmentInfo
from chatapp.protocol.wording import ENGLISH
from support import documents, scripts
from support.foreign_exports import chatgpt
from support.pages import ask, click, contents, settings_dialog, stored, wait_until
from support.stub_model import StubModel
from support.transcripts import shown

Open = Callable[..., AppTest]


@pytest.fixture
def page(open_page: Open, backend: Any) -> AppTest:
    page = open_page(backend.url)
    settings_dialog(page)
    return page


def test_conversations_are_imported_with_a_receipt(page: AppTest, client: BackendClient) -> None:
    conversation = str(client.ask("One?", store=True).conversation_id)
    exported = json.loads(client.conversations.export(conversation, "json"))
    file = json.dumps(exported).replace(conversation, "f" * 32).encode()

    page.file_uploader[0].set_value(("export.json", file, "application/json")).run()
    click(page, "import-file")

    assert "1 of 1 conversations added" in page.success[0].value.replace("\\", "")
    assert len(stored(client)) == 2
    page.file_uploader[0].set_value(("export.json", file, "application/json")).run()
    click(page, "import-file")
    assert "All of it came in before" in page.success[0].value


def test_running_import_is_shown_and_can_be_cancelled(client: BackendClient, backend: Any, open_page: Any) -> None:
    content = json.dumps([chatgpt(str(number)) for number in range(20_000)]).encode()
    with ThreadPoolExecutor(1) as elsewhere:
        sent = elsewhere.submit(client.conversations.import_file, BytesIO(content))
        wait_until(lambda: any(it.conversations_added for it in client.conversations.imports()))
        page = open_page(backend.url)
        (cancel,) = [button for button in page.button if str(button.key).startswith("cancel-")]
        cancel.click().run()
        assert not page.exception
        assert "cancelled" in sent.result(30).skipped[0].why
    assert not [button for button in page.run().button if str(button.key).startswith("cancel-")]


def test_file_that_takes_longer_does_not_hold_the_page(page: AppTest, client: BackendClient, monkeypatch: Any) -> None:
    monkeypatch.setattr("chatapp.frontend.conversations.imports.SOON_S", 0.05)
    content = json.dumps([chatgpt(str(number)) for number in range(1_000)]).encode()
    page.file_uploader[0].set_value(("export.json", content, "application/json")).run()
    click(page, "import-file")
    assert not page.success
    wait_until(lambda: bool(page.run().success))
    assert "1,000 of 1,000 conversations added" in page.success[0].value.replace("\\", "")


def test_what_models_do_not_get_of_a_file_is_still_said_later(
    open_page: Open, backend: Any, client: BackendClient
) -> None:
    file = client.attach(BytesIO(documents.pdf("Whales", "")), name="scan.pdf")
    kept = str(client.ask("Which?", store=True, attachments=[file.id]).conversation_id)

    page = open_page(backend.url, query={"c": kept})

    assert shown(page)[0].notes == ["scan.pdf: Pages without words, as scans are: 2."]


def test_the_temporary_chat_that_goes_on_has_the_files() -> None:
    file = AttachmentInfo("ab" * 32, "sea.jpg", "image/jpeg", "image", 5)

    conversation = TemporaryConversation.after([question_entry("Why?", None, (file,))])

    assert [(entry.content, entry.files) for entry in conversation.entries] == [("Why?", (file,))]


def waiting(page: AppTest, client: BackendClient, content: bytes, name: str) -> AppTest:
    """Let a file wait for the next question, as one that was sent without words does."""
    page.session_state.view.conversation.waiting_files = (client.attach(BytesIO(content), name=name),)
    return page.run()


def test_a_file_that_waits_says_what_a_model_gets_of_it(open_page: Open, backend: Any, client: BackendClient) -> None:
    page = waiting(open_page(backend.url), client, documents.pdf("Whales", "Sharks"), "sea.pdf")

    (chip,) = [it for it in page.get("popover") if "sea.pdf" in it.proto.popover.label]
    assert chip.proto.popover.label.replace("\\", "") == "sea.pdf · 2 pages · 1 kB"
    assert [it.value.replace("\\", "") for it in chip.caption] == ["The model gets its text, about 12 tokens."]
    assert "Whales" in chip.code[0].value

    chip.text_input[0].set_value("2").run()
    (chip,) = [it for it in page.get("popover") if "sea.pdf" in it.proto.popover.label]
    assert chip.proto.popover.label.replace("\\", "") == "sea.pdf · pages 2 · 1 kB"
    assert chip.code[0].value == "[page 2]\n\nSharks"
    chip.text_input[0].set_value("7").run()
    assert "sea.pdf has no page 7" in page.warning[0].value.replace("\\", "")


def test_a_model_that_takes_no_pictures_is_told_before_it_is_asked(
    open_page: Open, backend: Any, client: BackendClient, stub: StubModel
) -> None:
    stub.next(scripts.status(500, "image input is not supported"))
    photo = client.attach(BytesIO(documents.photo()), name="sea.jpg")
    with pytest.raises(ChatappError):
        client.ask("What is it?", attachments=[photo.id])
    page = waiting(open_page(backend.url), client, documents.photo(), "sea.jpg")

    ask(page, "Which?")

    assert "takes no pictures" in page.warning[0].value
    assert (stub.hits, contents(page), page.session_state.view.conversation.waiting_files[0].name) == (1, [], "sea.jpg")
    ask(page, "Which?")
    assert (stub.hits, contents(page)[0]) == (2, ("user", "Which?"))


def test_everything_can_be_downloaded(page: AppTest) -> None:
    shown = [button.key for button in page.get("download_button") if str(button.key).startswith("export-all-")]
    assert shown == ["export-all-zip", "export-all-md", "export-all-html", "export-all-chatgpt"]


def test_a_file_that_is_no_export_is_refused_in_a_sentence(page: AppTest) -> None:
    page.file_uploader[0].set_value(("cat.jpg", b"\xff\xd8\xff", "image/jpeg")).run()
    click(page, "import-file")

    assert len(page.error) == 1


@pytest.mark.parametrize(
    ("media_type", "all_of_them", "two", "label"),
    [
        (kinds.PDF, "3 pages", "pages 1, 2", "Seiten"),
        (kinds.XLSX, "3 sheets", "sheets 1, 2", "Blätter"),
        (kinds.XLS, "3 sheets", "sheets 1, 2", "Blätter"),
        (kinds.ODS, "3 sheets", "sheets 1, 2", "Blätter"),
        (kinds.PPTX, "3 slides", "slides 1, 2", "Folien"),
        (kinds.ODP, "3 slides", "slides 1, 2", "Folien"),
        (kinds.EPUB, "3 chapters", "chapters 1, 2", "Kapitel"),
    ],
)
def test_what_is_chosen_of_a_file_has_its_own_name(media_type: str, all_of_them: str, two: str, label: str) -> None:
    file = AttachmentInfo("ab" * 32, "it", media_type, "text", 5, pages=3)

    assert counted_divisions(file, ENGLISH) == all_of_them
    assert chosen_divisions(file, ENGLISH) == ""
    assert chosen_divisions(file._replace(chosen="1,2"), ENGLISH) == two
    assert name_of_divisions(file, languages()["de"]) == label
    assert "\u20681 kB\u2069</small>" in files_html([file], languages()["ar"])
