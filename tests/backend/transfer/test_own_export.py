"""Our own export read again: the parts of its messages, and files that earlier and later versions have written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import BegunTurn, Store, StoredMessage
from chatapp.backend.transfer.importers import Imports, Receipt, Skipped
from chatapp.errors import InvalidRequestError
from chatapp.protocol.messages import AttachmentPart, CitationPart, ReasoningPart, TextPart
from support.imported import exported

Ask = Callable[..., BegunTurn]

VERSION_1 = {
    "format": "chatapp",
    "version": 1,
    "conversations": [
        {
            "id": "5b0c",
            "title": "Whales",
            "pinned": False,
            "system": None,
            "model": None,
            "leaf_id": "m2",
            "created_at": "2026-11-22T10:00:00+00:00",
            "updated_at": "2026-11-22T10:00:05+00:00",
            "archived_at": None,
            "messages": [
                {
                    "id": "m1",
                    "parent_id": None,
                    "role": "user",
                    "content": "Why?",
                    "reasoning": "",
                    "model": None,
                    "status": "complete",
                    "finish_reason": None,
                    "usage": None,
                    "error": None,
                    "latency_ms": None,
                    "created_at": "2026-11-22T10:00:00+00:00",
                    "finished_at": "2026-11-22T10:00:00+00:00",
                },
                {
                    "id": "m2",
                    "parent_id": "m1",
                    "role": "assistant",
                    "content": "Therefore.",
                    "reasoning": "Hm",
                    "model": "small",
                    "status": "stopped",
                    "finish_reason": "stopped",
                    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
                    "error": None,
                    "latency_ms": 5,
                    "created_at": "2026-11-22T10:00:00+00:00",
                    "finished_at": "2026-11-22T10:00:05+00:00",
                },
            ],
        }
    ],
}
FILE = {"type": "attachment", "name": "sea.pdf", "media_type": "application/pdf", "size": 5, "content_id": "ab" * 32}
CALL = {"type": "tool_call", "id": "c1", "name": "tide", "arguments": "{}"}
RESULT = {"type": "tool_result", "call_id": "c1", "text": "rising", "is_error": False}


def with_parts(*parts: Any, content: str = "", role: str = "user") -> dict[str, Any]:
    message = {"id": "m1", "parent_id": None, "role": role, "content": content, "parts": list(parts)}
    return {"conversations": [{"id": "c", "title": "Whales", "leaf_id": "m1", "messages": [message]}]}


def read(store: Store, folder: Path, document: Any) -> Receipt:
    path = folder / "export.json"
    path.write_text(json.dumps(document))
    return Imports(store.database).read(path, owner="ada")


def messages(store: Store, owner: str = "ada") -> list[StoredMessage]:
    (conversation,) = store.conversations.page(owner=owner).items
    return store.messages.all(conversation.id, owner=owner)


def test_export_of_version_1_still_comes_in(store: Store, tmp_path: Path) -> None:
    receipt = read(store, tmp_path, VERSION_1)
    question, answer = messages(store)
    assert (receipt.messages_added, receipt.skipped) == (2, [])
    assert question.parts == (TextPart("Why?"),)
    assert answer.parts == (ReasoningPart("Hm"), TextPart("Therefore."))
    assert (answer.status, answer.model, answer.usage) == (
        "stopped",
        "small",
        {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    )


@pytest.mark.parametrize("as_format", ["md", "html"])
def test_what_is_written_for_people_is_told_from_what_comes_in_again(
    store: Store, tmp_path: Path, as_format: str
) -> None:
    read(store, tmp_path, VERSION_1)
    (conversation,) = store.conversations.page(owner="ada").items
    path = tmp_path / "written"
    path.write_text(exported(store, conversation.id, as_format))

    with pytest.raises(InvalidRequestError, match="it is what chatapp has written for people: import its zip"):
        Imports(store.database).read(path, owner="ada")


@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
def test_every_part_survives_export_and_import(store: Store, tmp_path: Path, role: str) -> None:
    thought, said = {"type": "reasoning", "text": "Hm"}, {"type": "text", "text": "Look."}
    told = [said, thought, {**FILE, "content_id": None, "notes": []}, said, CALL, RESULT]
    read(store, tmp_path, with_parts(*told, role=role))
    (first,) = messages(store)
    written = json.loads(exported(store, first.conversation_id, "json"))
    assert written["conversations"][0]["messages"][0]["parts"] == told
    store.conversations.purge(first.conversation_id, owner="ada")
    read(store, tmp_path, written)
    (second,) = messages(store)
    assert (second.role, second.content, second.reasoning, second.parts) == (role, "Look.Look.", "Hm", first.parts)


def test_imported_message_does_not_lead_to_the_content_of_a_file_here(store: Store, tmp_path: Path) -> None:
    read(store, tmp_path, with_parts(FILE))
    assert messages(store)[0].parts == (AttachmentPart("sea.pdf", "application/pdf", 5, content_id=None),)


def test_parts_of_a_later_version_are_left_out_and_accounted_for(store: Store, tmp_path: Path) -> None:
    receipt = read(store, tmp_path, with_parts({"type": "hologram"}, {"type": "text", "text": "Look.", "style": 1}))
    assert messages(store)[0].parts == (TextPart("Look."),)
    assert receipt.skipped == [Skipped("Whales", "a part of a message that a newer chatapp has written")]


def test_sources_that_a_browser_would_run_are_left_out_and_accounted_for(store: Store, tmp_path: Path) -> None:
    cited = (
        {"type": "citation", "url": url} for url in ("javascript:void 0", "https://a.example/\x1b", "HTTPS://b.example")
    )
    receipt = read(store, tmp_path, with_parts({"type": "text", "text": "Look."}, *cited))
    assert messages(store)[0].parts == (TextPart("Look."), CitationPart("HTTPS://b.example"))
    assert receipt.skipped == [Skipped("Whales", "a source that is no address of the web", 2)]


def test_message_of_which_no_part_is_known_keeps_its_text(store: Store, tmp_path: Path) -> None:
    read(store, tmp_path, with_parts({"type": "hologram"}, content="A whale turns slowly."))
    assert messages(store)[0].parts == (TextPart("A whale turns slowly."),)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text"},
        {"type": "text", "text": 5},
        {**FILE, "size": "large"},
        {**RESULT, "is_error": "no"},
        {"type": ["text"], "text": "x"},
        5,
    ],
)
def test_parts_that_make_no_sense_are_named_and_nothing_else_breaks(store: Store, tmp_path: Path, part: Any) -> None:
    good = VERSION_1["conversations"][0]
    receipt = read(store, tmp_path, [*with_parts(part)["conversations"], good])
    assert len(receipt.skipped) == 1
    assert receipt.messages_added >= 2


def test_projects_come_along_with_their_conversations(store: Store, ask: Ask, tmp_path: Path) -> None:
    thesis = store.projects.create(owner="ada", name="Thesis", instructions="Be brief.", model="large")
    kept = [ask(prompt, project_id=thesis.id).conversation_id for prompt in ("One?", "Two?")]
    outside = ask("Three?").conversation_id
    files = [json.loads(exported(store, it, "json")) for it in (*kept, outside)]

    for owner in ("bob", "bob", "ada"):
        for document in files:
            (tmp_path / "export.json").write_text(json.dumps(document))
            Imports(store.database).read(tmp_path / "export.json", owner=owner)

    (theirs,) = store.projects.all(owner="bob")
    assert (theirs.name, theirs.instructions, theirs.model, theirs.conversations) == ("Thesis", "Be brief.", "large", 2)
    assert theirs.id != thesis.id
    assert [it.title for it in store.conversations.page(owner="bob", project="none").items] == ["Three?"]
    assert [(it.id, it.conversations) for it in store.projects.all(owner="ada")] == [(thesis.id, 2)]


def test_a_project_with_broken_characters_costs_nothing_but_them(store: Store, tmp_path: Path) -> None:
    document = with_parts({"type": "text", "text": "Why?"}, content="Why?")
    document["conversations"][0]["project"] = {"id": "p\ud800", "name": "Pl\0n\ud800", "instructions": "\ud83d\ude00"}

    assert read(store, tmp_path, document).skipped == []
    (project,) = store.projects.all(owner="ada")
    assert (project.name, project.instructions, project.conversations) == ("Pl\ufffdn\ufffd", "\U0001f600", 1)


@pytest.mark.parametrize("told", ["Thesis", {"id": "p"}, {"id": "p", "name": " "}, {"id": 1, "name": "Thesis"}, None])
def test_what_is_no_project_makes_none(store: Store, tmp_path: Path, told: Any) -> None:
    document = with_parts({"type": "text", "text": "Why?"}, content="Why?")
    document["conversations"][0]["project"] = told

    assert read(store, tmp_path, document).conversations_added == 1
    assert store.projects.all(owner="ada") == []
