"""The passages of projects' files that have words of a question, the rarer words first."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import log
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from chatapp.backend.store.database import Database
from chatapp.backend.store.schema import project_files as files
from chatapp.backend.store.schema import project_passages as passages
from chatapp.backend.store.schema import projects

PLACES = 32
"""A passage's number is project * 2^32 + place."""

_COMMON = 2000
"""In how many passages a word is common: it tells little, and to go through all of them takes long."""
_SAMPLE = 400
"""So many passages, from all over a project, tell PostgreSQL how common words are. To look for each by itself, it would
unpack what is known of every passage once for each word that is common."""
_MOST_HITS = 4000
"""Of the rarer words so many hits are gone through."""
_MOST_FOUND = 150
_WORDS = re.compile(r"[^\W_\u19b0-\u19c9\u1cf2\u1cf3]+")
"""Words as SQLite's tokenizer knows them: to it some letters of New Tai Lue and Vedic are marks between words."""

_SQLITE_HITS = (
    "SELECT rowid AS number FROM search_files WHERE search_files MATCH :word{at} "
    "AND rowid >= :first AND rowid < :end LIMIT :most"
)
_POSTGRESQL_SAMPLE = (
    "WITH sampled AS MATERIALIZED (SELECT strip(searchable) AS words FROM project_passages "
    "WHERE number = ANY(:sample)) "
    "SELECT {counts} FROM sampled"
)
_POSTGRESQL_COUNT = "count(*) FILTER (WHERE words @@ plainto_tsquery('english', :word{at}))"
_POSTGRESQL_HITS = (
    "SELECT number FROM project_passages WHERE searchable @@ plainto_tsquery('english', :word{at}) "
    "AND number >= :first AND number < :end LIMIT :most"
)


class Passage(NamedTuple):
    """A stretch of a file's text; those of a file have numbers in their order."""

    number: int
    attachment_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ProjectSearch:
    """Looks for words in the files of projects. Who asks by the project alone knows that it may."""

    database: Database

    def find(self, project_id: str, words: Sequence[str]) -> list[Passage]:
        """Return passages that have some of `words`, those with the rarer and the more of them first.

        Common words count where there are no others.
        """
        with self.database.read() as connection:
            number = connection.scalar(select(projects.c.number).where(projects.c.id == project_id)) or 0
            bounds = {"first": number << PLACES, "end": (number + 1) << PLACES, "most": _COMMON}
            common = {} if self.database.is_sqlite else self._common(connection, project_id, words, bounds["first"])
            others = [word for word in words if word not in common]
            counts = self._ask(connection, "count(*)", others, bounds)
            telling = _telling([*((others[place], count) for place, count in counts if count), *common.items()])
            weights, scores = list(telling.values()), defaultdict[int, float](float)
            for place, hit in self._ask(connection, "number", list(telling), bounds):
                scores[hit] += weights[place]
            best = nlargest(_MOST_FOUND, scores, key=scores.__getitem__)
            told = select(passages.c.number, passages.c.attachment_id, passages.c.text)
            rows = connection.execute(told.where(passages.c.number.in_(best)))
            texts = {row.number: Passage(*row) for row in rows}
        return [texts[place] for place in best if place in texts]

    def _common(self, connection: Connection, project_id: str, words: Sequence[str], first: int) -> dict[str, int]:
        """Return the words that some passages from all over the project have, each with how many have it, about."""
        last = (
            connection.scalar(select(func.max(files.c.last_passage)).where(files.c.project_id == project_id)) or first
        )
        sample = range(first + 1, last + 1, max(1, (last - first) // _SAMPLE))
        if not words or not sample:
            return {}
        counts = ", ".join(_POSTGRESQL_COUNT.format(at=at) for at in range(len(words)))
        quoted = {f"word{at}": word for at, word in enumerate(words)}
        query = text(_POSTGRESQL_SAMPLE.format(counts=counts))
        found = connection.execute(query, {**quoted, "sample": list(sample)}).one()
        return {word: count * sample.step for word, count in zip(words, found, strict=True) if count}

    def _ask(
        self, connection: Connection, what: str, words: Sequence[str], bounds: dict[str, int]
    ) -> Sequence[tuple[int, int]]:
        """Return `what` of the passages that have a word, with its place among `words`; of each word `_COMMON` at most.

        It is one question for all of them: each by itself would take longer to be put together than to be answered.
        """
        if not words:
            return []
        hits = _SQLITE_HITS if self.database.is_sqlite else _POSTGRESQL_HITS
        parts = (f"SELECT {at}, {what} FROM ({hits.format(at=at)}) AS hits" for at in range(len(words)))  # noqa: S608
        quoted = {f"word{at}": _expression(it) if self.database.is_sqlite else it for at, it in enumerate(words)}
        rows = connection.execute(text(" UNION ALL ".join(parts)), {**bounds, **quoted})
        return [(place, found) for place, found in rows]


def _expression(word: str) -> str:
    """Return a word for SQLite, whose index takes no phrases: `read_file` is two words to it, and both are wanted."""
    return " ".join(f'"{it}"' for it in _WORDS.findall(word)) or '""'


def _telling(counts: list[tuple[str, int]]) -> dict[str, float]:
    """Return the words to go by, the rarest first, each with how much it tells: as many as have `_MOST_HITS`."""
    chosen: dict[str, float] = {}
    hits = 0
    for word, count in sorted(counts, key=itemgetter(1)):
        hits += min(count, _COMMON)
        if chosen and hits > _MOST_HITS:
            break
        chosen[word] = log(1 + _COMMON / count)
    return chosen
