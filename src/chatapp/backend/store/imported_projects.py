"""The projects that conversations from elsewhere were in: found here, or made."""

from collections.abc import Collection, Iterable
from itertools import islice

from sqlalchemy import Connection, Executable, and_, select

from chatapp.backend.store.identity import now
from chatapp.backend.store.imported import ImportedProject
from chatapp.backend.store.placing import stable_id, well_formed_project
from chatapp.backend.store.prepared import own_insert
from chatapp.backend.store.project_tables import projects
from chatapp.backend.store.projects import room_for_projects
from chatapp.protocol.project_resources import MOST_INSTRUCTIONS_CHARS, MOST_NAME_CHARS


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
