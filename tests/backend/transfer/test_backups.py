"""Backups of the store: whole although it is written to, and put back without losing what was there."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatapp.backend.store import BegunTurn, Store
from chatapp.backend.transfer.backups import back_up, look_into, restore
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, SettingsError, StoreTooNewError, StoreUnavailableError

Ask = Callable[..., BegunTurn]


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """An empty store in a file."""
    return sqlite_store


@pytest.fixture
def file(store: Store) -> Path:
    """The file of the store."""
    assert store.database.path is not None
    return store.database.path


def titles(settings: Settings) -> list[str | None]:
    store = Store.open(settings)
    try:
        return sorted(str(item.title) for item in store.conversations.page(owner="ada").items)
    finally:
        store.close()


def test_backup_is_made_while_another_process_writes(store: Store, file: Path, ask: Ask, tmp_path: Path) -> None:
    ask("One?")
    target = tmp_path / "backup.db"
    with store.database.write() as writing:
        writing.exec_driver_sql("UPDATE conversations SET title = 'not yet'")
        found = back_up(file, target)
    assert (found.conversations, found.messages) == (1, 2)
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT title FROM conversations").fetchall() == [("One?",)]
    assert target.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"backup.db"}


def test_backup_comes_back_and_what_was_there_is_kept(
    store: Store, file: Path, ask: Ask, tmp_path: Path, sqlite_settings: Settings
) -> None:
    ask("One?")
    back_up(file, tmp_path / "backup.db")
    ask("Two?")
    store.close()
    kept = restore(tmp_path / "backup.db", file)
    assert titles(sqlite_settings) == ["One?"]
    assert kept is not None
    assert look_into(kept).conversations == 2
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_was_there_is_kept_each_time(store: Store, file: Path, ask: Ask, tmp_path: Path) -> None:
    ask("One?")
    back_up(file, tmp_path / "backup.db")
    ask("Two?")
    store.close()
    kept = [restore(tmp_path / "backup.db", file) for _ in range(3)]
    assert [look_into(path).conversations for path in kept if path] == [2, 1, 1]


def test_backup_comes_into_an_empty_folder(file: Path, ask: Ask, tmp_path: Path) -> None:
    ask("One?")
    back_up(file, tmp_path / "backup.db")
    assert restore(tmp_path / "backup.db", tmp_path / "new" / "chatapp.db") is None
    assert titles(Settings(data_dir=tmp_path / "new")) == ["One?"]


def test_store_that_is_open_is_not_replaced(store: Store, file: Path, ask: Ask, tmp_path: Path) -> None:
    ask("One?")
    back_up(file, tmp_path / "backup.db")
    before = file.stat().st_ino
    with pytest.raises(StoreUnavailableError, match="in use"):
        restore(tmp_path / "backup.db", file)
    assert file.stat().st_ino == before
    ask("Two?")
    assert not [path for path in file.parent.iterdir() if path.suffix == ".part"]


@pytest.mark.parametrize("beside", [b"", b"left by who was killed"])
def test_damaged_store_is_replaced_with_its_log(
    store: Store, ask: Ask, tmp_path: Path, sqlite_settings: Settings, beside: bytes
) -> None:
    file = sqlite_settings.data_dir / "chatapp.db"
    ask("One?")
    back_up(file, tmp_path / "backup.db")
    store.close()
    file.write_bytes(b"no database at all" * 100)
    log = file.with_name("chatapp.db-wal")
    log.write_bytes(beside)
    kept = restore(tmp_path / "backup.db", file)
    assert titles(sqlite_settings) == ["One?"]
    assert kept is not None
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == beside


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) // 2)
    path.write_bytes(content)


def of_later(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")


def of_others(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute("CREATE TABLE conversations (id)")


def with_a_trigger(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute(
            "CREATE TRIGGER hand_over AFTER INSERT ON conversations "
            "BEGIN UPDATE conversations SET owner = 'eve' WHERE id = new.id; END"
        )


def with_a_changed_trigger(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute("DROP TRIGGER search_inserts_title")
        copy.execute("CREATE TRIGGER search_inserts_title AFTER INSERT ON conversations BEGIN SELECT 1; END")


WRONG: dict[str, tuple[Callable[[Path], object], type[ChatappError], str]] = {
    "damaged": (damaged, SettingsError, "is damaged"),
    "cut": (lambda path: os.truncate(path, 5000), SettingsError, "is damaged"),
    "newer": (of_later, StoreTooNewError, "newer chatapp"),
    "acting by itself": (with_a_trigger, SettingsError, "not chatapp's: hand_over"),
    "acting otherwise": (with_a_changed_trigger, SettingsError, "not chatapp's: search_inserts_title"),
    "a database of others": (of_others, SettingsError, "no backup of chatapp's"),
    "no database": (lambda path: path.write_bytes(b"hello"), SettingsError, "no backup of chatapp's"),
    "empty": (lambda path: os.truncate(path, 0), SettingsError, "no backup of chatapp's"),
    "missing": (Path.unlink, SettingsError, "cannot be read"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), SettingsError, "cannot be read"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_file_is_named_and_nothing_changes(
    store: Store, ask: Ask, tmp_path: Path, sqlite_settings: Settings, kind: str
) -> None:
    spoil, error, sentence = WRONG[kind]
    file = sqlite_settings.data_dir / "chatapp.db"
    ask("One?")
    backup = tmp_path / "backup.db"
    back_up(file, backup)
    store.close()
    spoil(backup)
    with pytest.raises(error, match=sentence) as raised:
        restore(backup, file)
    assert raised.value.exit_code == 2
    assert titles(sqlite_settings) == ["One?"]
    assert {path.name for path in file.parent.iterdir()} <= {"chatapp.db", "chatapp.db-wal", "chatapp.db-shm"}


def test_damaged_store_gives_no_backup(store: Store, file: Path, ask: Ask, tmp_path: Path) -> None:
    for _ in range(30):
        ask("One?" * 200)
    store.close()
    damaged(file)
    with pytest.raises(StoreUnavailableError, match="damaged"):
        back_up(file, tmp_path / "backup.db")
    assert not list(tmp_path.glob("*backup*"))
    assert not list(tmp_path.glob(".chatapp-*"))
