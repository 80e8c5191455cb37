"""Files that go along with questions: each is kept once, for as long as a conversation or a project holds it.

An attachment's id is the SHA-256 of its bytes, in hex. Its bytes lie in the database in pieces, so that no file has to
fit into memory, a copy of the database is a copy of all, and several machines share them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, insert, or_, select, update

from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import now
from chatapp.backend.store.prepared import own_insert
from chatapp.backend.store.records import Attachment
from chatapp.backend.store.schema import attachment_contents as contents
from chatapp.backend.store.schema import attachment_pages as pages
from chatapp.backend.store.schema import attachment_uses as uses
from chatapp.backend.store.schema import attachments
from chatapp.backend.store.schema import project_files as files
from chatapp.errors import NotFoundError
from chatapp.protocol.messages import AttachmentPart, Part

KEPT_UNUSED = timedelta(hours=1)
"""How long a file is kept that no stored question has."""

_PIECE_BYTES = 1024**2
_TOLD = [column for column in attachments.c if column.name not in {"text", "picture", "thumbnail"}]


@dataclass(frozen=True, slots=True)
class Attachments:
    """The attachments of every owner; those of others do not exist for a caller."""

    database: Database

    def add(
        self,
        attachment: Attachment,
        path: Path,
        *,
        text: str,
        picture: bytes | None,
        thumbnail: bytes | None = None,
        page_pictures: Sequence[tuple[int, bytes]] = (),
    ) -> Attachment:
        """Keep the file at `path` with the text and the pictures that models get of it, and return it as it is kept.

        One that its owner has already is kept on, under its new name. Nobody finds it before it is whole.

        Raises:
            StoreUnavailableError: it cannot be saved.
        """
        self._keep_bytes(attachment.id, path)
        made = {"text": text, "picture": picture, "thumbnail": thumbnail, "created_at": now()}
        row = {**asdict(attachment), "notes": list(attachment.notes), **made}
        renewed = {**{name: row[name] for name in ("name", "media_type", "kind", "pages", "notes")}, **made}
        with self.database.write() as connection:
            statement = self._insert(attachments).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["owner", "id"], set_=renewed))
            connection.execute(delete(pages).where(_is_page_of([attachment.id], attachment.owner)))
            if page_pictures:
                of_it = {"owner": attachment.owner, "attachment_id": attachment.id}
                connection.execute(insert(pages), [{**of_it, "page": at, "picture": it} for at, it in page_pictures])
        return self.get(attachment.id, owner=attachment.owner)

    def add_pages(self, attachment_id: str, page_pictures: Sequence[tuple[int, bytes]], *, owner: str) -> None:
        """Keep pictures of further pages without words."""
        of_it = {"owner": owner, "attachment_id": attachment_id}
        rows = [{**of_it, "page": number, "picture": picture} for number, picture in page_pictures]
        if rows:
            with self.database.write() as connection:
                connection.execute(self._insert(pages).on_conflict_do_nothing(), rows)

    def renew(self, attachment_id: str, name: str, *, owner: str) -> bool:
        """Keep on what `owner` has already, under its new name, and return whether it is there."""
        changes = {"name": name, "created_at": now()}
        with self.database.write() as connection:
            return bool(
                connection.execute(update(attachments).where(_is_any([attachment_id], owner)).values(changes)).rowcount
            )

    def get(self, attachment_id: str, *, owner: str) -> Attachment:
        """Return the attachment.

        Raises:
            NotFoundError: there is none, or it belongs to another owner.
        """
        return self.get_many([attachment_id], owner=owner)[0]

    def get_many(self, ids: Sequence[str], *, owner: str) -> list[Attachment]:
        """Return the attachments in the order of `ids`.

        Raises:
            NotFoundError: one of them is not there, or belongs to another owner.
        """
        with self.database.read() as connection:
            rows = connection.execute(select(*_TOLD).where(_is_any(ids, owner)))
            found = {row.id: _attachment(row) for row in rows}
        if any(one not in found for one in ids):
            raise NotFoundError("There is no such attachment.", hint="Send the file again.")
        return [found[one] for one in ids]

    def known(self, ids: Iterable[str], *, owner: str) -> set[str]:
        """Return those of `ids` that `owner` has."""
        with self.database.read() as connection:
            return set(connection.scalars(select(attachments.c.id).where(_is_any(ids, owner))))

    def bytes_of(self, owner: str) -> int:
        """Return how much the attachments of `owner` take together."""
        total = select(func.coalesce(func.sum(attachments.c.size), 0)).where(attachments.c.owner == owner)
        with self.database.read() as connection:
            return int(connection.scalar(total) or 0)

    def of_owner(self, owner: str) -> list[Attachment]:
        """Return all attachments of `owner`, the newest first."""
        query = select(*_TOLD).where(attachments.c.owner == owner).order_by(attachments.c.created_at.desc())
        with self.database.read() as connection:
            return [_attachment(row) for row in connection.execute(query)]

    def for_models(self, ids: Iterable[str], *, owner: str) -> dict[str, tuple[str, bytes | None]]:
        """Return the text and the picture of each of `ids` that is there, by its id."""
        ids = list(ids)
        query = select(attachments.c.id, attachments.c.text, attachments.c.picture).where(_is_any(ids, owner))
        with self.database.read() as connection:
            return {row.id: (row.text, row.picture) for row in connection.execute(query)}

    def pages_for_models(self, ids: Iterable[str], *, owner: str) -> dict[str, list[tuple[int, bytes]]]:
        """Return the pictures of pages without words, by the id of their file, each with its number, in order."""
        query = select(pages).where(_is_page_of(ids, owner)).order_by(pages.c.attachment_id, pages.c.page)
        found: dict[str, list[tuple[int, bytes]]] = {}
        with self.database.read() as connection:
            for row in connection.execute(query):
                found.setdefault(row.attachment_id, []).append((row.page, row.picture))
        return found

    def thumbnail(self, attachment_id: str, *, owner: str) -> bytes:
        """Return the small copy of a picture.

        Raises:
            NotFoundError: there is none, or it belongs to another owner.
        """
        with self.database.read() as connection:
            small = connection.scalar(select(attachments.c.thumbnail).where(_is_any([attachment_id], owner)))
        if small is None:
            raise NotFoundError("There is no such picture.", hint="Send the file again.")
        return bytes(small)

    def content(self, attachment_id: str, *, owner: str) -> Iterator[bytes]:
        """Return the bytes of an attachment, in pieces.

        Raises:
            NotFoundError: there is none, or it belongs to another owner.
        """
        self.get(attachment_id, owner=owner)
        return self.pieces(attachment_id)

    def pieces(self, attachment_id: str) -> Iterator[bytes]:
        """Return the bytes of an attachment that the caller knows to be its owner's, in pieces."""
        position = 0
        while piece := self._piece(attachment_id, position):
            yield piece
            position += 1

    def forget_unused(self, *, as_of: datetime | None = None) -> int:
        """Remove what nothing has held for `KEPT_UNUSED`, and return how many attachments that were.

        `as_of` is the present unless given.
        """
        before = (as_of or now()) - KEPT_UNUSED
        is_used = or_(
            exists().where(uses.c.attachment_id == attachments.c.id),
            exists().where(files.c.attachment_id == attachments.c.id),
        )
        has_owner = exists().where(attachments.c.id == contents.c.attachment_id)
        with self.database.write() as connection:
            gone = connection.execute(delete(attachments).where(~is_used, attachments.c.created_at < before)).rowcount
            connection.execute(delete(contents).where(~has_owner, contents.c.created_at < before))
        return int(gone)

    def _keep_bytes(self, attachment_id: str, path: Path) -> None:
        """Save the bytes piece by piece: in one transaction nobody else could write meanwhile."""
        with path.open("rb") as file:
            for position, piece in enumerate(iter(lambda: file.read(_PIECE_BYTES), b"")):
                row = {"attachment_id": attachment_id, "position": position, "data": piece, "created_at": now()}
                statement = self._insert(contents).values(row)
                renewed = {"created_at": row["created_at"]}  # so that nobody takes it for abandoned
                key = ["attachment_id", "position"]
                with self.database.write() as connection:
                    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=renewed))

    def _piece(self, attachment_id: str, position: int) -> bytes | None:
        is_it = and_(contents.c.attachment_id == attachment_id, contents.c.position == position)
        with self.database.read() as connection:
            piece: bytes | None = connection.scalar(select(contents.c.data).where(is_it))
            return piece

    def _insert(self, table: Any) -> Any:
        return own_insert(table, "sqlite" if self.database.is_sqlite else "postgresql")


def note_uses(connection: Connection, conversation_id: str, parts: Iterable[Part]) -> None:
    """Keep the attachments among `parts` for as long as the conversation is there."""
    ids = {part.content_id for part in parts if isinstance(part, AttachmentPart) and part.content_id}
    if not ids:
        return
    rows = [{"conversation_id": conversation_id, "attachment_id": one} for one in sorted(ids)]
    connection.execute(own_insert(uses, connection.dialect.name).on_conflict_do_nothing(), rows)


def _is_any(ids: Iterable[str], owner: str) -> ColumnElement[bool]:
    return and_(attachments.c.owner == owner, attachments.c.id.in_(list(ids)))


def _is_page_of(ids: Iterable[str], owner: str) -> ColumnElement[bool]:
    return and_(pages.c.owner == owner, pages.c.attachment_id.in_(list(ids)))


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(**{**row._mapping, "notes": tuple(row.notes)})
