"""Finding conversations by the words in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, false, or_, select, tuple_, union

from chatapp.backend.store.conversations import require
from chatapp.backend.store.cursors import decode_cursor, encode_cursor, moment_in
from chatapp.backend.store.database import Database
from chatapp.backend.store.listing import NO_PROJECT, conversation_of, is_of, select_listed
from chatapp.backend.store.projects import require_project
from chatapp.backend.store.records import Conversation, Page
from chatapp.backend.store.schema import conversations, messages
from chatapp.backend.store.search.index import SearchIndex, search_index
from chatapp.backend.store.search.snippets import SnippetPart, snippet
from chatapp.backend.store.search.terms import Term, parse_terms
from chatapp.backend.store.tree import message_in
from chatapp.protocol.messages import Role

_ORDER = (conversations.c.updated_at, conversations.c.id)
_SAID = (
    select(messages.c.id, messages.c.sequence, messages.c.role)
    .where(messages.c.conversation_id == bindparam("conversation_id"))
    .order_by(messages.c.sequence)
)
_SHOWN: frozenset[Role] = frozenset({"user", "assistant"})
"""Results of tools are told as a part of the answer that wanted them."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A conversation that was found.

    `message_id` is the newest message with the words, None where only the title has them.
    """

    conversation: Conversation
    message_id: str | None
    snippet: list[SnippetPart]


@dataclass(frozen=True, slots=True)
class HitPlace:
    """Which of how many hits in all branches of a conversation a message is, by when they were made from 1 on.

    `earlier` and `later` are the messages beside it that are hits, None where there is none.
    """

    number: int
    total: int
    earlier: str | None
    later: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """The words of every conversation that is not deleted, archived ones too."""

    database: Database

    def find(
        self, words: str, *, owner: str, project: str | None = None, cursor: str | None = None, limit: int = 20
    ) -> Page[SearchHit]:
        """Return the conversations in which all of `words` are, in one message or the title; last talked in first.

        With `project` those of it, or with `NO_PROJECT` those of none.

        Words in quotes follow each other. The last word may be unfinished. Case does not count; in SQLite accents and
        the marks of vowels do not either. Words are also found among letters without spaces, as `Docker` in Japanese.

        Raises:
            InvalidRequestError: the cursor is none of ours.
            NotFoundError: no such project.
        """
        terms = parse_terms(words)
        if not terms:
            return Page([], next=None)
        is_wanted = [conversations.c.owner == owner, conversations.c.deleted_at.is_(None)]
        if project is not None:
            self._require(project, owner)
            is_wanted.append(is_of(project))
        if cursor is not None:
            is_wanted.append(tuple_(*_ORDER) < _after(cursor))
        found = self._page(terms, is_wanted, limit)
        within = _within(terms)
        return self._page(within, is_wanted, limit) if within and not found.items else found

    def place(self, conversation_id: str, message_id: str, words: str, *, owner: str) -> HitPlace:
        """Return where a message is among those of its conversation that are found by `words`, itself one of them.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
        """
        terms = parse_terms(words)
        with self.database.read() as connection:
            conversation = require(connection, conversation_id, owner)
            message_in(connection, conversation_id, message_id)
            found = _hits_in(connection, conversation, terms) or _hits_in(connection, conversation, _within(terms))
            said = connection.execute(_SAID, {"conversation_id": conversation_id})
            hits = [row.id for row in said if row.id == message_id or (row.sequence in found and row.role in _SHOWN)]
        place = hits.index(message_id)
        earlier, later = hits[place - 1] if place else None, next(iter(hits[place + 1 :]), None)
        return HitPlace(place + 1, len(hits), earlier, later)

    def _require(self, project: str, owner: str) -> None:
        if project != NO_PROJECT:
            with self.database.read() as connection:
                require_project(connection, project, owner)

    def _page(self, terms: list[Term], is_wanted: list[ColumnElement[bool]], limit: int) -> Page[SearchHit]:
        with self.database.read() as connection:
            index = search_index(connection, terms)
            query = _matching(index.has_hit(connection), is_wanted, limit + 1)
            rows = connection.execute(query).all()
            items = _found(connection, index, rows[:limit], terms)
        return Page(items, next=_cursor(rows[limit - 1]) if len(rows) > limit else None)


def _within(terms: list[Term]) -> list[Term]:
    """Return terms that also find words among letters without spaces; none where `terms` do already, or cannot."""
    if any(term.is_unspaced or len(term.words) > 1 for term in terms):
        return []
    return [replace(term, is_within=True) for term in terms]


def _hits_in(connection: Connection, conversation: Row[Any], terms: list[Term]) -> set[int]:
    return search_index(connection, terms).hits_in(connection, conversation) if terms else set()


def _matching(has_hit: list[ColumnElement[bool]], is_wanted: list[ColumnElement[bool]], limit: int) -> Select[Any]:
    """Return the query for the first `limit` conversations of which one condition in `has_hit` is true.

    Each condition is a query of its own, so that PostgreSQL may stop at `limit` conversations when words are common.
    """
    newest_first = [column.desc() for column in _ORDER]
    parts = (
        select(*_ORDER).where(*is_wanted, condition).order_by(*newest_first).limit(limit).subquery().select()
        for condition in has_hit
    )
    hits = union(*parts).subquery()
    query = select_listed().join(hits, hits.c.id == conversations.c.id)
    return query.order_by(*newest_first).limit(limit)


def _found(connection: Connection, index: SearchIndex, rows: Sequence[Row[Any]], terms: list[Term]) -> list[SearchHit]:
    columns = messages.c
    newest = index.newest_hits(connection, rows)
    is_newest = or_(false(), *(and_(columns.conversation_id == it, columns.sequence == last) for it, last in newest))
    message_of = {row.conversation_id: row for row in connection.execute(select(messages).where(is_newest))}
    return [_shown(row, message_of.get(row.id), terms) for row in rows]


def _shown(row: Row[Any], message: Row[Any] | None, terms: list[Term]) -> SearchHit:
    if message is None:
        return SearchHit(conversation_of(row), message_id=None, snippet=snippet(row.title or "", terms))
    return SearchHit(conversation_of(row), message_id=message.id, snippet=snippet(message.content, terms))


def _cursor(last: Row[Any]) -> str:
    return encode_cursor(last.updated_at.isoformat(), last.id)


def _after(cursor: str) -> Any:
    updated_at, conversation_id = decode_cursor(cursor, str, str)
    return tuple_(moment_in(updated_at), conversation_id, types=[column.type for column in _ORDER])
