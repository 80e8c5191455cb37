"""Conversations in ChatGPT's form, for other programs, and back from there."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatapp.backend.store import BegunTurn, Store
from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.store.merging import add_all
from chatapp.backend.transfer.exporters import Exports
from chatapp.backend.transfer.importers import Imports
from chatapp.config.settings import Settings
from chatapp.protocol.messages import AttachmentPart, TextPart
from support.imported import imported_message
from support.saved_turns import finish_turn

Ask = Callable[..., BegunTurn]
FIELDS = ("role", "content", "reasoning", "model", "status", "finish_reason", "created_at")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """Another store with nothing in it."""
    store = Store.open(Settings(data_dir=tmp_path / "other"))
    yield store
    store.close()


def written(store: Store, path: Path) -> list[Any]:
    exports = Exports(store.conversations, store.messages, store.attachments)
    path.write_bytes(exports.everything(owner="ada", as_format="chatgpt").read())
    told: list[Any] = json.loads(path.read_text())
    return told


def tree(store: Store) -> list[tuple[Any, ...]]:
    """Each conversation, and its messages with the place of the one above and what is on show."""
    told: list[tuple[Any, ...]] = []
    for it in store.conversations.each(owner="ada"):
        messages = store.messages.all(it.id, owner="ada")
        places = {message.id: place for place, message in enumerate(messages)}
        told.append((it.title, it.system, it.pinned, it.created_at, it.updated_at, places.get(it.leaf_id or "")))
        told += [(places.get(m.parent_id or ""), *(getattr(m, name) for name in FIELDS)) for m in messages]
    return told


def test_every_branch_comes_in_again_elsewhere_and_none_twice(
    store: Store, other: Store, ask: Ask, begin: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    first = ask("One?", "1 — 🐋\n\n```\nx\n```", system="Be brief.", model="large")
    ask(None, "uno", conversation_id=first.conversation_id)
    ask("Two?", "2", conversation_id=first.conversation_id, model="small")
    store.conversations.change(
        str(first.conversation_id), owner="ada", pinned=True, title="A & <b>", leaf_id=first.answer_message_id
    )
    cut = begin("Three?")
    finish_turn(store, cut.turn_id, status="stopped", text="Half", reasoning="Hm\n\nso", segments=[])
    store.conversations.change(str(cut.conversation_id), owner="ada", archived=True)

    written(store, path)
    receipts = [Imports(it.database).read(path, owner="ada") for it in (other, other, store)]

    assert tree(other) == tree(store)
    assert [it.archived_at is not None for it in other.conversations.each(owner="ada")] == [False, True]
    assert [(it.conversations_added, it.messages_added, it.skipped) for it in receipts] == [(2, 7, [])] + [
        (0, 0, [])
    ] * 2


def test_only_what_was_said_is_a_message_to_readers_that_know_no_more(store: Store, begin: Ask, tmp_path: Path) -> None:
    """As Open WebUI 0.12.4 reads it: all nodes in their order but those of a system and of tools."""
    begun = begin("One?", system="Be brief.")
    finish_turn(store, begun.turn_id, status="complete", text="1", reasoning="Hm", segments=[])
    (told,) = written(store, tmp_path / "x.json")
    nodes = told["mapping"]
    said = [node["message"] for node in nodes.values() if node["message"]]
    shown = [it["content"]["parts"] for it in said if it["author"]["role"] not in {"system", "tool"}]
    assert shown == [["One?"], ["1"]]
    assert (len(said), told["current_node"]) == (4, begun.answer_message_id)
    assert all(name in nodes[node["parent"]]["children"] for name, node in nodes.items() if node["parent"])


def test_a_file_is_a_line_and_what_says_nothing_is_passed_over(store: Store, other: Store, tmp_path: Path) -> None:
    picture = AttachmentPart("cat.png", "image/png", 9)
    messages: list[ImportedMessage] = [
        imported_message("q", picture),
        imported_message("t", TextPart("up"), role="tool", parent_id="q", seconds=1),
        imported_message("a", TextPart("A cat."), role="assistant", parent_id="t", seconds=2),
        imported_message("e", role="assistant", parent_id="a", seconds=3),
    ]
    theirs = ImportedConversation(source="chatapp", id="x", title="X", messages=messages, leaf_id="e")
    nothing = ImportedConversation(source="chatapp", id="y", title="Nothing", messages=[])
    with store.database.write() as connection:
        add_all(connection, [(theirs, None), (nothing, None)], owner="ada")
    path = tmp_path / "x.json"
    written(store, path)
    Imports(other.database).read(path, owner="ada")
    said = [it for it in tree(other) if it[1] in {"user", "assistant"}]
    assert [(place, role, content) for place, role, content, *_ in said] == [
        (None, "user", "(picture: cat.png)"),
        (0, "assistant", "A cat."),
    ]


def test_what_our_own_say_comes_in_word_for_word(store: Store, other: Store, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    first = ask("One?", "")
    written(store, path)
    Imports(other.database).read(path, owner="ada")
    ask("Two?", "<think>is a tag</think>\n\nof  models", conversation_id=first.conversation_id)
    written(store, path)
    Imports(other.database).read(path, owner="ada")
    said = [it[1:4] for it in tree(other)[1:]]
    assert said == [
        ("user", "One?", ""),
        ("user", "Two?", ""),
        ("assistant", "<think>is a tag</think>\n\nof  models", ""),
    ]


def test_an_export_of_nothing_is_an_empty_list(store: Store, tmp_path: Path) -> None:
    assert written(store, tmp_path / "x.json") == []
