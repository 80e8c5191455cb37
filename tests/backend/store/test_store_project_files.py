"""Files of projects in the store: kept with their project, and found by the words of a question."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from chatapp.backend.attachments.passages import fitting_passages, words_of
from chatapp.backend.attachments.project_wording import ProjectWording
from chatapp.backend.store import Attachment, Store, attachments, project_files
from chatapp.errors import InvalidRequestError, NotFoundError
from chatapp.protocol.messages import Message

PASSAGES = {
    "whales.txt": ["Whales sing in the sea.", "Some whales dive."],
    "birds.txt": ["Birds sing in the trees.", "In the winter they fly south."],
}


def add(
    store: Store, folder: Path, project_id: str, name: str, *passages: str, owner: str = "ada", tokens: int = 10
) -> str:
    path = folder / name
    path.write_text("\n\n".join(passages))
    id_ = hashlib.sha256(path.read_bytes()).hexdigest()
    told = Attachment(owner, id_, name, "text/plain", "text", path.stat().st_size, None, ())
    store.attachments.add(told, path, text=path.read_text(), picture=None)
    store.project_files.add(project_id, id_, owner=owner, tokens=tokens, passages_of_it=passages)
    return id_


def found(store: Store, project_id: str, *words: str) -> list[str]:
    return [passage.text for passage in store.project_files.find(project_id, words)]


def rest(store: Store) -> int:
    with store.database.read() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM project_passages")) or 0)


@pytest.fixture
def zoo(store: Store, tmp_path: Path) -> str:
    """A project with files."""
    project = store.projects.create(owner="ada", name="Zoo").id
    for name, passages in PASSAGES.items():
        add(store, tmp_path, project, name, *passages)
    return project


def test_passages_are_found_by_the_rarer_and_the_more_of_their_words(store: Store, zoo: str, tmp_path: Path) -> None:
    other = store.projects.create(owner="ada", name="Other").id
    add(store, tmp_path, other, "sea.txt", "The sea is deep.")

    assert found(store, zoo, "sea", "sing", "the")[0] == "Whales sing in the sea."
    assert found(store, zoo, "whale", "dived") == ["Some whales dive.", "Whales sing in the sea."]
    assert found(store, other, "sea", "whales") == ["The sea is deep."]
    assert (found(store, zoo, "nothing"), found(store, zoo), found(store, "gone", "sea")) == ([], [], [])


def test_what_is_written_without_spaces_is_found_by_pairs_of_its_letters(
    store: Store, zoo: str, tmp_path: Path
) -> None:
    id_ = add(store, tmp_path, zoo, "seals.txt", "海豹在海里睡觉。", "鸟在Docker树上唱歌。")

    assert found(store, zoo, *words_of("海豹睡在哪里")) == ["海豹在海里睡觉。"]
    assert found(store, zoo, *words_of("Docker树")) == ["鸟在Docker树上唱歌。"]
    store.project_files.remove(zoo, id_, owner="ada")
    assert found(store, zoo, *words_of("海豹睡在哪里")) == []


@pytest.mark.parametrize("words", ["sing_sea", "__sing__ sea", "_ sing", "sing a\u19b0b"])
def test_words_that_an_index_takes_for_several_are_found(store: Store, zoo: str, words: str) -> None:
    assert found(store, zoo, *words_of(words))[0] == "Whales sing in the sea."


def test_files_of_one_name_all_go_along(store: Store, zoo: str, tmp_path: Path) -> None:
    for place in ("north", "south"):
        (tmp_path / place).mkdir()
        add(store, tmp_path / place, zoo, "seals.txt", f"Seals of the {place}.", tokens=1000)
    wording = ProjectWording(store.project_files, store.attachments, estimate=len)
    question = Message.of("user", "Where are seals?")

    (told,), (notice,) = wording.word([question], zoo, owner="ada", tokens=160)
    assert [place for place in ("north", "south") if f"Seals of the {place}." not in told.text] == []
    assert notice.text.endswith("from seals.txt.")


def test_where_no_passage_fits_the_model_reads_what_of_one_fits_the_question(
    store: Store, zoo: str, tmp_path: Path
) -> None:
    counted = " ".join(f"Seal {number} sleeps." for number in range(100, 170))
    add(store, tmp_path, zoo, "seals.txt", counted, tokens=100_000)
    wording = ProjectWording(store.project_files, store.attachments, estimate=len)

    (told,), (notice,) = wording.word([Message.of("user", "What of 155?")], zoo, owner="ada", tokens=3000)
    assert "Seal 155 sleeps." in told.text
    assert len(told.text) < 900
    assert notice.text.endswith("reads the parts that fit the question, from seals.txt.")


def test_a_file_is_listed_counted_and_removed(store: Store, zoo: str) -> None:
    birds, whales = store.project_files.all(zoo, owner="ada")
    assert (birds.name, whales.name, store.project_files.amount(zoo)) == ("birds.txt", "whales.txt", (2, 20))
    store.project_files.add(zoo, birds.id, owner="ada", tokens=10, passages_of_it=["Again."])

    store.project_files.remove(zoo, birds.id, owner="ada")

    assert store.projects.get(zoo, owner="ada").files == 1
    assert (found(store, zoo, "birds", "again"), rest(store)) == ([], len(PASSAGES["whales.txt"]))
    with pytest.raises(NotFoundError):
        store.project_files.remove(zoo, birds.id, owner="ada")


def test_files_are_kept_with_their_project_and_go_with_it(
    store: Store, zoo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "now", lambda: datetime.now(UTC) + timedelta(days=40))
    store.projects.delete(zoo, owner="ada")
    assert store.attachments.forget_unused() == 0

    store.project_files.purge_expired(as_of=datetime.now(UTC) + timedelta(days=31))

    assert (store.attachments.forget_unused(), rest(store)) == (2, 0)
    assert store.database.is_sqlite is False or found(store, zoo, "whales") == []


def test_files_of_others_are_not_there_and_of_one_there_are_not_too_many(
    store: Store, zoo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for attempt in (
        lambda: store.project_files.all(zoo, owner="bob"),
        lambda: store.project_files.remove(zoo, "x", owner="bob"),
        lambda: store.project_files.add(zoo, "x", owner="bob", tokens=1, passages_of_it=[]),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    monkeypatch.setattr(project_files, "MOST_FILES", 2)
    with pytest.raises(InvalidRequestError, match="The project has 2 files"):
        add(store, tmp_path, zoo, "more.txt", "More.")


def test_of_a_long_text_without_spaces_the_part_that_fits_is_chosen() -> None:
    long = "\n\n".join(["天地玄黄宇宙洪荒。" * 100, "海豹在海里睡觉。" * 100, "日月盈昃辰宿列张。" * 100])

    assert fitting_passages(long, "海豹睡在哪里", chars=900).startswith("海豹")
