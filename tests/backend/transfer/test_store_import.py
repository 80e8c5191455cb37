"""Conversations brought along from elsewhere: trees kept, everything accounted for, nothing twice."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chatapp.backend.store import BegunTurn, Conversation, Store
from chatapp.backend.transfer.importers import Imports, Receipt, Skipped
from chatapp.errors import InvalidRequestError
from support.foreign_exports import (
    LLM_036_TABLES,
    LLM_TABLES,
    chatgpt,
    chatgpt_node,
    claude,
    open_webui,
    write_database,
    write_json,
    write_zip,
)
from support.imported import exported

Ask = Callable[..., BegunTurn]
Writer = Callable[[Path], Path]


def counts(receipt: Receipt) -> tuple[int, int, int, int]:
    return (
        receipt.conversations_read,
        receipt.messages_read,
        receipt.conversations_added,
        receipt.messages_added,
    )


def only(store: Store, owner: str = "ada") -> Conversation:
    (conversation,) = store.conversations.page(owner=owner).items
    return conversation


def branch(store: Store, conversation: Conversation, **options: object) -> list[tuple[str, str]]:
    page = store.messages.page(conversation.id, owner=conversation.owner, **options)
    return [(message.role, message.content) for message in page.items]


def test_chatgpt_tree_is_kept(store: Store, tmp_path: Path) -> None:
    receipt = Imports(store.database).read(write_json(tmp_path / "conversations.json", [chatgpt()]), owner="ada")
    conversation = only(store)
    messages = store.messages.all(conversation.id, owner="ada")
    assert counts(receipt) == (1, 3, 1, 3)
    assert (conversation.title, conversation.updated_at.timestamp()) == ("Whales", 1_780_000_100.5)
    assert [message.content for message in messages] == ["What are whales?", "Fish.", "Mammals."]
    assert [message.parent_id for message in messages[1:]] == [messages[0].id] * 2
    assert [message.model for message in messages] == [None, "gpt-5", None]
    assert messages[2].reasoning == "Not fish."
    assert branch(store, conversation)[-1] == ("assistant", "Mammals.")
    assert receipt.skipped == [Skipped("Whales", "the work of a tool", 2)]


def test_chatgpt_export_of_many_files_is_read_whole(store: Store, tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "export.zip",
        conversations__000=[chatgpt("g1"), chatgpt("g2")],
        conversations__001=[chatgpt("g3")],
        user={"id": "u"},
        chat="<html>",
    )
    assert counts(Imports(store.database).read(path, owner="ada")) == (3, 9, 3, 9)


def test_chatgpt_pictures_and_speech_are_accounted_for(store: Store, tmp_path: Path) -> None:
    theirs = chatgpt()
    content = {
        "content_type": "multimodal_text",
        "parts": [
            {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"},
            {"content_type": "audio_transcription", "text": "Said aloud."},
            "What is this?",
        ],
    }
    theirs["mapping"]["q2"] = chatgpt_node("q2", "a2", "user", seconds=9, content=content)
    receipt = Imports(store.database).read(write_json(tmp_path / "conversations.json", [theirs]), owner="ada")
    assert Skipped("Whales", "a file, picture or recording") in receipt.skipped
    assert store.search.find("aloud", owner="ada").items


def test_claude_tree_reasoning_and_pasted_text_are_kept(store: Store, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "data.zip", conversations=[claude()], users=[], projects=[])
    receipt = Imports(store.database).read(path, owner="ada")
    messages = store.messages.all(only(store).id, owner="ada")
    assert counts(receipt) == (1, 3, 1, 3)
    assert [(message.content, message.reasoning) for message in messages] == [
        ("(picture: sea.png)\n\nWhy?\n\nlong text", ""),
        ("Why is the sea salty?", ""),
        ("Rivers.\n\nAnd time.", "Salt."),
    ]
    assert messages[1].siblings == (messages[0].id, messages[1].id)
    assert {(line.why, line.count) for line in receipt.skipped} == {
        ("the work of a tool", 1),
        ("a file, picture or recording", 1),
    }


def test_claude_export_without_parents_is_one_line_in_which_both_sides_take_turns(store: Store, tmp_path: Path) -> None:
    theirs = claude()
    for message in theirs["chat_messages"]:
        del message["parent_message_uuid"]
    Imports(store.database).read(write_json(tmp_path / "conversations.json", [theirs]), owner="ada")
    assert branch(store, only(store)) == [
        ("user", "(picture: sea.png)\n\nWhy?\n\nlong text\n\nWhy is the sea salty?"),
        ("assistant", "Rivers.\n\nAnd time."),
    ]


def test_open_webui_tree_is_kept_and_archived(store: Store, tmp_path: Path) -> None:
    receipt = Imports(store.database).read(write_json(tmp_path / "chat-export-1.json", [open_webui()]), owner="ada")
    (conversation,) = store.conversations.page(owner="ada", state="archived").items
    last = store.messages.all(conversation.id, owner="ada")[-1]
    assert counts(receipt) == (1, 3, 1, 3)
    assert (conversation.title, conversation.system) == ("Greetings", "Be kind.")
    assert branch(store, conversation) == [("user", "Hi"), ("assistant", "Hello")]
    assert (last.content, last.reasoning, last.model) == ("Hey", "a < b\nso", "llama3")
    assert receipt.skipped == [Skipped("Greetings", "the work of a tool")]


@pytest.mark.parametrize(
    ("tables", "expected"),
    [(LLM_TABLES, ("Old talk", "Two?", "gpt-4o")), (LLM_036_TABLES, ("New talk", "a fragment Two?", "gpt-5"))],
    ids=["before 0.36", "since 0.36"],
)
def test_log_of_llm_is_read(store: Store, tmp_path: Path, tables: str, expected: tuple[str, str, str]) -> None:
    receipt = Imports(store.database).read(write_database(tmp_path / "logs.db", tables), owner="ada")
    conversation = only(store)
    messages = store.messages.all(conversation.id, owner="ada")
    assert counts(receipt) == (1, 4, 1, 4)
    assert (conversation.title, messages[2].content, messages[1].model) == expected
    assert conversation.system == "Be brief."
    assert [content for _, content in branch(store, conversation)] == ["One?", "1", expected[1], "2"]
    assert messages[1].usage == {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def test_log_of_llm_with_old_and_new_tables_is_read_whole(store: Store, tmp_path: Path) -> None:
    path = write_database(tmp_path / "logs.db", LLM_TABLES, LLM_036_TABLES)
    assert counts(Imports(store.database).read(path, owner="ada")) == (2, 8, 2, 8)


def test_own_export_brings_every_branch_to_another_owner(ask: Ask, store: Store, tmp_path: Path) -> None:
    first = ask("One?", "1", system="Be brief.", model="large")
    ask(None, "uno", conversation_id=first.conversation_id)
    path = tmp_path / "export.json"
    path.write_text(exported(store, first.conversation_id, "json"))
    assert counts(Imports(store.database).read(path, owner="bob")) == (1, 3, 1, 3)
    copy = only(store, "bob")
    assert copy.id != first.conversation_id
    assert (copy.system, copy.model) == ("Be brief.", "large")
    assert branch(store, copy) == [("user", "One?"), ("assistant", "uno")]
    again = json.loads(exported(store, copy.id, "json", owner="bob"))
    assert len(again["conversations"][0]["messages"]) == 3


def test_own_export_adds_nothing_where_it_came_from(ask: Ask, store: Store, tmp_path: Path) -> None:
    begun = ask("One?", "1")
    path = tmp_path / "export.json"
    path.write_text(exported(store, begun.conversation_id, "json"))
    ask("Two?", "2", conversation_id=begun.conversation_id)
    assert counts(Imports(store.database).read(path, owner="ada")) == (1, 2, 0, 0)
    assert len(branch(store, only(store))) == 4


def test_own_export_restores_what_was_lost(ask: Ask, store: Store, tmp_path: Path) -> None:
    begun = ask("One?", "1")
    path = tmp_path / "export.json"
    path.write_text(exported(store, begun.conversation_id, "json"))
    store.conversations.purge(begun.conversation_id, owner="ada")
    assert counts(Imports(store.database).read(path, owner="ada")) == (1, 2, 1, 2)
    assert branch(store, only(store)) == [("user", "One?"), ("assistant", "1")]


WRITERS: dict[str, Writer] = {
    "chatgpt": lambda folder: write_json(folder / "conversations.json", [chatgpt()]),
    "claude": lambda folder: write_json(folder / "conversations.json", [claude()]),
    "open webui": lambda folder: write_json(folder / "chat.json", [open_webui()]),
    "llm": lambda folder: write_database(folder / "logs.db", LLM_TABLES, LLM_036_TABLES),
}
every_export = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@every_export
def test_second_time_adds_nothing(store: Store, tmp_path: Path, write: Writer) -> None:
    path = write(tmp_path)
    first = Imports(store.database).read(path, owner="ada")
    second = Imports(store.database).read(path, owner="ada")
    assert counts(second) == (first.conversations_read, first.messages_read, 0, 0)
    assert second.skipped == first.skipped


@every_export
def test_two_owners_each_have_their_own(store: Store, tmp_path: Path, write: Writer) -> None:
    path = write(tmp_path)
    Imports(store.database).read(path, owner="ada")
    receipt = Imports(store.database).read(path, owner="bob")
    assert receipt.conversations_added == receipt.conversations_read


def test_what_has_grown_elsewhere_grows_here_and_keeps_what_was_said_here(
    ask: Ask, store: Store, tmp_path: Path
) -> None:
    theirs = chatgpt()
    path = tmp_path / "conversations.json"
    Imports(store.database).read(write_json(path, [theirs]), owner="ada")
    conversation = only(store)
    store.conversations.change(conversation.id, owner="ada", title="Mine")
    ask("And dolphins?", "Too.", conversation_id=conversation.id)
    theirs["mapping"]["q2"] = chatgpt_node("q2", "a2", "user", "And seals?", seconds=9)
    receipt = Imports(store.database).read(write_json(path, [theirs]), owner="ada")
    assert counts(receipt) == (1, 4, 0, 1)
    assert only(store).title == "Mine"
    assert branch(store, conversation)[-2:] == [("user", "And dolphins?"), ("assistant", "Too.")]
    seals = store.messages.all(conversation.id, owner="ada")[-1]
    assert branch(store, conversation, branch=seals.id)[-1] == ("user", "And seals?")


def test_what_was_thrown_away_here_is_not_brought_back(store: Store, tmp_path: Path) -> None:
    path = write_json(tmp_path / "conversations.json", [chatgpt()])
    Imports(store.database).read(path, owner="ada")
    store.conversations.delete(only(store).id, owner="ada")
    receipt = Imports(store.database).read(path, owner="ada")
    assert [line.why for line in receipt.skipped] == ["it was thrown away here; restore it to have it again"]
    assert store.conversations.page(owner="ada").items == []


def test_imported_conversation_goes_on_here(begin: Ask, store: Store, tmp_path: Path) -> None:
    Imports(store.database).read(write_json(tmp_path / "conversations.json", [chatgpt()]), owner="ada")
    begun = begin("And dolphins?", conversation_id=only(store).id)
    assert [message.text for message in begun.history] == ["What are whales?", "Mammals."]


def test_broken_conversations_are_named_and_the_others_read(store: Store, tmp_path: Path) -> None:
    broken = [{"mapping": 1}, {"what": "is this"}, 5, {"mapping": {}, "title": "Empty", "conversation_id": "e"}]
    path = write_zip(tmp_path / "export.zip", conversations__000=[*broken, chatgpt()], conversations__001="{nonsense")
    receipt = Imports(store.database).read(path, owner="ada")
    assert counts(receipt) == (2, 3, 1, 3)
    assert [(line.what.removeprefix("export/"), line.why.partition(" (")[0]) for line in receipt.skipped] == [
        ("conversations-000.json, number 1", "it cannot be read"),
        ("conversations-000.json, number 2", "it is no conversation that we know"),
        ("conversations-000.json, number 3", "it is no conversation that we know"),
        ("Empty", "it has no messages"),
        ("conversations-001.json, number 1", "it cannot be read"),
        ("Whales", "the work of a tool"),
    ]


def test_messages_that_are_their_own_ancestors_are_counted_out(store: Store, tmp_path: Path) -> None:
    theirs = claude()
    theirs["chat_messages"][1]["parent_message_uuid"] = "m3"
    receipt = Imports(store.database).read(write_json(tmp_path / "conversations.json", [theirs]), owner="ada")
    assert receipt.messages_added == 1
    assert Skipped("The sea", "a message whose place in the conversation cannot be found", 2) in receipt.skipped


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x89PNG", b"PK\x03\x04broken", b'{"a": ', b'{"a": 1}', b"[" * 100_000, b"\xff\xfe[\x00]\x00"],
)
def test_file_that_is_no_export_is_refused(store: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidRequestError, match="no export that can be read"):
        Imports(store.database).read(path, owner="ada")


def test_zip_without_conversations_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError):
        Imports(store.database).read(write_zip(tmp_path / "photos.zip", album=[]), owner="ada")


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        ("CREATE TABLE birds (id)", "a database, but no log of llm"),
        ("CREATE TABLE chat (id); CREATE TABLE user (id); CREATE TABLE auth (id)", "Open WebUI's own database"),
        ("CREATE TABLE conversations (x); CREATE TABLE responses (y)", "tables are not those of llm"),
    ],
    ids=["something else", "Open WebUI", "damaged"],
)
def test_database_that_is_no_log_is_refused_by_its_name(store: Store, tmp_path: Path, tables: str, what: str) -> None:
    path = write_database(tmp_path / "other.db", tables)
    with pytest.raises(InvalidRequestError, match=what):
        Imports(store.database).read(path, owner="ada")
