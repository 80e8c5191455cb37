"""`chatapp export`, `backup` and `restore`, as they are typed."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatapp.cli.backup import run_restore
from chatapp.cli.export import run as run_export
from chatapp.cli.imports import run as run_import
from chatapp.errors import InvalidRequestError, SettingsError
from support.foreign_exports import ELIA_SCRIPT, chatgpt
from support.running_backend import RunningBackend

Chatapp = Callable[..., Any]


@pytest.fixture
def data(backend: RunningBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a backend that has a conversation and still runs; commands use it too."""
    backend.client.ask("What is a python?", store=True)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_backup_and_restore_with_a_look_before(chatapp: Chatapp, backend: RunningBackend, data: Path) -> None:
    made = chatapp("backup", "backup.db")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("backup.db: 1 conversation, 2 messages, last changed 20")
    in_use = chatapp("restore", "backup.db", "--yes")
    assert (in_use.returncode, in_use.stderr.count("\n")) == (1, 1)
    assert "is in use. Stop the backend first." in in_use.stderr
    backend.client.ask("And a boa?", store=True)
    backend.stop()
    restored = chatapp("restore", "backup.db", "--yes")
    backup, here, end = restored.stdout.splitlines()
    assert restored.returncode == 0
    assert backup.startswith("backup  backup.db: 1 conversation, 2 messages")
    assert here.startswith(f"here    {data / 'chatapp.db'}: 2 conversations, 4 messages")
    assert Path(end.removeprefix("Restored. What was here is kept in ")).is_file()


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["backup", "missing/backup.db"], "There is no folder missing."),
        (["export", "there"], "there exists already."),
        (["export", "x.pdf"], "x.pdf ends in none of zip, md, html."),
        (["export", "x", "--format", "pdf"], "it must be one of zip, md, html, chatgpt."),
        (["export", "x.zip", "--format", "chatgpt"], "but --format chatgpt writes json. Name it x.json"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_sentence(chatapp: Chatapp, arguments: list[str], sentence: str) -> None:
    Path("there").touch()
    refused = chatapp(*arguments)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert sentence in refused.stderr


def test_restore_that_nobody_can_confirm_changes_nothing(chatapp: Chatapp, backend: RunningBackend, data: Path) -> None:
    chatapp("backup", "backup.db")
    backend.stop()
    before = (data / "chatapp.db").stat().st_ino
    with pytest.raises(SettingsError, match="replaces"):
        run_restore("backup.db", is_sure=False)
    assert (data / "chatapp.db").stat().st_ino == before


def test_postgresql_has_its_own_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/none")
    with pytest.raises(SettingsError, match="PostgreSQL") as raised:
        run_restore("backup.db", is_sure=True)
    assert "pg_dump" in str(raised.value.hint)


@pytest.mark.usefixtures("data")
def test_export_asks_the_backend_or_reads_the_store(
    backend: RunningBackend, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_export("asked.zip", as_format="zip", backend_url=backend.url)
    backend.stop()
    monkeypatch.setattr("chatapp.cli.backends.DEFAULT_BACKEND_URL", backend.url)
    run_export("read.zip", as_format="zip", backend_url=None)
    said = [zipfile.ZipFile(name).read("conversations.json") for name in ("asked.zip", "read.zip")]
    assert b"What is a python?" in said[0]
    assert said[0] == said[1]
    assert Path("asked.zip").stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr().out == "asked.zip: 1 kB\nread.zip: 1 kB\n"


@pytest.mark.usefixtures("data")
def test_an_export_is_what_its_name_ends_in(backend: RunningBackend) -> None:
    begins = {"a.html": b"<!doctype html>", "b.MD": b"# ", "c.zip": b"PK", "d": b"PK"}
    for name, beginning in begins.items():
        run_export(name, as_format=None, backend_url=backend.url)
        assert Path(name).read_bytes().lower().startswith(beginning.lower()), name
    run_export("conversations.json", as_format="chatgpt", backend_url=backend.url)
    assert json.loads(Path("conversations.json").read_text())[0]["mapping"]


@pytest.mark.usefixtures("data")
def test_an_export_that_is_piped_is_the_file_alone(
    backend: RunningBackend, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run_export("-", as_format=None, backend_url=backend.url)
    assert capfdbinary.readouterr().out.startswith(b"PK")
    assert not Path("-").exists()


def test_exports_are_imported_with_a_receipt(
    shared: RunningBackend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "whales.json").write_text(json.dumps([chatgpt("whales-of-the-shell")]))
    (tmp_path / "notes.txt").write_text("These are no conversations.")
    whales, notes = str(tmp_path / "whales.json"), str(tmp_path / "notes.txt")

    run_import([whales], as_json=False, backend_url=shared.url)
    assert capsys.readouterr().out.startswith("chatgpt: 1 of 1 conversations added, with ")
    with closing(sqlite3.connect(tmp_path / "elia.sqlite")) as program:  # which keeps it open
        program.execute("PRAGMA journal_mode = WAL")
        program.executescript(ELIA_SCRIPT)
        run_import([str(tmp_path / "elia.sqlite")], as_json=False, backend_url=shared.url)
    assert capsys.readouterr().out == "elia: 1 of 1 conversations added, with 2 of 2 messages.\n"
    run_export(str(tmp_path / "all.zip"), as_format=None, backend_url=shared.url)
    run_import([str(tmp_path / "all.zip")], as_json=False, backend_url=shared.url)
    assert capsys.readouterr().out.endswith(" messages. All of it came in before.\n")
    with pytest.raises(InvalidRequestError):
        run_import([whales, notes, whales], as_json=True, backend_url=shared.url)
    told = capsys.readouterr()
    (again,) = json.loads(told.out)["imports"]
    assert (again["file"], again["conversations_read"], again["conversations_added"]) == (whales, 1, 0)
    assert f"{notes} is not imported, nor what follows it:" in told.err
    with pytest.raises(SettingsError, match="is not there"):
        run_import([whales, "nowhere.zip"], as_json=False, backend_url=shared.url)
    with pytest.raises(SettingsError, match="is a folder"):
        run_import([whales, str(tmp_path)], as_json=False, backend_url=shared.url)
    assert capsys.readouterr().out == ""
