"""The database under the store: made, migrated, guarded, and told about when it cannot be used."""

import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import exc, make_url, text

from chatapp.backend.store import BegunTurn, Store, database
from chatapp.backend.store.database import FILE_NAME, open_database
from chatapp.backend.store.failures import reason_of, store_errors
from chatapp.backend.store.migration import MIGRATIONS, upgrade
from chatapp.backend.store.schema import SCHEMA_VERSION, metadata
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError, StoreTooNewError, StoreUnavailableError
from support.new_file import migrated
from support.saved_turns import save_turn

Ask = Callable[..., BegunTurn]

only_sqlite = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("store_settings", ["postgresql"], indirect=True)


def test_tables_are_those_that_queries_expect(store: Store) -> None:
    with store.database.read() as connection:
        options = {"compare_type": False, "include_object": is_not_of_search}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def is_not_of_search(_item: object, name: str | None, *_of_what: object) -> bool:
    return "search" not in str(name)


def test_schema_version_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_new_file_is_what_the_migrations_make_of_an_empty_one(sqlite_settings: Settings, tmp_path: Path) -> None:
    Store.open(sqlite_settings).close()
    with closing(sqlite3.connect(sqlite_settings.data_dir / FILE_NAME)) as new, closing(migrated(tmp_path)) as made:
        assert dumped(new) == dumped(made), "bring it up to date: python tests/new_file.py"


def dumped(connection: sqlite3.Connection) -> list[str]:
    return sorted(" ".join(statement.split()) for statement in connection.iterdump())


def test_neither_migrating_nor_postgres_is_loaded_by_who_needs_none(store: Store, sqlite_settings: Settings) -> None:
    program = (
        "import sys; from pathlib import Path; from chatapp.backend.store import Store; "
        "from chatapp.config.settings import Settings; settings = Settings(data_dir=Path(sys.argv[1])); "
        "Store.open(settings).close(); Store.open(settings).ping(); "
        "sys.exit(bool({'alembic', 'sqlalchemy.dialects.postgresql'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program, sqlite_settings.data_dir], check=False, timeout=60)
    assert done.returncode == 0


@pytest.fixture
def old_settings(sqlite_settings: Settings) -> Settings:
    """Settings of a store that the first version has written, with one conversation in it."""
    database = open_database(sqlite_settings)
    with database.write() as connection:
        upgrade(connection, "0001")
        row = "'c1', 'ada', 'Old words', false, '2026-01-01 00:00:00', '2026-01-01 00:00:00'"
        names = "id, owner, title, pinned, created_at, updated_at"
        connection.execute(text(f"INSERT INTO conversations ({names}) VALUES ({row})"))
    database.close()
    return sqlite_settings


def test_older_store_is_migrated_with_all_that_is_in_it(old_settings: Settings) -> None:
    store = Store.open(old_settings)
    found = store.search.find("words", owner="ada")
    store.close()
    assert [hit.conversation.title for hit in found.items] == ["Old words"]


def test_older_store_is_kept_beside_before_it_is_migrated(
    old_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    Store.open(old_settings).close()
    (copy,) = old_settings.data_dir.glob("chatapp-0001-*.db")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num, title FROM alembic_version, conversations").fetchall() == [
            ("0001", "Old words")
        ]
    assert str(copy) in caplog.text
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_copy_that_a_killed_update_has_begun_is_removed(old_settings: Settings) -> None:
    (old_settings.data_dir / "chatapp-0001-20260101T000000Z.part").touch()
    Store.open(old_settings).close()
    assert list(old_settings.data_dir.glob("*.part")) == []


def test_update_that_fails_leaves_no_copy(old_settings: Settings) -> None:
    with closing(sqlite3.connect(old_settings.data_dir / "chatapp.db")) as connection:
        connection.execute("CREATE TABLE imports (of TEXT)")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            Store.open(old_settings)
    assert [path.name for path in old_settings.data_dir.glob("chatapp-*")] == []


def test_store_that_cannot_be_copied_is_not_migrated(old_settings: Settings) -> None:
    with files_cannot_grow(beyond=40_000), pytest.raises(StoreUnavailableError, match="cannot be copied"):
        Store.open(old_settings)
    assert [path.name for path in old_settings.data_dir.iterdir() if path.suffix != ".db"] == []
    Store.open(old_settings).close()


def test_newer_store_is_refused_in_one_sentence(store: Store, store_settings: Settings) -> None:
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(StoreTooNewError, match="newer chatapp"):
            Store.open(store_settings)
    finally:
        with store.database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": SCHEMA_VERSION})


def test_first_starts_at_once_make_one_store(sqlite_settings: Settings) -> None:
    program = (
        "import sys; from pathlib import Path; from chatapp.backend.store import Store; "
        "from chatapp.config.settings import Settings; "
        "Store.open(Settings(data_dir=Path(sys.argv[1]))).conversations.create(owner='ada')"
    )
    starts = [subprocess.Popen([sys.executable, "-c", program, sqlite_settings.data_dir]) for _ in range(4)]
    assert [start.wait(timeout=60) for start in starts] == [0, 0, 0, 0]
    store = Store.open(sqlite_settings)
    assert len(store.conversations.page(owner="ada").items) == 4
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no file modes on Windows")
def test_file_and_folder_are_for_their_user_alone(sqlite_settings: Settings) -> None:
    store = Store.open(sqlite_settings)
    store.conversations.create(owner="ada")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in sqlite_settings.data_dir.iterdir()}
    store.close()
    assert stat.S_IMODE(sqlite_settings.data_dir.stat().st_mode) == 0o700
    assert modes == {"chatapp.db": 0o600, "chatapp.db-wal": 0o600, "chatapp.db-shm": 0o600}


@contextmanager
def files_cannot_grow(*, beyond: int = 1024) -> Iterator[None]:
    """Make every write beyond so many bytes of a file fail, as a full disk does."""
    resource = pytest.importorskip("resource", reason="no limits of this kind on Windows")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@only_sqlite
def test_failing_disk_is_told_and_survived(begin: Ask, store: Store) -> None:
    begun = begin()
    with files_cannot_grow(), pytest.raises(StoreUnavailableError):
        save_turn(store, begun.turn_id, text="lost", segments=[])
    save_turn(store, begun.turn_id, text="kept", segments=[])
    assert store.turns.get(begun.turn_id, owner="ada").text == "kept"


@only_sqlite
def test_full_disk_is_named(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(StoreUnavailableError, match="the disk is full"):
        store.conversations.create(owner="ada", system="long " * 100_000)


def test_a_disk_too_full_to_open_the_file_is_named() -> None:
    """SQLite reports an error of the disk where it cannot make the file beside its log, as at a start."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    assert reason_of(error) == "the disk is full"


def test_nobody_looks_for_a_server_where_a_file_fails() -> None:
    error = sqlite3.OperationalError("locking protocol")
    error.sqlite_errorname = "SQLITE_PROTOCOL"
    with pytest.raises(StoreUnavailableError) as caught, store_errors():
        raise exc.OperationalError("SELECT 1", {}, error)
    assert caught.value.hint is None


@only_sqlite
def test_read_only_file_is_named(store: Store) -> None:
    with store.database.read() as connection:
        connection.execute(text("PRAGMA query_only = 1"))
    with pytest.raises(StoreUnavailableError, match="read-only"):
        store.conversations.create(owner="ada")


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match=r"file/data/chatapp\.db cannot be written") as caught:
        Store.open(Settings(data_dir=tmp_path / "file" / "data"))
    assert caught.value.hint == "Set DATA_DIR to a folder that can be written."


@only_sqlite
def test_tables_of_no_known_version_are_told_as_such(store: Store, store_settings: Settings) -> None:
    with store.database.write() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(StoreUnavailableError, match="the tables in the file are not as chatapp makes them"):
        Store.open(store_settings)


def test_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "chatapp.db").write_text("Dear diary, " * 1000)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        Store.open(Settings(data_dir=tmp_path))
    assert (tmp_path / "chatapp.db").read_text().startswith("Dear diary")


@pytest.mark.parametrize(
    "statements",
    [
        "CREATE TABLE books (id)",
        "PRAGMA journal_mode = WAL; CREATE TABLE books (id)",
        "CREATE TABLE conversations (id)",
        "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0001')",
        "CREATE TABLE conversations (id); CREATE TABLE alembic_version (version_num); "
        "INSERT INTO alembic_version VALUES ('3ab32c4b8f59')",
    ],
    ids=["no table of our names", "with a log", "a table of our name", "numbered versions", "both names"],
)
def test_file_of_another_program_is_refused_and_kept(tmp_path: Path, statements: str) -> None:
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match=r"chatapp\.db is another program's database") as caught:
        Store.open(Settings(data_dir=tmp_path))
    assert caught.value.hint == "Set DATA_DIR to another folder, or DATABASE_URL to another database."
    assert ([*tmp_path.glob("*.db*")], path.read_bytes()) == ([path], before)


def test_file_that_its_program_has_locked_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    began = time.monotonic()
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as connection:
        for statement in ("journal_mode = WAL", "locking_mode = EXCLUSIVE"):
            connection.execute(f"PRAGMA {statement}")
        connection.execute("CREATE TABLE books (id)")
        with pytest.raises(StoreUnavailableError, match="another process is writing"):
            Store.open(Settings(data_dir=tmp_path))
    assert time.monotonic() - began < 3


@only_postgres
@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        (
            "UPDATE alembic_version SET version_num = '3ab32c4b8f59'",
            f"UPDATE alembic_version SET version_num = '{SCHEMA_VERSION}'",
        ),
        ("ALTER TABLE alembic_version RENAME TO aside", "ALTER TABLE aside RENAME TO alembic_version"),
    ],
    ids=["versions of its own", "tables of our names"],
)
def test_database_of_another_program_is_refused(store: Store, store_settings: Settings, spoil: str, mend: str) -> None:
    with store.database.write() as connection:
        connection.execute(text(spoil))
    try:
        with pytest.raises(StoreUnavailableError, match="another program's database"):
            Store.open(store_settings)
    finally:
        with store.database.write() as connection:
            connection.execute(text(mend))


@only_postgres
@pytest.mark.parametrize("changed", [{"database": "nowhere"}, {"username": "nobody"}], ids=["name", "user"])
def test_what_postgres_does_not_know_is_told(store: Store, store_settings: Settings, changed: dict[str, str]) -> None:
    assert store_settings.database_url is not None
    url = make_url(store_settings.database_url.get_secret_value()).set(**changed)
    address = url.render_as_string(hide_password=False)
    with pytest.raises(StoreUnavailableError, match="does not know the user, the password or the name"):
        Store.open(Settings(data_dir=store_settings.data_dir, database_url=address))


def test_certificate_that_is_missing_here_is_no_name_that_is_not_known_there(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver for this platform")
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def begin_tls() -> None:
            line, _ = server.accept()
            with line:
                line.recv(100)
                line.sendall(b"S")  # it speaks TLS
                line.recv(100)

        served = pool.submit(begin_tls)
        address = f"postgresql://me:secret@127.0.0.1:{server.getsockname()[1]}/it?sslmode=verify-full&sslrootcert=none"
        with pytest.raises(StoreUnavailableError, match="does not answer") as caught:
            Store.open(Settings(data_dir=tmp_path, database_url=address))
        served.result(timeout=5)
    assert "does not exist" in str(caught.value.__cause__)
    assert caught.value.hint == "Check that PostgreSQL runs where DATABASE_URL says."


@only_postgres
def test_user_without_rights_is_told_so(store: Store, store_settings: Settings) -> None:
    assert store_settings.database_url is not None
    url = make_url(store_settings.database_url.get_secret_value()).set(username="visitor")
    address = url.render_as_string(hide_password=False)
    with store.database.write() as connection:
        connection.execute(text("CREATE ROLE visitor LOGIN"))
    try:
        with pytest.raises(StoreUnavailableError, match="lacks rights") as caught:
            Store.open(Settings(data_dir=store_settings.data_dir, database_url=address))
        assert "OWNER" in (caught.value.hint or "")
    finally:
        with store.database.write() as connection:
            connection.execute(text("DROP ROLE visitor"))


@only_postgres
def test_lost_connection_is_made_anew(store: Store, second_store: Store) -> None:
    store.ping()
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
    with second_store.database.write() as connection:
        connection.execute(text(others))
    store.ping()


def test_server_that_is_away_is_told(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    settings = Settings(data_dir=tmp_path, database_url="postgresql://ada:secret@127.0.0.1:1/chat")
    with pytest.raises(StoreUnavailableError) as caught:
        Store.open(settings)
    assert "secret" not in caught.value.sentence()


def test_address_that_cannot_be_read_is_refused_without_showing_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://ada:secret@host:port/chat")
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        Store.open(settings)
    assert "secret" not in caught.value.sentence()


NOT_NOW = {"OperationalError", "InterfaceError", "InternalError", "DatabaseError"}
DEFECTS = {"IntegrityError", "DataError", "ProgrammingError", "NotSupportedError"}


def _kinds(root: type[exc.DBAPIError]) -> Iterator[type[exc.DBAPIError]]:
    for kind in root.__subclasses__():
        if kind.__module__ == exc.__name__:
            yield kind
            yield from _kinds(kind)


def test_every_error_of_the_library_has_its_place() -> None:
    assert {kind.__name__ for kind in _kinds(exc.DBAPIError)} == NOT_NOW | DEFECTS


@pytest.mark.parametrize("kind", list(_kinds(exc.DBAPIError)))
def test_error_that_means_not_now_becomes_ours(kind: type[exc.DBAPIError]) -> None:
    expected = StoreUnavailableError if kind.__name__ in NOT_NOW else kind
    with pytest.raises(expected), store_errors():
        raise kind("SELECT", {}, sqlite3.Error())


@only_sqlite
def test_errors_never_show_what_was_written(store: Store) -> None:
    insert = text("INSERT INTO messages (id, content) VALUES ('1', :content)")
    with pytest.raises(exc.IntegrityError) as caught, store.database.write() as connection:
        connection.execute(insert, {"content": "my secret"})
    assert "my secret" not in str(caught.value)


@only_sqlite
def test_sign_of_life_is_given_while_another_process_writes(store: Store, second_store: Store) -> None:
    with second_store.database.write():
        store.ping()


@only_sqlite
@pytest.mark.parametrize("damage", ["deleted", "replaced", "garbage", "emptied"])
def test_no_sign_of_life_of_a_file_that_is_not_what_it_was(damage: str, ask: Ask, store: Store) -> None:
    ask("One")
    store.ping()
    path = store.database.path
    assert path is not None
    store.database.close()  # so that all is in the file itself
    damaged(path, damage)

    with pytest.raises(StoreUnavailableError):
        store.ping()


def damaged(path: Path, damage: str) -> None:
    if damage == "deleted":
        path.unlink()
    elif damage == "replaced":
        path.rename(path.with_suffix(".old"))
        path.write_bytes(path.with_suffix(".old").read_bytes())
    else:
        path.write_bytes(b"\xff" * path.stat().st_size if damage == "garbage" else b"")


@only_sqlite
@pytest.mark.parametrize("damage", ["deleted", "replaced"])
def test_nothing_is_kept_in_a_file_that_nobody_would_find_again(damage: str, ask: Ask, store: Store) -> None:
    ask("One")
    assert store.database.path is not None
    damaged(store.database.path, damage)

    with pytest.raises(StoreUnavailableError, match="deleted or replaced"):
        ask("Two")
    with pytest.raises(StoreUnavailableError, match="deleted or replaced"):
        store.conversations.page(owner="ada")


@only_postgres
def test_postgresql_waits_for_locks_and_statements_for_so_long_only(store: Store) -> None:
    with store.database.read() as connection:
        limits = {name: connection.scalar(text(f"SHOW {name}")) for name in ("lock_timeout", "statement_timeout")}

    assert limits == {"lock_timeout": "10s", "statement_timeout": "20s"}


@only_postgres
def test_postgresql_that_falls_silent_is_given_up(store: Store) -> None:
    began = time.monotonic()

    with pytest.raises(StoreUnavailableError), store.database.read() as connection:  # noqa: PT012
        connection.connection.dbapi_connection.deadline_s = 0.5  # type: ignore[union-attr]
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_sleep(30)"))

    assert time.monotonic() - began < 10
    store.ping()


@only_postgres
def test_postgresql_that_is_read_only_gives_no_sign_of_life(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))

    with pytest.raises(StoreUnavailableError, match="read-only"):
        store.ping()
