"""What the migrations make of an empty SQLite file, in the words of `migrations/new_file.sql`."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from chatapp.backend.store.database import FILE_NAME, open_database
from chatapp.backend.store.migration import upgrade
from chatapp.config.settings import Settings

MADE_BY_OTHERS = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"
MADE = f"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT IN ({MADE_BY_OTHERS}) ORDER BY rowid"
ROWS = (
    "SELECT 'INSERT INTO search (search, rank) VALUES (' || quote(k) || ', ' || v || ')' FROM search_config "
    "WHERE k <> 'version'",
    "SELECT 'INSERT INTO alembic_version VALUES (' || quote(version_num) || ')' FROM alembic_version",
)


def statements() -> str:
    """Return one statement a paragraph, in the order in which they can be run."""
    with tempfile.TemporaryDirectory() as folder, closing(migrated(Path(folder))) as connection:
        found = [text for query in (MADE, *ROWS) for (text,) in connection.execute(query)]
    lines = [[line.rstrip() for line in text.splitlines()] for text in found]
    return "\n\n".join("\n".join(each) for each in lines) + "\n"


def migrated(folder: Path) -> sqlite3.Connection:
    """Return a connection to an empty store that the migrations have made."""
    database = open_database(Settings(data_dir=folder, database_url=None))
    try:
        with database.write() as connection:
            upgrade(connection)
    finally:
        database.close()
    return sqlite3.connect(folder / FILE_NAME)
