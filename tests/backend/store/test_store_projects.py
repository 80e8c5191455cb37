"""Projects in the store: whose they are, what they give their conversations, and what becomes of these."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chatapp.backend.store import BegunTurn, Store, projects
from chatapp.errors import InvalidRequestError, NotFoundError
from chatapp.protocol.question import Question

Ask = Callable[..., BegunTurn]


def titles(store: Store, project: str | None, **options: str) -> list[str | None]:
    return [one.title for one in store.conversations.page(owner="ada", project=project, **options).items]


def test_a_project_gives_its_conversations_instructions_and_model(store: Store, ask: Ask) -> None:
    thesis = store.projects.create(owner="ada", name="Thesis", instructions="Be brief.", model="large")

    first = ask("One?", project_id=thesis.id)
    own = ask("Two?", conversation_id=first.conversation_id, model="tiny", system="In French.")
    store.conversations.change(str(first.conversation_id), owner="ada", project_id=None)
    outside = ask("Three?", conversation_id=first.conversation_id)

    assert [(turn.model, turn.system) for turn in (first, own, outside)] == [
        ("large", "Be brief."),
        ("tiny", "Be brief.\n\nIn French."),
        ("small", None),
    ]
    asked = Question(owner="ada", prompt="Four?", project_id=thesis.id)
    assert store.turns.prospect(asked, fallback_model="small")[:2] == ("large", "Be brief.")


def test_conversations_are_listed_by_their_project_and_counted(store: Store, ask: Ask) -> None:
    thesis, empty = (store.projects.create(owner="ada", name=name) for name in ("Thesis", "Empty"))
    ask("One?", project_id=thesis.id)
    archived = ask("Two?", project_id=thesis.id)
    store.conversations.change(str(archived.conversation_id), owner="ada", archived=True)
    ask("Three?")

    assert [titles(store, it) for it in (None, "none", thesis.id, empty.id)] == [
        ["Three?", "One?"], ["Three?"], ["One?"], [],
    ]  # fmt: skip
    assert titles(store, thesis.id, state="archived") == ["Two?"]
    assert [(one.name, one.conversations) for one in store.projects.all(owner="ada")] == [("Thesis", 1), ("Empty", 0)]


def test_conversations_of_a_deleted_project_are_in_none_until_it_is_restored(store: Store, ask: Ask) -> None:
    thesis = store.projects.create(owner="ada", name="Thesis", instructions="Be brief.")
    kept = ask("One?", project_id=thesis.id)

    store.projects.delete(thesis.id, owner="ada")

    assert titles(store, "none") == ["One?"]
    assert store.conversations.get(str(kept.conversation_id), owner="ada").project_id is None
    assert ask("Two?", conversation_id=kept.conversation_id).system is None
    assert [one.name for one in store.projects.all(owner="ada", state="deleted")] == ["Thesis"]
    with pytest.raises(NotFoundError):
        titles(store, thesis.id)
    assert store.projects.restore(thesis.id, owner="ada").conversations == 1
    assert (titles(store, "none"), titles(store, thesis.id)) == ([], ["One?"])


def test_conversations_that_are_deleted_with_a_project_come_back_with_it(store: Store, ask: Ask, begin: Ask) -> None:
    thesis = store.projects.create(owner="ada", name="Thesis")
    before, streaming = ask("Before?", project_id=thesis.id), begin("Now?", project_id=thesis.id)
    store.conversations.delete(str(before.conversation_id), owner="ada")

    store.projects.delete(thesis.id, owner="ada", with_conversations=True)

    assert titles(store, None) == []
    assert store.turns.get(streaming.turn_id, owner="ada").cancel_requested
    store.projects.restore(thesis.id, owner="ada")
    assert titles(store, None) == ["Now?"]


def test_what_is_deleted_for_long_is_gone_and_its_conversations_are_not(store: Store, ask: Ask) -> None:
    thesis = store.projects.create(owner="ada", name="Thesis")
    ask("One?", project_id=thesis.id)
    store.projects.delete(thesis.id, owner="ada")

    assert store.project_files.purge_expired(as_of=datetime.now(UTC) + timedelta(days=29)) == 0
    assert store.project_files.purge_expired(as_of=datetime.now(UTC) + timedelta(days=31)) == 1

    assert titles(store, "none") == ["One?"]
    with pytest.raises(NotFoundError):
        store.projects.restore(thesis.id, owner="ada")


def test_a_project_of_another_owner_is_not_there(store: Store, ask: Ask) -> None:
    theirs = store.projects.create(owner="bob", name="Secret")
    mine = str(ask("One?").conversation_id)

    assert store.projects.all(owner="ada") == []
    for attempt in (
        lambda: store.projects.get(theirs.id, owner="ada"),
        lambda: store.projects.change(theirs.id, owner="ada", name="Mine"),
        lambda: store.projects.delete(theirs.id, owner="ada"),
        lambda: store.projects.restore(theirs.id, owner="ada"),
        lambda: store.conversations.page(owner="ada", project=theirs.id),
        lambda: store.conversations.change(mine, owner="ada", project_id=theirs.id),
        lambda: store.conversations.create(owner="ada", project_id=theirs.id),
        lambda: ask("Two?", project_id=theirs.id),
    ):
        with pytest.raises(NotFoundError):
            attempt()


def test_nobody_has_more_projects_than_can_be_listed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "MOST_PROJECTS", 1)
    deleted = store.projects.create(owner="ada", name="Deleted")
    store.projects.delete(deleted.id, owner="ada")
    thesis = store.projects.create(owner="ada", name="Thesis")
    store.projects.create(owner="bob", name="Thesis")

    for attempt in (
        lambda: store.projects.create(owner="ada", name="Another"),
        lambda: store.projects.restore(deleted.id, owner="ada"),
    ):
        with pytest.raises(InvalidRequestError, match="You have 1 projects"):
            attempt()
    store.projects.delete(thesis.id, owner="ada")
    assert store.projects.restore(deleted.id, owner="ada").name == "Deleted"


def test_a_project_keeps_its_place_where_nothing_of_it_is_changed(store: Store) -> None:
    first, last = (store.projects.create(owner="ada", name=name) for name in ("First", "Last"))

    assert store.projects.change(first.id, owner="ada") == first
    assert [one.id for one in store.projects.all(owner="ada")] == [last.id, first.id]
