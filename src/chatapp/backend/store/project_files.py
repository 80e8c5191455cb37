"""Files of projects: kept for as long as their project, and found by the words of a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import now
from chatapp.backend.store.project_search import PLACES, Passage, ProjectSearch
from chatapp.backend.store.projects import require_project
from chatapp.backend.store.records import ProjectFile, ProjectMedium
from chatapp.backend.store.removal import KEPT_AFTER_DELETION
from chatapp.backend.store.schema import attachment_pages as pages
from chatapp.backend.store.schema import attachments, conversations, projects
from chatapp.backend.store.schema import project_files as files
from chatapp.backend.store.schema import project_passages as passages
from chatapp.backend.store.search.terms import pairs_of
from chatapp.errors import InvalidRequestError, NotFoundError

MOST_FILES = 2000
"""Of one project: as many are found in at once."""

_AT_ONCE = 500
_ROWS = (
    "SELECT {values}, text || ' ' || coalesce(pairs, '') FROM project_passages WHERE number BETWEEN :first AND :last"
)


class FileTotals(NamedTuple):
    """How many files with text a project has, and about how many tokens they are together."""

    files: int
    tokens: int


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The files of every project. Who asks for them by the project alone knows that it may."""

    database: Database

    def add(
        self, project_id: str, attachment_id: str, *, owner: str, tokens: int, passages_of_it: Sequence[str]
    ) -> ProjectFile:
        """Let an attachment be a file of a project, and return it; one that is, stays.

        Raises:
            NotFoundError: no such project, or the file was removed from it meanwhile.
            InvalidRequestError: it has `MOST_FILES` already.
        """
        with self.database.write() as connection:
            first = self._first_place(connection, project_id, attachment_id, owner)
            if first is not None:
                last = first + len(passages_of_it) - 1
                told = ({"attachment_id": attachment_id, "text": it, "pairs": pairs_of(it)} for it in passages_of_it)
                rows = [{"number": at, **it} for at, it in enumerate(told, first)]
                for begin in range(0, len(rows), _AT_ONCE):
                    connection.execute(insert(passages), rows[begin : begin + _AT_ONCE])
                self._index(connection, first, last)
                row = {"project_id": project_id, "attachment_id": attachment_id, "tokens": tokens, "added_at": now()}
                connection.execute(insert(files), {**row, "first_passage": first, "last_passage": last})
        with self.database.read() as connection:
            added = connection.execute(
                _listed(project_id, owner).where(attachments.c.id == attachment_id)
            ).one_or_none()
        if added is None:  # removed again meanwhile
            raise _no_such_file()
        return _project_file(added)

    def all(self, project_id: str, *, owner: str) -> list[ProjectFile]:
        """Return the files of a project by their names.

        Raises:
            NotFoundError: no such project.
        """
        query = _listed(project_id, owner).order_by(func.lower(attachments.c.name), attachments.c.id)
        with self.database.read() as connection:
            require_project(connection, project_id, owner)
            return [_project_file(row) for row in connection.execute(query)]

    def remove(self, project_id: str, attachment_id: str, *, owner: str) -> None:
        """Let an attachment be a file of a project no longer.

        Raises:
            NotFoundError: no such project, or no such file in it.
        """
        with self.database.write() as connection:
            require_project(connection, project_id, owner)
            if not remove_files(connection, _is_file(project_id, attachment_id)):
                raise _no_such_file()

    def purge_expired(self, *, as_of: datetime | None = None) -> int:
        """Remove for good the projects deleted more than 30 days before `as_of`, which is now; return how many."""
        is_expired = projects.c.deleted_at < (as_of or now()) - KEPT_AFTER_DELETION
        expired = select(projects.c.id).where(is_expired)
        with self.database.read() as connection:
            if connection.scalar(expired.limit(1)) is None:
                return 0
        with self.database.write() as connection:
            remove_files(connection, files.c.project_id.in_(expired))
            is_in_one = conversations.c.project_id.in_(expired)
            connection.execute(update(conversations).where(is_in_one).values(project_id=None))
            return int(connection.execute(delete(projects).where(is_expired)).rowcount)

    def amount(self, project_id: str) -> FileTotals:
        """Return how much there is."""
        counted = select(func.count(), func.coalesce(func.sum(files.c.tokens), 0))
        with self.database.read() as connection:
            has_text = files.c.last_passage >= files.c.first_passage
            count, tokens = connection.execute(counted.where(files.c.project_id == project_id, has_text)).one()
        return FileTotals(int(count), int(tokens))

    def media(self, project_id: str) -> list[ProjectMedium]:
        """Return what is to be seen or heard of the files, by their names: pictures, sounds, pages without words."""
        file = attachments.c
        is_its = and_(file.id == files.c.attachment_id, file.owner == projects.c.owner)
        is_page = and_(pages.c.owner == file.owner, pages.c.attachment_id == file.id)
        count = select(func.count()).where(is_page).scalar_subquery()
        query = select(file.id, file.name, file.media_type, file.kind, count.label("pages")).select_from(files)
        query = query.join(projects, projects.c.id == files.c.project_id).join(attachments, is_its)
        query = query.where(files.c.project_id == project_id).order_by(func.lower(file.name), file.id)
        with self.database.read() as connection:
            rows = connection.execute(query.where(or_(file.kind != "text", exists().where(is_page)))).all()
        return [
            ProjectMedium(
                row.id, row.name, row.media_type, "audio" if row.kind == "audio" else "images", row.pages or 1
            )
            for row in rows
        ]

    def find(self, project_id: str, words: Sequence[str]) -> list[Passage]:
        """Return passages that have some of `words`, those with the rarer and the more of them first.

        Common words count where there are no others.
        """
        return ProjectSearch(self.database).find(project_id, words)

    def _first_place(self, connection: Connection, project_id: str, attachment_id: str, owner: str) -> int | None:
        """Return the number of the first passage of a new file, None where it is a file of the project."""
        require_project(connection, project_id, owner)
        query = select(projects.c.number).where(projects.c.id == project_id).with_for_update()
        number = connection.execute(query).scalar_one()
        if connection.scalar(select(files.c.tokens).where(_is_file(project_id, attachment_id))) is not None:
            return None
        told = select(func.count(), func.max(files.c.last_passage)).where(files.c.project_id == project_id)
        count, last = connection.execute(told).one()
        if count >= MOST_FILES:
            raise InvalidRequestError(f"The project has {MOST_FILES} files.", hint="Remove some, or join them.")
        return (number << PLACES) + 1 if last is None else int(last) + 1

    def _index(self, connection: Connection, first: int, last: int) -> None:
        if self.database.is_sqlite:
            rows = _ROWS.format(values="number")
            connection.execute(text(f"INSERT INTO search_files (rowid, text) {rows}"), {"first": first, "last": last})


def remove_files(connection: Connection, is_one: ColumnElement[bool]) -> int:
    """Remove files of projects with their passages, and return how many they were."""
    told = select(files.c.first_passage, files.c.last_passage).where(is_one)
    ranges = connection.execute(told).all()
    for first, last in ranges:
        if connection.dialect.name == "sqlite":
            rows = _ROWS.format(values="'delete', number")
            connection.execute(
                text(f"INSERT INTO search_files (search_files, rowid, text) {rows}"), {"first": first, "last": last}
            )
        connection.execute(delete(passages).where(passages.c.number.between(first, last)))
    connection.execute(delete(files).where(is_one))
    return len(ranges)


def _listed(project_id: str, owner: str) -> Select[Any]:
    told = [attachments.c[name] for name in ("id", "name", "media_type", "size", "pages", "notes")]
    is_its = and_(attachments.c.id == files.c.attachment_id, attachments.c.owner == owner)
    query = select(*told, files.c.tokens, files.c.added_at)
    return query.join(files, is_its).where(files.c.project_id == project_id)


def _project_file(row: Row[Any]) -> ProjectFile:
    return ProjectFile(**{**row._mapping, "notes": tuple(row.notes)})


def _is_file(project_id: str, attachment_id: str) -> ColumnElement[bool]:
    return and_(files.c.project_id == project_id, files.c.attachment_id == attachment_id)


def _no_such_file() -> NotFoundError:
    return NotFoundError("There is no such file in the project.")
