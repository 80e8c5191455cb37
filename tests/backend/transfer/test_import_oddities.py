"""What is odd in real exports, and ends nothing: times, characters, circles, damage."""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chatapp.backend.store import Store
from chatapp.backend.store.identity import now
from chatapp.backend.transfer.importers import formats
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.json_text import JsonText, UnreadableError
from support.foreign_exports import chatgpt, chatgpt_node, claude, open_webui
from support.imported import Bring, Json, line, said


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n"])
def test_one_conversation_a_line_is_read(store: Store, bring: Bring, separator: str) -> None:
    lines = [json.dumps({**open_webui(), "id": name, "archived": False}) for name in "abc"]
    assert bring((separator.join(lines) + "\n").encode()).conversations_added == 3


@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.parametrize("broken", ['{"id": "b", "chat": {"messages": [', '{"id": "b', "{b}"])
def test_a_broken_line_costs_only_itself(store: Store, bring: Bring, broken: str, at: int) -> None:
    lines = [json.dumps({**open_webui(), "id": name}) for name in "acd"]
    lines.insert(at, broken)
    receipt = bring("\n".join(lines).encode())
    assert receipt.conversations_added == 3
    assert [it.what for it in receipt.skipped if "cannot be read" in it.why] == [f"the file, number {at + 1}"]


def test_many_broken_lines_are_not_all_read_again_for_each() -> None:
    text = JsonText(io.BytesIO(b"{\n" * 50_000), ImportBudget())
    for _ in range(20_000):
        text.peek()
        with pytest.raises(UnreadableError):
            text.value()
        text.skip_line()
    assert text.at < 20_000  # what is behind was forgotten


def test_name_of_a_model_is_not_kept_when_it_is_a_megabyte(store: Store, bring: Bring) -> None:
    conversation = chatgpt()
    conversation["mapping"]["a1"]["message"]["metadata"]["model_slug"] = "m" * 1_000_000
    assert bring(conversation).messages_added == 3
    (one,) = store.conversations.page(owner="ada").items
    assert max(len(it.model or "") for it in store.messages.all(one.id, owner="ada")) == 200


def test_compressed_file_is_read(store: Store, bring: Bring) -> None:
    assert bring(gzip.compress(json.dumps([chatgpt()]).encode())).conversations_added == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_json_is_read(store: Store, bring: Bring, encoding: str) -> None:
    bring(json.dumps([line(("q", "user", "Gr\u00fc\u00dfe \U0001f40b"))], ensure_ascii=False).encode(encoding))
    assert said(store) == [("user", "Gr\u00fc\u00dfe \U0001f40b")]


def test_what_is_wrong_with_one_of_ours_is_named(bring: Bring) -> None:
    whole: Json = {"id": "x", "leaf_id": None, "messages": []}
    receipt = bring({**whole, "title": 5}, {**whole, "messages": [{"id": "q"}]}, whole)
    assert [it.why for it in receipt.skipped] == [
        "it cannot be read (title is not as chatapp writes it)",
        "it cannot be read (messages[0] is not as chatapp writes it)",
    ]


def test_conversation_without_a_tree_is_told(bring: Bring) -> None:
    receipt = bring(
        {"id": "g", "title": "T", "mapping": None}, {"id": "d", "inserted_at": "", "mapping": {}}, chatgpt()
    )
    assert [it.why for it in receipt.skipped[:2]] == ["it has no messages", "it has no messages"]


@pytest.mark.parametrize("part", [b"cut \\ud83d", b"\xed\xa0\xbd\xed\xb8\x82", b"\xff", b"a\\u0000b", b'", NaN, "'])
def test_broken_characters_cost_nothing_but_themselves(store: Store, bring: Bring, part: bytes) -> None:
    content = json.dumps([line(("q", "user", "PLACE")), chatgpt()]).encode().replace(b"PLACE", b"Hello " + part)
    receipt = bring(content)
    assert receipt.conversations_added == 2
    assert store.search.find("hello", owner="ada").items


@pytest.mark.parametrize(
    "when",
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", 0, -62_135_596_800, 1e300, "soon"],
)
def test_time_that_means_none_is_none(store: Store, bring: Bring, when: Any) -> None:
    theirs = claude()
    theirs.update(created_at=when, updated_at=when)
    for message in theirs["chat_messages"]:
        message["created_at"] = when
    bring(theirs)
    (conversation,) = store.conversations.page(owner="ada").items
    assert abs(conversation.updated_at - now()) < timedelta(minutes=5)


WHEN = "2026-05-28T20:26:40Z"


@pytest.mark.parametrize(
    "when",
    [
        1_780_000_000,
        1_780_000_000_000,
        "1780000000",
        WHEN,
        "2026-05-28 20:26:40 +0000 UTC",
        "Thu, 28 May 2026 20:26:40 GMT",
    ],
)
def test_time_is_known_in_every_usual_form(store: Store, bring: Bring, when: Any) -> None:
    bring({**chatgpt(), "update_time": when})
    (conversation,) = store.conversations.page(owner="ada").items
    assert conversation.updated_at.timestamp() == 1_780_000_000


def test_a_conversation_without_times_of_messages_is_as_old_as_its_beginning(store: Store, bring: Bring) -> None:
    told = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    bring({"chatID": "c", "chatTitle": "T", "createdAt": WHEN, "messages": told})
    (conversation,) = store.conversations.page(owner="ada").items
    messages = store.messages.all(conversation.id, owner="ada")
    assert {it.created_at for it in (conversation, *messages)} == {conversation.updated_at}
    assert conversation.updated_at.timestamp() == 1_780_000_000


def test_a_conversation_that_names_no_beginning_is_as_old_as_its_first_message(store: Store, bring: Bring) -> None:
    told = [("user", "Why?", 1_780_000_000), ("assistant", "So.", 1_780_000_060)]
    bring([{"role": role, "content": text, "ts": when} for role, text, when in told])
    (conversation,) = store.conversations.page(owner="ada").items
    times = (conversation.created_at, conversation.updated_at)
    assert [it.timestamp() for it in times] == [1_780_000_000, 1_780_000_060]


def test_a_message_without_a_time_is_as_old_as_what_is_beside_it(store: Store, bring: Bring) -> None:
    picture = {"role": "user", "content": "What is it?", "images": ["iVBORw0KGgo="], "timestamp": WHEN}
    receipt = bring([picture, {"role": "assistant", "content": "A cat."}])
    (conversation,) = store.conversations.page(owner="ada").items
    assert {it.created_at.timestamp() for it in store.messages.all(conversation.id, owner="ada")} == {1_780_000_000}
    assert said(store)[0] == ("user", "(picture)\n\nWhat is it?")
    assert [it.why for it in receipt.skipped] == ["a file, picture or recording"]


def test_a_chat_of_open_webui_without_what_is_around_it_is_read(store: Store, bring: Bring) -> None:
    bring(open_webui()["chat"])
    assert said(store) == [("user", "Hi"), ("assistant", "Hello")]


_CONTENT = [{"type": "think", "think": "Hm"}, {"type": "text", "text": {"value": "Hello"}}]
_FRAGMENTS = [{"type": "THINK", "content": "Hm"}, {"type": "RESPONSE", "content": "!"}]
_OUTPUT = [{"type": "reasoning", "content": [{"text": "Hm"}]}, {"type": "function_call"}]
WHOLE: dict[str, Json] = {
    "chatgpt": chatgpt(),
    "claude": claude(),
    "open webui": open_webui(),
    "open webui of today": {
        "id": "w",
        "chat": {"history": {"messages": {"a": {"role": "assistant", "output": _OUTPUT}}}},
    },
    "deepseek": {"id": "d", "inserted_at": None, "mapping": {"a": {"id": "a", "message": {"fragments": _FRAGMENTS}}}},
    "librechat": {
        "conversationId": "l",
        "messages": [{"messageId": "a", "content": _CONTENT, "files": [{"type": "x"}]}],
    },
}


def with_odd_values(value: Any, odd: Any) -> Iterator[Any]:
    """`value` with `odd` in one place after the other, at any depth."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            for changed in (odd, *with_odd_values(inner, odd)):
                copy = value.copy()
                copy[key] = changed
                yield copy


@pytest.mark.parametrize("theirs", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("odd", [None, "x", -1, 1e300, ["x"], {"a": None}], ids=str)
def test_no_value_of_another_kind_costs_its_conversation(theirs: Json, odd: Any) -> None:
    for changed in with_odd_values(theirs, odd):
        source = formats.source_of(changed)
        if source is not None and isinstance(changed.get("mapping", {}), dict):  # without it there is nothing to read
            formats.read(source, changed)


ODD: dict[str, Any] = {
    "no metadata": line(("q", "user", {"metadata": None, "content": {"parts": ["Hi"]}})),
    "time as text": line(("q", "user", {"create_time": "yesterday", "content": {"parts": ["Hi"]}})),
    "another author": line(("q", "user", "Hi"), ("a", "user", {"author": None})),
    "twice one id": {
        "uuid": "c",
        "chat_messages": [
            {"uuid": "m", "sender": "human", "text": "Hi"},
            {"uuid": "m", "sender": "human", "text": "Hi"},
        ],
    },
    "a number too large": {
        **open_webui(),
        "chat": {"messages": [{"id": "m", "role": "user", "content": "Hi", "usage": {"prompt_tokens": 2**63}}]},
    },
    "NUL in an id": {"uuid": "c\0", "chat_messages": [{"uuid": "m\0", "sender": "human", "text": "Hi"}]},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_message_ends_nothing(store: Store, bring: Bring, odd: Json) -> None:
    receipt = bring([odd, {**chatgpt(), "conversation_id": "behind"}])
    assert receipt.conversations_added == 2


def test_circle_of_messages_is_left_out_and_the_rest_can_be_read(store: Store, bring: Bring) -> None:
    circle = line(("q", "user", "?"), ("a", "assistant", "!"))
    circle["mapping"]["q"]["parent"] = "a"
    circle["mapping"]["first"] = chatgpt_node("first", None, "user", "Hi")
    receipt = bring(circle)
    assert said(store) == [("user", "Hi")]
    assert [line.count for line in receipt.skipped] == [2]
