"""Everything in one file: what is exported is there again elsewhere, to the last field."""

import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest

from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.store import BegunTurn, Store, conversations
from chatapp.backend.store.records import Attachment
from chatapp.backend.transfer.exporters import Exports
from chatapp.backend.transfer.importers import Imports, ours
from chatapp.config.settings import Settings
from chatapp.errors import InvalidRequestError
from chatapp.protocol.events import UsageDetails
from chatapp.protocol.messages import (
    AttachmentPart,
    CitationPart,
    FinalStatus,
    Message,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    parts_as_json,
)
from support.imported import imported_message, put
from support.saved_turns import finish_turn

Ask = Callable[..., BegunTurn]

ERROR = {
    "detail": "It is gone.",
    "code": "upstream_rate_limited",
    "request_id": None,
    "hint": "Wait.",
    "retry_after": 7,
}


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    """Another store with nothing in it."""
    store = Store.open(Settings(data_dir=tmp_path / "empty"))
    yield store
    store.close()


def exports_of(store: Store) -> Exports:
    return Exports(store.conversations, store.messages, store.attachments)


def everything(store: Store, as_format: str = "zip") -> bytes:
    return exports_of(store).everything(owner="ada", as_format=as_format).read()


def documents(archive: bytes) -> Any:
    """What a zip says, with the ids, which are new wherever it comes in, in the order of their first mention."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (name,) = opened.namelist()
        told = json.loads(opened.read(name))
    ids: dict[str, str] = {}

    def named(found: Any) -> Any:
        return None if found is None else ids.setdefault(found, f"id {len(ids)}")

    for conversation in told["conversations"]:
        conversation["id"] = named(conversation["id"])
        for message in conversation["messages"]:
            message |= {name: named(message[name]) for name in ("id", "parent_id")}
        conversation["leaf_id"] = named(conversation["leaf_id"])
    return told


DETAILS: UsageDetails = {
    "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cached_tokens": 0, "reasoning_tokens": 1,
    "estimated": False, "cost": "0.00012", "price_source": "list", "first_token_ms": 20, "tokens_per_second": 50.5,
    "thinking_ms": 1234,
}  # fmt: skip


def fill(store: Store, ask: Ask, begin: Ask) -> None:
    """Make one of everything: branches, errors, pins, an archive, parts, times, and a trash that is to stay here."""
    first = ask("One?", "1", system="Be brief.", model="large")
    ask(None, "uno", conversation_id=first.conversation_id)
    store.conversations.change(
        str(first.conversation_id), owner="ada", pinned=True, title="A & <b>", leaf_id=first.answer_message_id
    )
    failed = begin("Two?")
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 9}
    finish_turn(store,
        failed.turn_id, status="failed", text="Half", reasoning="Hm",
        segments=[["notice", 1, "cut", "1 left out."], ["reasoning", 2], ["text", 4]],
        finish_reason="error", usage=usage, usage_details=DETAILS, error=ERROR, latency_ms=1234,
    )  # fmt: skip
    store.conversations.change(str(failed.conversation_id), owner="ada", archived=True, title=None)
    store.conversations.create(owner="ada", title="Nothing said", system="Be kind.", model="m")
    parts = (
        TextPart("Look."),
        ReasoningPart("why"),
        AttachmentPart("a.pdf", "application/pdf", 5),
        ToolCallPart("c", "tide", "{}"),
    )
    later = imported_message("later", *parts, seconds=9)
    above = imported_message("m2", ToolResultPart("c", "up", is_error=True), role="tool", parent_id="later", seconds=5)
    put(store, later, above)
    store.conversations.delete(str(ask("Thrown away?").conversation_id), owner="ada")


def test_what_is_exported_comes_in_again_as_it_was(
    store: Store, ask: Ask, begin: Ask, empty_store: Store, tmp_path: Path
) -> None:
    fill(store, ask, begin)
    archive = everything(store)
    path = tmp_path / "chatapp.zip"
    path.write_bytes(archive)
    receipt = Imports(empty_store.database).read(path, owner="ada")
    assert (receipt.conversations_added, receipt.skipped) == (4, [])
    assert documents(everything(empty_store)) == documents(archive)
    assert "Thrown away?" not in str(documents(archive))
    assert [m["error"] and m["error"]["retry_after"] for m in documents(archive)["conversations"][1]["messages"]] == [
        None,
        7,
    ]
    again = Imports(empty_store.database).read(path, owner="ada")
    assert (again.conversations_added, again.messages_added) == (0, 0)


def history(random: Random, number: int) -> Any:
    """A conversation of any shape, as an export holds it."""
    texts = ["hi", " a", "b ", "\n\na\n\nb\n", "\u00fc\U0001f600", "```\nx\n```", "<think>no</think>\n\nx", "\r\n"]
    text = partial(random.choice, texts)
    kinds = partial(random.choice, [
        lambda: TextPart(text()), lambda: ReasoningPart(text()), lambda: CitationPart("https://a.org/?b=1", text()),
        lambda: AttachmentPart(text(), size=random.choice([None, 0]), notes=("cut",), pages="2-5"),
        lambda: ToolCallPart("c", "tide", "{}"), lambda: ToolResultPart("c", text(), is_error=random.random() < 0.5),
    ])  # fmt: skip
    messages: list[Any] = []
    for place in range(random.randrange(7)):
        parts = [kinds()() for _ in range(random.randrange(1, 4))]
        message = {
            "id": f"m{place}", "parent_id": random.choice([None, *(it["id"] for it in messages)]),
            "role": random.choice(get_args(Role)), "content": Message("user", tuple(parts)).text,
            "parts": parts_as_json(parts), "created_at": moment(random),
        }  # fmt: skip
        if message["role"] == "assistant":
            message |= {
                "model": random.choice([None, "a/b"]), "status": random.choice(get_args(FinalStatus)),
                "finish_reason": random.choice([None, "length"]), "latency_ms": random.choice([None, 0, 12]),
                "usage_details": random.choice([None, DETAILS]), "error": random.choice([None, ERROR]),
                "notices": random.choice([[], [{"code": "cut", "text": text()}]]), "finished_at": moment(random),
                "summary": text(), "summarised": random.randrange(1, 3),
            }  # fmt: skip
        messages.append(message)
    return {
        "id": f"{number}", "title": random.choice([None, "  T "]), "pinned": random.random() < 0.5, "model": "m",
        "archived_at": random.choice([None, moment(random)]), "system": random.choice([None, text()]),
        "sampling": random.choice([None, {"temperature": 0.5, "reasoning_effort": "low"}]), "messages": messages,
        "leaf_id": random.choice([None, *(it["id"] for it in messages)]),
        "created_at": moment(random), "updated_at": moment(random),
    }  # fmt: skip


def moment(random: Random) -> str:
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=random.randrange(10**9))).isoformat()


def test_histories_of_any_shape_come_in_again_as_they_were(
    sqlite_store: Store, empty_store: Store, tmp_path: Path
) -> None:
    random, path = Random(11), tmp_path / "chatapp.zip"
    told = json.loads(json.dumps([history(random, number) for number in range(40)]))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps({"conversations": told}))
    for store in (sqlite_store, empty_store):
        assert Imports(store.database).read(path, owner="ada").skipped == []
        path.write_bytes(everything(store))
    found = {it["created_at"]: it for it in documents(path.read_bytes())["conversations"]}
    for theirs in told:
        other = found[theirs["created_at"]]
        said = [*zip(theirs.pop("messages"), other.pop("messages"), strict=True)]
        for one, there in [(theirs, other), *said]:
            assert {**there, **{name: it for name, it in one.items() if not name.endswith("id")}} == there
    assert documents(everything(empty_store)) == documents(everything(sqlite_store))


def test_what_is_exported_comes_back_where_it_was_removed(store: Store, ask: Ask, begin: Ask, tmp_path: Path) -> None:
    fill(store, ask, begin)
    archive = everything(store)
    path = tmp_path / "chatapp.zip"
    path.write_bytes(archive)
    for conversation in list(store.conversations.each(owner="ada")):
        store.conversations.purge(conversation.id, owner="ada")
    Imports(store.database).read(path, owner="ada")
    assert documents(everything(store)) == documents(archive)


def test_conversation_that_is_deleted_while_others_are_written_is_left_out(store: Store, ask: Ask) -> None:
    begun = [ask(f"Question {number}") for number in range(3)]
    pieces = exports_of(store).everything(owner="ada", as_format="md").chunks
    store.conversations.delete(str(begun[1].conversation_id), owner="ada")
    written = b"".join(pieces).decode()
    assert [f"Question {number}" in written for number in range(3)] == [True, False, True]


@pytest.mark.parametrize("as_format", ["pdf", "", "ZIP"])
def test_unknown_format_is_refused(store: Store, as_format: str) -> None:
    with pytest.raises(InvalidRequestError, match="no such export format"):
        everything(store, as_format)


def test_everything_is_its_owner_s_alone(store: Store, ask: Ask) -> None:
    ask("Mine?", owner="bob")
    assert documents(everything(store))["conversations"] == []


def test_error_of_a_file_is_taken_as_text_alone(store: Store, tmp_path: Path) -> None:
    error = {"detail": "x", "code": "y", "html": "<b>", "hint": ["z"], "retry_after": 5}
    message = {"id": "m", "parent_id": None, "role": "assistant", "content": "", "error": error, "latency_ms": 1e300}
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"id": "c", "leaf_id": "m", "messages": [message]}))
    Imports(store.database).read(path, owner="ada")
    (told,) = documents(everything(store))["conversations"][0]["messages"]
    assert (told["error"], told["latency_ms"]) == ({"detail": "x", "code": "y", "retry_after": 5}, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cost": "much"}, {"cost": "9" * 5000}, {"price_source": "hearsay"}, {"thinking_ms": -1},
        {"total_tokens": 1e300}, {"estimated": "no"}, {"tokens_per_second": 2**60},
    ],
)  # fmt: skip
def test_what_an_answer_cannot_have_taken_is_left_out(wrong: dict[str, Any]) -> None:
    message = {"id": "m", "parent_id": None, "role": "assistant", "content": "x", "latency_ms": 5}
    read = [
        ours.read({"id": "c", "leaf_id": "m", "messages": [message | {"usage_details": told}]})
        for told in (DETAILS, DETAILS | wrong)
    ]
    assert [one.messages[0].turn and one.messages[0].turn.usage_details for one in read] == [DETAILS, None]


def test_conversations_that_begin_meanwhile_do_not_keep_an_export_going(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "_AT_ONCE", 1)
    first = [ask("Hello?").conversation_id for _ in range(2)]
    found = []
    for conversation in itertools.islice(store.conversations.each(owner="ada"), 5):
        found.append(conversation.id)
        ask("And here?")
    assert found == first


def test_a_picture_that_a_message_names_again_and_again_is_shown_once(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "sea.png"
    path.write_bytes(b"sea")
    id_ = sha256(b"sea").hexdigest()
    sea = Attachment("ada", id_, "sea.png", "image/png", "image", size=3, pages=None, notes=())
    store.attachments.add(sea, path, text="", picture=b"\x89PNG")
    put(store, imported_message("q", *[sea.part()] * 3, TextPart("Why?")))
    assert everything(store, "html").count(b"<img ") == 1
    (conversation,) = store.conversations.page(owner="ada").items
    (question,) = store.messages.all(conversation.id, owner="ada")
    asked = [Message("user", question.parts)]
    (worded,) = AttachmentWording(store.attachments, estimate=len).word(asked, owner="ada", tokens=None).messages
    assert [type(part) for part in worded.parts] == [AttachmentPart, TextPart]
