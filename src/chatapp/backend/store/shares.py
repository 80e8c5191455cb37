"""Links under which a conversation can be read by whoever has them, each for a time; only their digests are kept."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select

from chatapp.backend.store.conversations import require
from chatapp.backend.store.database import Database
from chatapp.backend.store.identity import new_id, now
from chatapp.backend.store.records import Share
from chatapp.backend.store.schema import conversations
from chatapp.backend.store.share_tables import shares
from chatapp.errors import InvalidRequestError, NotFoundError

MOST_LINKS = 1000
"""Of one owner: they are listed all at once."""

_TOKEN_BYTES = 32


class CreatedShare(NamedTuple):
    """A link that was made; nobody can tell its `token` later."""

    share: Share
    token: str


@dataclass(frozen=True, slots=True)
class Shares:
    """The links of every owner."""

    database: Database

    def create(self, conversation_id: str, *, owner: str, lifetime: timedelta) -> CreatedShare:
        """Return a new link to the branch on show, up to its last message of now.

        Raises:
            NotFoundError: no such conversation.
            InvalidRequestError: nothing was said in it yet, or its owner has `MOST_LINKS` already.
        """
        token, created_at = secrets.token_urlsafe(_TOKEN_BYTES), now()
        with self.database.write() as connection:
            conversation = require(connection, conversation_id, owner)
            if conversation.leaf_id is None:
                raise InvalidRequestError("There is nothing to share in an empty conversation.")
            is_good = shares.c.expires_at > created_at
            count = select(func.count()).select_from(shares).where(shares.c.owner == owner, is_good)
            if (connection.scalar(count) or 0) >= MOST_LINKS:
                raise InvalidRequestError(
                    f"You have {MOST_LINKS} links.", hint="Take some back that you no longer need."
                )
            values = {
                "id": new_id(),
                "conversation_id": conversation_id,
                "leaf_id": conversation.leaf_id,
                "created_at": created_at,
                "expires_at": created_at + lifetime,
            }
            connection.execute(insert(shares).values(owner=owner, digest=_digest(token), **values))
        return CreatedShare(Share(owner=owner, title=conversation.title, **values), token)

    def of_owner(self, owner: str) -> list[Share]:
        """Return the links of `owner` that lead somewhere, the newest first."""
        with self.database.read() as connection:
            query = _selected(shares.c.owner == owner).order_by(shares.c.created_at.desc(), shares.c.id)
            return [Share(**row._mapping) for row in connection.execute(query)]

    def find(self, token: str, *, is_owner: Callable[[str], bool] = lambda _: True) -> Share:
        """Return where a link leads.

        Raises:
            NotFoundError: nowhere: it was never made, is over or revoked, its conversation was deleted, or whoever made
                it `is_owner` no more.
        """
        with self.database.read() as connection:
            row = connection.execute(_selected(shares.c.digest == _digest(token))).one_or_none()
        if row is None or not is_owner(row.owner):
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

    def purge_expired(self, *, as_of: datetime) -> int:
        """Remove the links that are over, and return how many."""
        is_over = shares.c.expires_at <= as_of
        with self.database.read() as connection:
            if connection.scalar(select(shares.c.id).where(is_over).limit(1)) is None:
                return 0
        with self.database.write() as connection:
            return connection.execute(delete(shares).where(is_over)).rowcount


def _selected(is_it: ColumnElement[bool]) -> Select[Any]:
    columns = [column for column in shares.c if column.name != "digest"]
    return (
        select(*columns, conversations.c.title)
        .join(conversations, conversations.c.id == shares.c.conversation_id)
        .where(is_it, shares.c.expires_at > now(), conversations.c.deleted_at.is_(None))
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
