"""Where words are: asked of SQLite's index, of PostgreSQL's, or of the text itself where no index knows the words.

Several rows at once are put into SQLite's index here; one by one its triggers do it.
Every query here reads each hit once at most: common words have a hit in nearly every message.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Row,
    and_,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)

from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.schema import conversations, messages
from chatapp.backend.store.search.terms import UNSPACED, Term, spellings


class SearchIndex(Protocol):
    """Two questions that each database is asked in its own way."""

    def has_hit(self, connection: Connection) -> list[ColumnElement[bool]]:
        """Return the conditions one of which is true of a conversation with the words in its title or a message."""
        ...

    def newest_hits(self, connection: Connection, among: Sequence[Row[Any]]) -> list[tuple[str, int]]:
        """Return the newest message with the words, as conversation and sequence, of each conversation with one."""
        ...

    def hits_in(self, connection: Connection, conversation: Row[Any]) -> set[int]:
        """Return the messages of a conversation with the words, by their sequences."""
        ...


def search_index(connection: Connection, terms: list[Term]) -> SearchIndex:
    """Return who knows where `terms` are.

    An index takes Latin words among letters without spaces, as `Docker` in Japanese, for a part of one long word. So
    the text is read too where any is written like that.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if any(term.is_unspaced for term in terms):
        return _ColumnIndex(_by_reading(terms, is_sqlite=is_sqlite))
    index = _SqliteIndex(terms) if is_sqlite else _ColumnIndex(_by_tsvector(terms))
    if any(len(term.words) > 1 for term in terms) or not _has_unspaced_text(connection, is_sqlite=is_sqlite):
        return index
    within = _by_reading([replace(term, is_within=True) for term in terms], is_sqlite=is_sqlite)
    return _Either(index, _ColumnIndex(within if is_sqlite else _where_unspaced(within)))


def _has_unspaced_text(connection: Connection, *, is_sqlite: bool) -> bool:
    """Return whether the index has a word that begins with a letter of those; it finds the first one at once."""
    if not is_sqlite:
        return connection.scalar(select(select(messages.c.id).where(_IS_UNSPACED).exists())) is True
    words = (
        select(_words).where(_words.c.term >= first, _words.c.term <= f"{last}\U0010ffff") for first, last in _RANGES
    )
    return connection.scalar(select(or_(*(some.exists() for some in words)))) == 1


_words = table("search_words", column("term"))
_RANGES = [pair.split("-") for pair in re.findall(".-.", UNSPACED)]
_IS_UNSPACED = literal_column(f"messages.content ~ '[{UNSPACED}]'", Boolean)
"""As PostgreSQL's index of such messages has it, to the letter; or it is not used."""


class _Either:
    """Asks two, both of which know some."""

    def __init__(self, *indexes: SearchIndex) -> None:
        self._indexes = indexes

    def has_hit(self, connection: Connection) -> list[ColumnElement[bool]]:
        return [condition for index in self._indexes for condition in index.has_hit(connection)]

    def newest_hits(self, connection: Connection, among: Sequence[Row[Any]]) -> list[tuple[str, int]]:
        newest: dict[str, int] = {}
        for index in self._indexes:
            for conversation_id, sequence in index.newest_hits(connection, among):
                newest[conversation_id] = max(sequence, newest.get(conversation_id, 0))
        return list(newest.items())

    def hits_in(self, connection: Connection, conversation: Row[Any]) -> set[int]:
        return {hit for index in self._indexes for hit in index.hits_in(connection, conversation)}


def _quoted(term: Term) -> Iterator[str]:
    return (f'"{" ".join(phrase)}"{"*" if term.is_prefix else ""}' for phrase in _phrases(term))


_search = table("search", column("rowid"))
_BITS = 20
_SEQUENCE = (1 << _BITS) - 1
"""A row's number in SQLite's index is conversation * 2^20 + sequence; see the migration that makes it."""


def _phrases(term: Term) -> Iterator[tuple[str, ...]]:
    """Return the phrases of which one has to be there: a word by itself in each of its spellings."""
    return spellings(term.words[0]) if len(term.words) == 1 else iter([term.words])


class _SqliteIndex:
    """https://www.sqlite.org/fts5.html"""

    def __init__(self, terms: list[Term]) -> None:
        query = " AND ".join(f"({' OR '.join(_quoted(term))})" for term in terms)
        self._is_hit = literal_column("search").op("MATCH")(query)
        self._number = _search.c.rowid.op(">>")(_BITS)

    def has_hit(self, connection: Connection) -> list[ColumnElement[bool]]:
        return [conversations.c.number.in_(select(self._number).select_from(_search).where(self._is_hit).distinct())]

    def newest_hits(self, connection: Connection, among: Sequence[Row[Any]]) -> list[tuple[str, int]]:
        ids = {row.number: row.id for row in among}
        hits = select(_search.c.rowid).where(self._is_hit, self._number.in_(ids)).order_by(_search.c.rowid)
        newest = {rowid >> _BITS: rowid & _SEQUENCE for rowid in connection.scalars(hits)}
        return [(ids[number], sequence) for number, sequence in newest.items()]

    def hits_in(self, connection: Connection, conversation: Row[Any]) -> set[int]:
        first = conversation.number << _BITS
        hits = select(_search.c.rowid).where(self._is_hit, _search.c.rowid.between(first, first | _SEQUENCE))
        return {rowid & _SEQUENCE for rowid in connection.scalars(hits)}


MANY = 1000
"""Hits from which on a word is common: its conversations are found fast by going through them from the newest on. Of a
rarer word all hits are taken. PostgreSQL, left to choose between the two, chooses wrong for words it has never seen."""

Hit = Callable[[Column[Any]], ColumnElement[bool]]
"""Returns the condition that a column of text has the words."""


class _ColumnIndex:
    """Asks the text where it is."""

    def __init__(self, is_hit: Hit) -> None:
        self._is_hit = is_hit

    def has_hit(self, connection: Connection) -> list[ColumnElement[bool]]:
        hits = select(messages.c.conversation_id).where(self._is_hit(messages.c.content))
        some = connection.scalars(hits.limit(MANY)).all()
        is_common = len(some) == MANY
        has_one = hits.where(messages.c.conversation_id == conversations.c.id).exists()
        return [has_one if is_common else conversations.c.id.in_(set(some)), self._is_hit(conversations.c.title)]

    def newest_hits(self, connection: Connection, among: Sequence[Row[Any]]) -> list[tuple[str, int]]:
        is_here = messages.c.conversation_id.in_([row.id for row in among])
        newest = select(messages.c.conversation_id, func.max(messages.c.sequence))
        hits = newest.where(is_here, self._is_hit(messages.c.content)).group_by(messages.c.conversation_id)
        return [(conversation_id, sequence) for conversation_id, sequence in connection.execute(hits)]

    def hits_in(self, connection: Connection, conversation: Row[Any]) -> set[int]:
        is_here = messages.c.conversation_id == conversation.id
        return set(connection.scalars(select(messages.c.sequence).where(is_here, self._is_hit(messages.c.content))))


def _by_tsvector(terms: list[Term]) -> Hit:
    """https://www.postgresql.org/docs/current/textsearch.html"""
    end = {True: ":*", False: ""}
    written = (" | ".join(f"({' <-> '.join(it)}{end[term.is_prefix]})" for it in _phrases(term)) for term in terms)
    query = func.to_tsquery("simple", " & ".join(f"({phrases})" for phrases in written))
    return lambda text: literal_column(f"{text.table.name}.searchable").bool_op("@@")(query)


def _by_reading(terms: list[Term], *, is_sqlite: bool) -> Hit:
    """Read all text, which takes the longer the more there is. Words without capitals save the folding of case.

    PostgreSQL folds it in half the time by the rules of ASCII; an expression looks again at what is found so.
    """
    ascii_rules = None if is_sqlite else "C"
    return lambda text: and_(*(or_(*(_has(text, form, ascii_rules) for form in _forms(term))) for term in terms))


def _where_unspaced(is_hit: Hit) -> Hit:
    """Read only messages that have such letters, which are indexed; titles are short."""
    return lambda text: and_(_IS_UNSPACED, is_hit(text)) if text.table is messages else is_hit(text)


def _forms(term: Term) -> list[Term]:
    """Return how `term` may be written: with accents on their letters or behind them."""
    forms = (tuple(unicodedata.normalize(form, word) for word in term.words) for form in ("NFC", "NFD"))
    return [replace(term, words=words) for words in dict.fromkeys(forms)]


def _has(text: Column[Any], term: Term, ascii_rules: str | None) -> ColumnElement[bool]:
    if not term.is_within:
        return and_(*(_contains(text, word) for word in term.words))
    (word,) = term.words
    folded: ColumnElement[Any] = text.collate(ascii_rules) if ascii_rules and word.isascii() else text
    return and_(_contains(folded, word), text.regexp_match(term.expression))


def _contains(text: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    if word.upper() == word:
        return text.contains(word, autoescape=True)
    return text.icontains(word, autoescape=True)


_ROWS = """
    INSERT INTO search (rowid, body)
    SELECT number << 20, coalesce(title, '') FROM conversations WHERE id IN (SELECT value FROM json_each(:begun))
    UNION ALL
    SELECT (number << 20) + sequence, content FROM messages JOIN conversations ON conversations.id = conversation_id
    WHERE %s IN (SELECT value FROM json_each(:said))
    ORDER BY 1
"""
"""In the order of the index, which begins a new part of itself where a number is smaller than the last; ids as JSON."""

_BY_MESSAGE, _BY_CONVERSATION = Prepared(text(_ROWS % "messages.id")), Prepared(text(_ROWS % "conversation_id"))
_PAUSE, _GO_ON = Prepared(text("INSERT INTO search_pause DEFAULT VALUES")), Prepared(text("DELETE FROM search_pause"))

_SEVERAL = 8
"""From how many messages on that takes less than the triggers do."""


def indexed_when_saved(
    connection: Connection, conversations: Sequence[Mapping[str, Any]], messages: Sequence[Mapping[str, Any]]
) -> AbstractContextManager[None]:
    """Index these rows, which the block inserts, when it ends; as `indexed_together` does whole conversations."""
    if connection.dialect.name != "sqlite" or len(messages) < _SEVERAL:
        return nullcontext()
    begun, said = ([row["id"] for row in rows] for rows in (conversations, messages))
    return _indexed(connection, _BY_MESSAGE, begun=begun, said=said)


def indexed_together(connection: Connection, conversation_ids: Sequence[str]) -> AbstractContextManager[None]:
    """Index the conversations that are inserted in the block, with their messages, when it ends.

    A trigger does it row by row, and FTS5 writes down what it has at the begin of each statement (`xSavepoint`): that
    takes three times as long as all else about the row. PostgreSQL makes its columns by itself.
    """
    if connection.dialect.name != "sqlite":
        return nullcontext()
    return _indexed(connection, _BY_CONVERSATION, begun=conversation_ids, said=conversation_ids)


@contextmanager
def _indexed(connection: Connection, statement: Prepared, **ids: Sequence[str]) -> Iterator[None]:
    _PAUSE.run(connection, {})
    yield
    statement.run(connection, {name: json.dumps(list(those)) for name, those in ids.items()})
    _GO_ON.run(connection, {})
