"""Links under which a conversation can be read by whoever has them, each for a time; only their digests are kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, insert, select

from chatapp.backend.store.conversations import require
from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import new_id, now
from chatapp.backend.store.records import Share
from chatapp.backend.store.schema import conversations
from chatapp.backend.store.share_tables import shares
from chatapp.errors import InvalidRequestError, NotFoundError

_TOKEN_BYTES = 32


class NewShare(NamedTuple):
    """A link that was made; nobody can tell its `token` later."""

    share: Share
    token: str


@dataclass(frozen=True, slots=True)
class Shares:
    """The links of every owner."""

    database: Database

    def create(self, conversation_id: str, *, owner: str, lifetime: timedelta) -> NewShare:
        """Return a new link to the branch on show, up to its last message of now.

        Raises:
            NotFoundError: no such conversation.
            InvalidRequestError: nothing was said in it yet.
        """
        token, created_at = secrets.token_urlsafe(_TOKEN_BYTES), now()
        with self.database.write() as connection:
            conversation = require(connection, conversation_id, owner)
            if conversation.leaf_id is None:
                raise InvalidRequestError("There is nothing to share in an empty conversation.")
            connection.execute(delete(shares).where(shares.c.expires_at <= created_at))
            values = {
                "id": new_id(),
                "conversation_id": conversation_id,
                "leaf_id": conversation.leaf_id,
                "created_at": created_at,
                "expires_at": created_at + lifetime,
            }
            connection.execute(insert(shares).values(owner=owner, digest=_digest(token), **values))
        return NewShare(Share(owner=owner, title=conversation.title, **values), token)

    def of_owner(self, owner: str) -> list[Share]:
        """Return the links of `owner` that lead somewhere, the newest first."""
        with self.database.read() as connection:
            query = _selected(shares.c.owner == owner).order_by(shares.c.created_at.desc(), shares.c.id)
            return [Share(**row._mapping) for row in connection.execute(query)]

    def find(self, token: str) -> Share:
        """Return where a link leads.

        Raises:
            NotFoundError: nowhere: it was never made, is over or revoked, or its conversation was deleted.
        """
        with self.database.read() as connection:
            row = connection.execute(_selected(shares.c.digest == _digest(token))).one_or_none()
        if row is None:
            raise NotFoundError("This link leads nowhere: it is over, or was taken back.")
        return Share(**row._mapping)

    def revoke(self, share_id: str, *, owner: str) -> None:
        """Take a link back.

        Raises:
            NotFoundError: `owner` has no such link.
        """
        with self.database.write() as connection:
            is_it = and_(shares.c.id == share_id, shares.c.owner == owner)
            if not connection.execute(delete(shares).where(is_it)).rowcount:
                raise NotFoundError("There is no such link.")


def _selected(is_it: ColumnElement[bool]) -> Select[Any]:
    columns = [column for column in shares.c if column.name != "digest"]
    return (
        select(*columns, conversations.c.title)
        .join(conversations, conversations.c.id == shares.c.conversation_id)
        .where(is_it, shares.c.expires_at > now(), conversations.c.deleted_at.is_(None))
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
