"""Putting conversations from elsewhere, and the projects they are in, into the store: once, and later what is new."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Executable, Row, and_, select

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.growing import grow
from chatapp.backend.store.identity import now
from chatapp.backend.store.imported import ImportedConversation, ImportedProject
from chatapp.backend.store.imports import note_imports
from chatapp.backend.store.placing import (
    OURS,
    Placed,
    archived_at,
    files_of,
    first_moment,
    in_order,
    last_moment,
    message_rows,
    stable_id,
    turn_rows,
    well_formed,
    well_formed_project,
)
from chatapp.backend.store.prepared import insert_rows, own_insert
from chatapp.backend.store.projects import room_for_projects
from chatapp.backend.store.schema import conversations, imports, messages, projects, turns
from chatapp.backend.store.search.index import indexed_together
from chatapp.protocol.project_resources import MOST_INSTRUCTIONS_CHARS, MOST_NAME_CHARS


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


def _added(connection: Connection, one: Placed, owner: str, own: Mapping[str, str]) -> Added:
    if one.mine is None:
        project_id = own.get(one.theirs.project.id) if one.theirs.project else None
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
    return {row.id: row for row in connection.execute(query.with_for_update(of=conversations, key_share=True))}


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


def _conversation_row(one: Placed, owner: str, own: Mapping[str, str]) -> dict[str, Any]:
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
        "project_id": own.get(theirs.project.id) if theirs.project else None,
        "leaf_id": one.leaf_id,
        "created_at": theirs.created_at or min(updated_at, first_moment(theirs)),
        "updated_at": updated_at,
        "archived_at": archived_at(theirs),
    }


def own_projects(connection: Connection, wanted: Iterable[ImportedProject], *, owner: str) -> dict[str, str]:
    """Return, by the id that each of `wanted` has there, the id of the project that it is here.

    One that is not here is made. One that was deleted here, one without a name, or one too many, is left out.
    """
    return _own(connection, wanted, owner)[0]


def own_project(connection: Connection, theirs: ImportedProject, *, owner: str) -> tuple[str | None, bool]:
    """Return the id of the project that `theirs` is here, None where it is left out, and whether it was made now."""
    theirs = well_formed_project(theirs)
    own, made = _own(connection, [theirs], owner)
    return own.get(theirs.id), bool(made)


def _own(connection: Connection, wanted: Iterable[ImportedProject], owner: str) -> tuple[dict[str, str], set[str]]:
    """Return the ids of projects here by those that they have there, and which of them were made now."""
    theirs = {project.id: project for project in wanted}
    if not theirs:
        return {}, set()
    own = {id_: stable_id(owner, "project", id_) for id_ in theirs}
    is_any = and_(projects.c.owner == owner, projects.c.id.in_([*own, *own.values()]))
    found = {row.id: row.deleted_at for row in connection.execute(select(projects).where(is_any))}
    new = [project for id_, project in theirs.items() if _is_new(project, own[id_], found)]
    made = _made(connection, {own[project.id]: project for project in new}, owner)
    here = {id_ for id_, deleted_at in found.items() if deleted_at is None} | made
    return {id_: it for id_ in theirs for it in (id_, own[id_]) if it in here}, made


def _is_new(project: ImportedProject, own_id: str, found: Collection[str]) -> bool:
    return bool(project.name.strip()) and project.id not in found and own_id not in found


def _made(connection: Connection, wanted: dict[str, ImportedProject], owner: str) -> set[str]:
    """Make projects under their new ids, as many as there is room for, and return these.

    Another import of the same may make them at the same time.
    """
    rows = [
        {
            "id": id_,
            "owner": owner,
            "name": project.name.strip()[:MOST_NAME_CHARS],
            "instructions": (project.instructions or "")[:MOST_INSTRUCTIONS_CHARS] or None,
            "model": (project.model or "")[:MOST_NAME_CHARS] or None,
            "created_at": now(),
            "updated_at": now(),
        }
        for id_, project in islice(wanted.items(), room_for_projects(connection, owner))
    ]
    if rows:
        connection.execute(_insert_unless_there(connection), rows)
    return {str(row["id"]) for row in rows}


def _insert_unless_there(connection: Connection) -> Executable:
    own = own_insert(projects, connection.dialect.name)
    statement: Executable = own.on_conflict_do_nothing(index_elements=[projects.c.id])
    return statement
