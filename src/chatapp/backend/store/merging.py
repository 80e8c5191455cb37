"""Putting conversations from elsewhere into the store, once, however often they come, and with what is new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.growing import grow
from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.store.imported_projects import own_projects
from chatapp.backend.store.imports import note_imports
from chatapp.backend.store.placing import (
    OURS,
    Placed,
    archived_at,
    files_of,
    in_order,
    last_moment,
    message_rows,
    stable_id,
    turn_rows,
    well_formed,
)
from chatapp.backend.store.prepared import insert_rows
from chatapp.backend.store.schema import conversations, imports, messages, turns
from chatapp.backend.store.search.bulk import indexed_together


@dataclass(frozen=True, slots=True)
class Added:
    """What came of one conversation. `lost` counts messages whose place in the tree could not be found.

    `project_id` is the project that one that `is_new` is in here.
    """

    is_new: bool = False
    messages: int = 0
    lost: int = 0
    is_deleted_here: bool = False
    project_id: str | None = None


def add_all(
    connection: Connection, arrived: Iterable[tuple[ImportedConversation, str | None]], *, owner: str
) -> list[Added]:
    """Save what is not here yet of conversations that differ from each other, each with its fingerprint."""
    wanted = [(well_formed(theirs), fingerprint) for theirs, fingerprint in arrived]
    found = _existing(connection, [theirs for theirs, _ in wanted], owner)
    placed = [_placed(theirs, fingerprint, found, owner) for theirs, fingerprint in wanted]
    own = _insert_new([one for one in placed if one.mine is None and _is_kept(one)], connection, owner)
    return [_added(connection, one, owner, own) for one in placed]


def _is_kept(one: Placed) -> bool:
    return bool(one.ordered) or one.is_ours


def _added(connection: Connection, one: Placed, owner: str, projects: Mapping[str, str]) -> Added:
    if one.mine is None:
        project_id = projects.get(one.theirs.project.id) if one.theirs.project else None
        return Added(is_new=_is_kept(one), messages=len(one.ordered), lost=one.lost, project_id=project_id)
    if one.mine.deleted_at is not None:
        return Added(is_deleted_here=True)
    return Added(messages=grow(connection, one, owner=owner), lost=one.lost)


def _existing(connection: Connection, wanted: list[ImportedConversation], owner: str) -> dict[str, Row[Any]]:
    """Return the conversations that are here already: by the id they got when they came, or by which they left."""
    ids = [stable_id(owner, theirs.source, theirs.id) for theirs in wanted]
    ids += [
        theirs.id if theirs.source == OURS else _carried(given, owner)
        for theirs, given in zip(wanted, ids, strict=True)
    ]
    last = [imports.c.leaf_id.label("imported_leaf_id"), imports.c.updated_at.label("imported_at"), imports.c.told]
    query = (
        select(conversations, imports.c.conversation_id.label("import_id"), *last)
        .outerjoin(imports, imports.c.conversation_id == conversations.c.id)
        .where(and_(conversations.c.id.in_(ids), conversations.c.owner == owner))
    )
    return {row.id: row for row in connection.execute(query.with_for_update(of=conversations))}


def _carried(given: str, owner: str) -> str:
    """Return the id here of what another chatapp, in which it came as `given`, has exported for the same owner."""
    return stable_id(owner, OURS, given)


def _placed(theirs: ImportedConversation, fingerprint: str | None, found: dict[str, Row[Any]], owner: str) -> Placed:
    given = stable_id(owner, theirs.source, theirs.id)
    carried = "" if theirs.source == OURS else _carried(given, owner)
    mine = found.get(given) or found.get(carried or theirs.id)
    ordered = list(in_order(theirs.messages, by_time=theirs.source != OURS))
    conversation_id = mine.id if mine is not None else given
    names = {it.id: stable_id(given, it.id) if conversation_id == carried else it.id for it in ordered}
    ids = {message_id: stable_id(conversation_id, name) for message_id, name in names.items()}
    return Placed(theirs, fingerprint, conversation_id, mine, ids, ordered)


def _insert_new(placed: list[Placed], connection: Connection, owner: str) -> dict[str, str]:
    """Save new conversations, and return which projects here are those that they were in."""
    if not placed:
        return {}
    own = own_projects(connection, [one.theirs.project for one in placed if one.theirs.project], owner=owner)
    rows = [row for one in placed for row in message_rows(one, one.ordered, first=1)]
    made = [row for one in placed for row in turn_rows(one, one.ordered, owner=owner)]
    with indexed_together(connection, [one.id for one in placed]):
        insert_rows(connection, conversations, [_conversation_row(one, owner, own) for one in placed])
        insert_rows(connection, messages, rows)
    insert_rows(connection, turns, made)
    for one in placed:
        note_uses(connection, one.id, files_of(one.ordered))
    note_imports(connection, placed)
    return own


def _conversation_row(one: Placed, owner: str, projects: Mapping[str, str]) -> dict[str, Any]:
    theirs = one.theirs
    updated_at = theirs.updated_at or last_moment(theirs)
    return {
        "id": one.id,
        "owner": owner,
        "title": one.title,
        "pinned": theirs.is_pinned,
        "system": theirs.system,
        "model": theirs.model if theirs.source == OURS else None,
        "sampling": theirs.sampling,
        "project_id": projects.get(theirs.project.id) if theirs.project else None,
        "leaf_id": one.leaf_id,
        "created_at": theirs.created_at or min(updated_at, last_moment(theirs)),
        "updated_at": updated_at,
        "archived_at": archived_at(theirs),
    }
