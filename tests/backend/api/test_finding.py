"""Conversations found by their words, and taken along as files, over HTTP."""

import json
from typing import Any

import pytest
import requests

from chatapp.client import BackendClient
from support import scripts
from support.running_backend import RunningBackend
from support.stub_model import StubModel


@pytest.fixture
def kept(backend: RunningBackend, stub: StubModel) -> str:
    """A conversation about pythons; give its id."""
    stub.next(scripts.answer("A <b>python</b> is a snake.\n\n```py\nprint('x')\n```"))
    return str(backend.client.ask("What is a python?", store=True).conversation_id)


def found(backend: RunningBackend, words: str, **params: Any) -> list[dict[str, Any]]:
    response = requests.get(f"{backend.url}/conversations", params={"q": words, **params}, timeout=5)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_a_conversation_is_found_by_a_word_of_its_answer(backend: RunningBackend, kept: str) -> None:
    backend.client.ask("Other?", store=True)
    (hit,) = found(backend, "snake")
    assert (hit["id"], hit["title"]) == (kept, "What is a python?")
    assert [part["text"] for part in hit["snippet"] if part["is_match"]] == ["snake"]
    (answer,) = [
        item
        for item in backend.client.conversations.messages(kept, branch=hit["message_id"]).items
        if item.id == hit["message_id"]
    ]
    assert "snake" in answer.content


def test_a_list_without_a_search_has_no_snippets(backend: RunningBackend, kept: str) -> None:
    (conversation,) = backend.client.conversations.page().items
    assert (conversation.id, conversation.snippet, conversation.message_id) == (kept, None, None)


@pytest.mark.parametrize("words", ["giraffe", "", "  ", '"', "%", "AND OR NOT", "snake) OR (1", "\U0001f600"])
def test_what_is_not_there_is_not_found(words: str, backend: RunningBackend, kept: str) -> None:
    assert found(backend, words) == []


@pytest.mark.usefixtures("kept")
def test_what_was_found_comes_in_pages(backend: RunningBackend) -> None:
    for _ in range(3):
        backend.client.ask("And pythons?", store=True)
    first = backend.client.conversations.page(query="python", limit=2)
    second = backend.client.conversations.page(query="python", limit=2, cursor=first.next)
    assert len({item.id for item in first.items + second.items}) == 4
    assert second.next is None


def test_a_conversation_thrown_away_is_not_found(backend: RunningBackend, kept: str) -> None:
    backend.client.conversations.delete(kept)
    assert found(backend, "snake") == []


def export(backend: RunningBackend, conversation_id: str, as_format: str) -> requests.Response:
    address = f"{backend.url}/conversations/{conversation_id}/export"
    return requests.get(address, params={"format": as_format}, timeout=5)


@pytest.mark.parametrize(
    ("as_format", "kind"),
    [("json", "application/json"), ("md", "text/markdown; charset=utf-8"), ("html", "text/html; charset=utf-8")],
)
def test_a_conversation_is_taken_along_as_a_file(as_format: str, kind: str, backend: RunningBackend, kept: str) -> None:
    response = export(backend, kept, as_format)
    assert (response.status_code, response.headers["Content-Type"]) == (200, kind)
    assert response.headers["Content-Disposition"].startswith('attachment; filename="what-is-a-python-')
    assert response.headers["Content-Disposition"].endswith(f'.{as_format}"')
    assert "What is a python?" in response.content.decode()


def test_the_file_has_every_word(client: BackendClient, kept: str) -> None:
    (told,) = json.loads(client.conversations.export(kept, "json"))["conversations"]
    assert [message["content"] for message in told["messages"]] == [
        item.content for item in client.conversations.messages(kept).items
    ]


def test_a_page_of_it_cannot_act(backend: RunningBackend, kept: str) -> None:
    response = export(backend, kept, "html")
    assert "<b>python" not in response.text
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_another_format_is_refused(backend: RunningBackend, kept: str) -> None:
    assert export(backend, kept, "pdf").status_code == 422
