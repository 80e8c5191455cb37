"""Files in the store: kept once, in pieces, for an hour or as long as a conversation holds them."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatapp.backend.store import Attachment, BegunTurn, Store, TrustedClock, attachments
from chatapp.errors import NotFoundError

Ask = Callable[..., BegunTurn]
LARGE = bytes(range(256)) * 10_000
"""More than two pieces."""


def add(store: Store, folder: Path, content: bytes = LARGE, **changes: str) -> Attachment:
    path = folder / "upload"
    path.write_bytes(content)
    id_ = hashlib.sha256(content).hexdigest()
    fields = {"owner": "ada", "name": "a.bin", "media_type": "text/plain", "kind": "text", **changes}
    attachment = Attachment(**fields, id=id_, size=len(content), pages=3, notes=("Half.",))
    return store.attachments.add(attachment, path, text="words", picture=b"pixels")


def later(monkeypatch: pytest.MonkeyPatch, **ahead: int) -> None:
    monkeypatch.setattr(attachments, "now", lambda: datetime.now(UTC) + timedelta(**ahead))


def test_a_file_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    added = add(store, tmp_path)

    assert b"".join(store.attachments.pieces(added.id)) == LARGE
    assert store.attachments.get(added.id, owner="ada") == added
    assert store.attachments.for_models([added.id], owner="ada") == {added.id: ("words", b"pixels")}
    assert (added.pages, added.notes, store.attachments.bytes_of("ada")) == (3, ("Half.",), len(LARGE))


def test_a_file_of_another_owner_is_not_there(store: Store, tmp_path: Path) -> None:
    added = add(store, tmp_path)

    with pytest.raises(NotFoundError):
        store.attachments.get(added.id, owner="bob")
    assert store.attachments.for_models([added.id], owner="bob") == {}
    assert (store.attachments.of_owner("bob"), store.attachments.bytes_of("bob")) == ([], 0)


def test_what_no_question_holds_is_gone_after_an_hour(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = add(store, tmp_path)
    as_of = TrustedClock(tmp_path).since_the_start()
    later(monkeypatch, minutes=59)
    assert store.attachments.forget_unused() == 0
    later(monkeypatch, minutes=600)
    assert store.attachments.forget_unused(as_of=as_of) == 0  # the clock was set, and nothing else

    later(monkeypatch, minutes=61)

    assert store.attachments.forget_unused() == 1
    assert list(store.attachments.pieces(added.id)) == []


def test_the_same_file_sent_again_stays_for_another_hour(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, tmp_path)
    later(monkeypatch, minutes=50)
    again = add(store, tmp_path, name="b.bin")
    later(monkeypatch, minutes=100)

    assert store.attachments.forget_unused() == 0
    assert store.attachments.get(again.id, owner="ada").name == "b.bin"
    assert b"".join(store.attachments.pieces(again.id)) == LARGE


def test_a_file_lives_as_long_as_its_conversation(
    store: Store, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, loose = add(store, tmp_path), add(store, tmp_path, b"loose", owner="bob")
    kept = str(ask("Why?", attachments=(held.part(),)).conversation_id)
    later(monkeypatch, days=2)
    assert store.attachments.forget_unused() == 1
    assert b"".join(store.attachments.pieces(held.id)) == LARGE
    assert list(store.attachments.pieces(loose.id)) == []

    store.conversations.delete(kept, owner="ada")
    assert store.attachments.forget_unused() == 0  # it can be restored
    store.conversations.purge_expired(kept=timedelta())

    assert store.attachments.forget_unused() == 1
    assert list(store.attachments.pieces(held.id)) == []


def test_the_bytes_stay_while_another_owner_has_them(
    store: Store, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, tmp_path, owner="bob")
    held = add(store, tmp_path)
    ask("Why?", attachments=(held.part(),))
    later(monkeypatch, days=2)

    store.attachments.forget_unused()

    assert b"".join(store.attachments.pieces(held.id)) == LARGE
