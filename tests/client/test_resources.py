"""What the client makes of JSON: typed, and with patience for backends of other versions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chatapp.client import BackendClient
from chatapp.errors import BackendProtocolError, UpstreamAuthError
from chatapp.protocol.import_resources import ImportInfo, SkippedInfo
from chatapp.protocol.messages import ReasoningPart, TextPart
from chatapp.protocol.reading import read
from chatapp.protocol.resources import ConversationInfo, MessageInfo, SnippetInfo
from support import scripts
from support.stub_model import StubModel

MOMENT = "2026-11-28T12:00:00Z"
CONVERSATION = {"id": "c1", "updated_at": MOMENT}
MESSAGE = {"id": "m1", "role": "assistant", "content": "Hi", "created_at": MOMENT}


def test_what_an_older_backend_leaves_out_has_a_default() -> None:
    conversation = read(ConversationInfo, CONVERSATION)

    assert conversation == ConversationInfo("c1", datetime(2026, 11, 28, 12, tzinfo=UTC))
    assert (conversation.pinned, conversation.snippet) == (False, None)


def test_what_a_newer_backend_adds_is_passed_over() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}

    message = read(MessageInfo, {**MESSAGE, "weight": 7, "usage": {**usage, "spoken_tokens": 4}})

    assert (message.content, message.usage) == ("Hi", usage)


def test_what_is_nested_is_typed_too() -> None:
    snippet = [{"text": "a ", "is_match": False}, {"text": "snake", "is_match": True}]
    conversation = read(ConversationInfo, {**CONVERSATION, "snippet": snippet})
    error = {"code": "upstream_auth", "detail": "LLM processing failed: no."}
    message = read(MessageInfo, {**MESSAGE, "status": "failed", "error": error, "siblings": ["m0", "m1"]})

    assert conversation.snippet == (SnippetInfo("a "), SnippetInfo("snake", is_match=True))
    assert isinstance(message.error, UpstreamAuthError)
    assert message.siblings == ("m0", "m1")


def test_the_parts_of_a_message_are_those_of_the_backend() -> None:
    told = [{"type": "reasoning", "text": "Hm."}, {"type": "hologram", "depth": 3}, {"type": "text", "text": "Hi"}]

    assert read(MessageInfo, {**MESSAGE, "parts": told}).parts == (ReasoningPart("Hm."), TextPart("Hi"))


@pytest.mark.parametrize("parts", [[{"type": "text"}], ["Hi"], "Hi"], ids=repr)
def test_parts_that_are_none_are_refused(parts: Any) -> None:
    with pytest.raises(ValueError, match=r"lacks|expected"):
        read(MessageInfo, {**MESSAGE, "parts": parts})


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-28T14:00:00+02:00", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("2026-11-28T12:00:00", datetime(2026, 11, 28, 12, tzinfo=UTC)),
        ("once upon a time", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_time_has_a_zone_and_what_is_none_is_the_first_there_is(told: str, moment: datetime) -> None:
    assert read(ConversationInfo, {**CONVERSATION, "updated_at": told}).updated_at == moment


def test_a_receipt_names_what_was_skipped(server: StubModel, tmp_path: Any) -> None:
    counts = dict.fromkeys(("conversations_read", "messages_read", "conversations_added", "messages_added"), 1)
    server.default = scripts.respond(200, {**counts, "skipped": [{"what": "a.json", "why": "empty", "count": 2}]})
    (tmp_path / "export.json").write_text("{}")

    with BackendClient(server.url) as client:
        receipt = client.conversations.import_file(tmp_path / "export.json")

    assert receipt == ImportInfo(1, 1, 1, 1, skipped=(SkippedInfo("a.json", "empty", 2),))


@pytest.mark.parametrize(
    "told",
    [
        {"id": "c1"},
        {**CONVERSATION, "id": 1},
        {**CONVERSATION, "title": ["x"]},
        {**CONVERSATION, "updated_at": 1},
        {**CONVERSATION, "snippet": [{"is_match": True}]},
        {**CONVERSATION, "snippet": "snake"},
    ],
    ids=repr,
)
def test_what_no_backend_says_is_named_as_such(server: StubModel, told: dict[str, Any]) -> None:
    server.default = scripts.respond(200, told)
    with BackendClient(server.url) as client, pytest.raises(BackendProtocolError, match=f"The server at {server.url} "):
        client.conversations.get("c1")


@pytest.mark.parametrize("told", [{"items": None}, {"items": [1]}, {"items": [], "next": 7}, {"pages": []}], ids=repr)
def test_a_list_that_is_none_is_named_as_such(server: StubModel, told: dict[str, Any]) -> None:
    server.default = scripts.respond(200, told)
    with BackendClient(server.url) as client, pytest.raises(BackendProtocolError):
        client.conversations.page()


@pytest.mark.parametrize(
    "told", [{"model": "m", "answer": 7}, {"answer": "a"}, {"model": "m", "answer": "a", "usage": {"tokens": 1}}]
)
def test_an_answer_that_is_none_is_named_as_such(server: StubModel, told: dict[str, Any]) -> None:
    server.default = scripts.respond(200, told)
    with BackendClient(server.url) as client, pytest.raises(BackendProtocolError):
        client.ask("Why?")


def test_a_server_that_names_nothing_it_needs_is_not_taken_for_ready(server: StubModel) -> None:
    server.default = scripts.respond(200, {"status": "ready"})
    with BackendClient(server.url) as client, pytest.raises(BackendProtocolError):
        client.ready()
