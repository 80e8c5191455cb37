"""What the tables of `llm` of every version have in common."""

import sqlite3
from collections import defaultdict
from typing import Any

from chatapp.backend.transfer.importers.assets import of_bytes
from chatapp.backend.transfer.importers.attachments import attachment
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS
from chatapp.backend.transfer.importers.fields import string
from chatapp.protocol.messages import AttachmentPart

MAX_ROWS = 2_000_000
"""Of a table whose ids are held at once."""

Tables = dict[str, set[str]]


def text(value: object) -> str:
    """Return text, also where a log holds it as bytes or as a number."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value) if isinstance(value, int | float) else string(value)


def columns(wanted: tuple[str, ...], there: set[str]) -> str:
    """Return the columns to select: newer logs have some that older ones do not, as NULL."""
    return ", ".join(f'"{name}"' if name in there else f'NULL AS "{name}"' for name in wanted)


def short_ids(*names: str) -> str:
    """Return the condition that columns hold ids, not anything long."""
    return " AND ".join(f'("{name}" IS NULL OR length("{name}") < 200)' for name in names)


def short_bytes(name: str) -> str:
    """Return what selects a column of bytes, and NULL where they are too many: their length is told without them."""
    return f'CASE WHEN length("{name}") < {MAX_ELEMENT_CHARS} THEN "{name}" END'


def related(log: sqlite3.Connection, tables: Tables, table: str, *, key: str, other: str) -> dict[str, list[Any]]:
    """Return for each `key` of a table what `other` says, in order; nothing where there is no such table."""
    found: dict[str, list[Any]] = defaultdict(list)
    if table in tables and {key, other} <= tables[table]:
        order = '"order"' if "order" in tables[table] else "rowid"
        query = (
            f'SELECT "{key}", "{other}" FROM "{table}" WHERE {short_ids(key, other)} ORDER BY {order} LIMIT {MAX_ROWS}'  # noqa: S608
        )
        for row in log.execute(query):
            found[text(row[0])].append(row[1])
    return found


def fragment(log: sqlite3.Connection, tables: Tables, fragment_id: object) -> str:
    """Return the text of a fragment, a file or a page that was given along with a question."""
    if "fragments" not in tables:
        return ""
    row = log.execute("SELECT content FROM fragments WHERE id = ?", (fragment_id,)).fetchone()
    return text(row[0]) if row else ""


def attached(log: sqlite3.Connection, tables: Tables, attachment_id: object) -> AttachmentPart:
    """Return what is known of a file, with its bytes where the log holds them.

    A path leads nowhere: who writes a log could name any file of this machine.
    """
    row = None
    if "attachments" in tables and isinstance(attachment_id, str | int):
        content = short_bytes("content") if "content" in tables["attachments"] else "NULL"
        query = f"SELECT type, substr(coalesce(path, url), 1, 2000), {content} FROM attachments WHERE id = ?"  # noqa: S608
        row = log.execute(query, (attachment_id,)).fetchone()
    if row is None:
        return attachment()
    address = text(row[1])
    is_data = address.startswith("data:")
    name = "" if is_data else address.replace("\\", "/").partition("?")[0].rpartition("/")[2]
    return attachment(name, row[0], reference=of_bytes(row[2]))
