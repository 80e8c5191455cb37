"""Stores of earlier versions with 100,000 messages: migrated whole, also when the process is killed on the way."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from chatapp.backend.store import Store
from chatapp.backend.store.database import open_database
from chatapp.backend.store.schema import SCHEMA_VERSION
from chatapp.config.settings import Settings
from support.old_stores import CONVERSATIONS, MESSAGES_EACH, fill_old_store

KILLED = Path(__file__).parents[2] / "support" / "killed_migration.py"
REVISIONS = ["0001", "0002"]
BACKENDS = ["sqlite", "postgresql"]

OldStore = Callable[[], Settings]


@pytest.fixture(
    scope="module", params=[(backend, revision) for backend in BACKENDS for revision in REVISIONS], ids="-".join
)
def old_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OldStore:
    """A function that makes settings of another copy of an old store."""
    backend, revision = request.param
    template = Settings(data_dir=tmp_path_factory.mktemp("template"))
    if backend == "postgresql":
        template = Settings(data_dir=template.data_dir, database_url=new_database(request, f"old_{revision}"))
    database = open_database(template)
    fill_old_store(database, revision)
    database.close()

    def copied() -> Settings:
        folder = tmp_path_factory.mktemp("old")
        if backend == "sqlite":
            shutil.copy(template.data_dir / "chatapp.db", folder)
            return Settings(data_dir=folder)
        return Settings(data_dir=folder, database_url=new_database(request, folder.name, template=f"old_{revision}"))

    return copied


def new_database(request: pytest.FixtureRequest, name: str, *, template: str = "template1") -> str:
    """Return the address of a database beside the one that the other tests use."""
    url = make_url(request.getfixturevalue("postgres_url"))
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def open_store() -> Iterator[Callable[[Settings], Store]]:
    """A function that opens a store, which is closed after the test."""
    opened = []

    def open_store(settings: Settings) -> Store:
        opened.append(Store.open(settings))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


def assert_whole(store: Store) -> None:
    with store.database.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == SCHEMA_VERSION
        counted = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
        assert tuple(connection.execute(text(counted)).one()) == (CONVERSATIONS, CONVERSATIONS * MESSAGES_EACH)
    (found,) = store.search.find("whale777x55", owner="ada").items
    assert (found.conversation.id, found.message_id) == ("c777", "c777-55")
    turn = store.turns.get("t1", owner="ada")
    assert (turn.text, turn.segments) == ("Half", [["start", 1], ["text", 4]])


def test_many_messages_are_there_after_the_update(old_store: OldStore, open_store: Callable[[Settings], Store]) -> None:
    store = open_store(old_store())
    assert_whole(store)
    store.turns.interrupt_orphans()
    assert store.messages.page("c1", owner="ada").items[-1].content == "Half"
    assert [hit.message_id for hit in store.search.find("half", owner="ada").items] == ["c1-100"]


@pytest.mark.parametrize("statement", ["ALTER TABLE turns", "UPDATE alembic_version"])
def test_nothing_is_lost_when_the_update_is_killed(
    old_store: OldStore, open_store: Callable[[Settings], Store], statement: str
) -> None:
    settings = old_store()
    address = [settings.database_url.get_secret_value()] if settings.database_url else []
    killed = subprocess.run([sys.executable, KILLED, settings.data_dir, statement, *address], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert_whole(open_store(settings))
    assert len(list(settings.data_dir.glob("chatapp-*"))) == (settings.database_url is None), "one copy is enough"


@pytest.mark.parametrize("old_store", [("sqlite", "0002")], indirect=True)
def test_nothing_is_lost_when_the_copy_before_the_update_is_killed(
    old_store: OldStore, open_store: Callable[[Settings], Store]
) -> None:
    settings = old_store()
    with subprocess.Popen([sys.executable, KILLED, settings.data_dir, "ALTER TABLE messages"]) as update:
        deadline = time.monotonic() + 30
        while not list(settings.data_dir.glob("*.part")) and update.poll() is None and time.monotonic() < deadline:
            time.sleep(0.0005)
        update.kill()
    assert_whole(open_store(settings))
    assert list(settings.data_dir.glob("*.part")) == []
    for copy in settings.data_dir.glob("chatapp-0002-*.db"):
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT count(*) FROM messages").fetchone() == (CONVERSATIONS * MESSAGES_EACH,)
