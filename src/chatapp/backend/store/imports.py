"""What was last read of each imported conversation: by it the next import knows what it need not read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from chatapp.backend.store.database import Database
from chatapp.backend.store.placing import Placed
from chatapp.backend.store.prepared import insert_rows
from chatapp.backend.store.schema import conversations, imports

MAX_KNOWN = 200_000
"""Fingerprints that are held at once; who has more conversations has them compared one by one."""

LOST = "a message whose place in the conversation cannot be found"

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KnownImport:
    """What a text was found to hold when it was read, and how it stood in a list."""

    source: str
    title: str
    messages: int
    left_out: dict[str, int]
    is_deleted_here: bool
    listed: dict[str, Any] | None = None


def fingerprints(database: Database, *, owner: str) -> Iterator[str]:
    """Return those of all conversations of `owner` that were imported."""
    query = (
        select(imports.c.fingerprint)
        .join(conversations, conversations.c.id == imports.c.conversation_id)
        .where(conversations.c.owner == owner, imports.c.fingerprint.is_not(None))
    )
    with database.read() as connection:
        yield from connection.scalars(query.limit(MAX_KNOWN))


def fingerprint_of(database: Database, beginning: str) -> str | None:
    """Return one whose first part is `beginning`, None where there is none."""
    own = imports.c.fingerprint
    query = select(own).where(own >= f"{beginning}-", own < f"{beginning}.").limit(1)
    with database.read() as connection:
        return connection.scalar(query)


def known_imports(connection: Connection, wanted: list[str]) -> dict[str, KnownImport]:
    """Return what is known by fingerprint."""
    known = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = (
            select(imports.c.fingerprint, imports.c.told, conversations.c.deleted_at)
            .join(conversations, conversations.c.id == imports.c.conversation_id)
            .where(imports.c.fingerprint.in_(wanted[start : start + _AT_ONCE]))
        )
        for fingerprint, told, deleted_at in connection.execute(query):
            known[fingerprint] = KnownImport(**told, is_deleted_here=deleted_at is not None)
    return known


def note_imports(connection: Connection, placed: list[Placed]) -> None:
    """Remember what was read of conversations, instead of what was read of them before."""
    rows = [_row(one) for one in placed]
    again = [one.id for one in placed if one.mine is not None]
    if again:
        connection.execute(delete(imports).where(imports.c.conversation_id.in_(again)))
    insert_rows(connection, imports, rows)


def count_rows(database: Database) -> None:
    """Let PostgreSQL plan for what an import has brought: until it counts by itself, within minutes, it plans for less.

    Raises:
        StoreUnavailableError: it cannot count now.
    """
    if not database.is_sqlite:
        with database.write() as connection:
            connection.exec_driver_sql("ANALYZE conversations, messages, turns, imports")


def _row(one: Placed) -> dict[str, Any]:
    theirs = one.theirs
    left_out = dict(theirs.left_out)
    if one.lost:
        left_out[LOST] = one.lost
    return {
        "conversation_id": one.id,
        "fingerprint": one.fingerprint,
        "leaf_id": one.leaf_id,
        "updated_at": one.changed_at,
        "told": {
            "source": theirs.source,
            "title": (theirs.title or theirs.id)[:200],
            "messages": len(theirs.messages),
            "left_out": left_out,
            "listed": one.listed,
        },
    }
