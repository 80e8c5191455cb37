"""Projects: conversations that belong together, with instructions and a model for all of them."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select, update

from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import new_id, now
from chatapp.backend.store.records import Project
from chatapp.backend.store.removal import stop_answers
from chatapp.backend.store.schema import conversations, projects
from chatapp.backend.store.schema import project_files as files
from chatapp.errors import InvalidRequestError, NotFoundError

MOST_PROJECTS = 1000
"""Of one owner: they are listed all at once."""


class ProjectChanges(TypedDict, total=False):
    """What of a project can be changed; what is not named stays."""

    name: str
    instructions: str | None
    model: str | None


class Guidance(NamedTuple):
    """What a project gives each of its conversations; `files_of` is its id where it has files."""

    id: str | None = None
    instructions: str | None = None
    model: str | None = None
    files_of: str | None = None

    def system(self, own: str | None) -> str | None:
        """Return the system prompt: the instructions, and behind them what the conversation has of its `own`."""
        return "\n\n".join(filter(None, [self.instructions, own])) or None if self.id else own


NO_GUIDANCE = Guidance()


@dataclass(frozen=True, slots=True)
class Projects:
    """The projects of every owner; those of others do not exist for a caller."""

    database: Database

    def create(self, *, owner: str, name: str, **values: Unpack[ProjectChanges]) -> Project:  # type: ignore[misc]
        """Return a new project without conversations.

        Raises:
            InvalidRequestError: its owner has `MOST_PROJECTS` already.
        """
        moment = now()
        row = {"id": new_id(), "owner": owner, "name": name, "created_at": moment, "updated_at": moment, **values}
        with self.database.write() as connection:
            _require_room(connection, owner)
            connection.execute(insert(projects), row)
            return _one(connection, str(row["id"]), owner)

    def all(self, *, owner: str, state: Literal["active", "deleted"] = "active") -> list[Project]:
        """Return the projects in one state, the one last talked in or changed first."""
        with self.database.read() as connection:
            found = [_project(row) for row in connection.execute(_counted(_is_owned(owner, state)))]
        return sorted(found, key=lambda project: project.used_at, reverse=True)

    def get(self, project_id: str, *, owner: str) -> Project:
        """Return the project.

        Raises:
            NotFoundError: there is none, it is deleted, or it belongs to another owner.
        """
        with self.database.read() as connection:
            return _one(connection, project_id, owner)

    def change(self, project_id: str, *, owner: str, **changes: Unpack[ProjectChanges]) -> Project:
        """Return the project after the changes; where there are none it keeps its place in the list.

        Raises:
            NotFoundError: no such project.
        """
        with self.database.write() as connection:
            require_project(connection, project_id, owner)
            if changes:
                is_it = projects.c.id == project_id
                connection.execute(update(projects).where(is_it).values(**changes, updated_at=now()))
            return _one(connection, project_id, owner)

    def delete(self, project_id: str, *, owner: str, with_conversations: bool = False) -> None:
        """Delete the project; it can be restored for 30 days.

        Its conversations stay and are in none meanwhile, or else they are deleted and restored with it.

        Raises:
            NotFoundError: no such project.
        """
        moment = now()
        with self.database.write() as connection:
            require_project(connection, project_id, owner)
            if with_conversations:
                its = and_(conversations.c.project_id == project_id, conversations.c.deleted_at.is_(None))
                stop_answers(connection, its)
                connection.execute(update(conversations).where(its).values(deleted_at=moment))
            connection.execute(update(projects).where(projects.c.id == project_id).values(deleted_at=moment))

    def restore(self, project_id: str, *, owner: str) -> Project:
        """Return the project, no longer deleted, with the conversations that were deleted with it.

        Raises:
            NotFoundError: no such project, or it is gone for good.
            InvalidRequestError: its owner has `MOST_PROJECTS` others.
        """
        with self.database.write() as connection:
            is_it = and_(projects.c.id == project_id, projects.c.owner == owner)
            moment = connection.scalar(select(projects.c.deleted_at).where(is_it))
            if moment is not None:
                _require_room(connection, owner)
                went_with_it = and_(conversations.c.project_id == project_id, conversations.c.deleted_at == moment)
                connection.execute(update(conversations).where(went_with_it).values(deleted_at=None))
                connection.execute(update(projects).where(is_it).values(deleted_at=None))
            return _one(connection, project_id, owner)


def require_project(connection: Connection, project_id: str | None, owner: str) -> None:
    """Return if `project_id` is a project of `owner` that is not deleted, or None.

    Raises:
        NotFoundError: it is not.
    """
    is_it = and_(projects.c.id == project_id, _is_owned(owner))
    if project_id is not None and connection.scalar(select(projects.c.id).where(is_it)) is None:
        raise _not_found()


def guidance(connection: Connection, project_id: str | None) -> Guidance:
    """Return what a conversation's project gives it: nothing where it is in none, or in one that is deleted."""
    if project_id is None:
        return NO_GUIDANCE
    a_file = select(files.c.project_id).where(files.c.project_id == projects.c.id).limit(1).scalar_subquery()
    wanted = select(projects.c.id, projects.c.instructions, projects.c.model, a_file)
    row = connection.execute(wanted.where(projects.c.id == project_id, projects.c.deleted_at.is_(None))).one_or_none()
    return Guidance(*row) if row else NO_GUIDANCE


def room_for_projects(connection: Connection, owner: str) -> int:
    """Return how many more projects `owner` can have."""
    count = select(func.count()).select_from(projects).where(_is_owned(owner))
    return max(0, MOST_PROJECTS - (connection.scalar(count) or 0))


def _require_room(connection: Connection, owner: str) -> None:
    if not room_for_projects(connection, owner):
        raise InvalidRequestError(f"You have {MOST_PROJECTS} projects.", hint="Delete some you no longer need.")


def _not_found() -> NotFoundError:
    return NotFoundError("There is no such project.")


def _is_owned(owner: str, state: Literal["active", "deleted"] = "active") -> ColumnElement[bool]:
    is_there = projects.c.deleted_at.is_(None)
    return and_(projects.c.owner == owner, is_there if state == "active" else ~is_there)


def _counted(*conditions: ColumnElement[bool]) -> Any:
    """Return the query for projects, each with how many conversations are listed in it, and when it was last talked.

    They are counted project by project: together they would be counted for everybody.
    """
    columns = conversations.c
    is_listed = and_(columns.project_id == projects.c.id, columns.deleted_at.is_(None), columns.archived_at.is_(None))
    count = select(func.count()).where(is_listed).scalar_subquery().label("conversations")
    talked_at = select(func.max(columns.updated_at)).where(is_listed).scalar_subquery().label("talked_at")
    held = select(func.count()).where(files.c.project_id == projects.c.id).scalar_subquery().label("files")
    return select(projects, count, talked_at, held).where(*conditions)


def _one(connection: Connection, project_id: str, owner: str) -> Project:
    row = connection.execute(_counted(projects.c.id == project_id, _is_owned(owner))).one_or_none()
    if row is None:
        raise _not_found()
    return _project(row)


def _project(row: Row[Any]) -> Project:
    return Project(**{name: row._mapping[name] for name in Project.__dataclass_fields__})
