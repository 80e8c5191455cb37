"""The parts of a long text that fit a question, found by its words."""

import re
import sqlite3
from contextlib import closing

from chatapp.backend.store.search.terms import pairs_of, parts_of

_PASSAGE_CHARS = 1500
_LEAST_CHARS = 300
"""Where there is little room, passages are shorter, so that three go along; but no shorter than this says something."""
_MOST_WORDS, _LONGEST_WORD = 40, 64
_WORDS = re.compile(r"\w+")
GAP = "\n\n[…]\n\n"


def fitting_passages(text: str, question: str, *, chars: int) -> str:
    """Return what of `text` fits `question` best, at most `chars` of it, in the order in which it stands there.

    Without a word in common it is the beginning. The ranking is that of SQLite's full-text search (BM25).
    """
    if len(text) <= chars:
        return text
    size = max(min(_PASSAGE_CHARS, max(chars // 3, _LEAST_CHARS), chars - len(GAP)), 1)
    passages = passages_of(text, chars=size)
    words = words_of(question)
    chosen: set[int] = set()
    room = chars
    for number in [*ranked(passages, words), *range(len(passages))]:
        size = len(passages[number]) + len(GAP)
        if number not in chosen and size <= room:
            chosen.add(number)
            room -= size
    return GAP.join(passages[number] for number in sorted(chosen)) or text[:chars]


def words_of(question: str) -> list[str]:
    """Return the words that a question is looked for by, each once."""
    found = (part.lower() for word in _WORDS.findall(question) for part in parts_of(word) if len(part) <= _LONGEST_WORD)
    return list(dict.fromkeys(found))[:_MOST_WORDS]


def passages_of(text: str, *, chars: int = _PASSAGE_CHARS) -> list[str]:
    """Return `text` cut at paragraphs, or else at lines, words or anywhere, into pieces of `chars` at most."""
    passages, begin = [], 0
    while begin < len(text):
        end = begin + chars
        if end < len(text):
            cuts = (text.rfind(mark, begin + chars // 2, end) for mark in ("\n\n", "\n", " "))
            end = next((cut for cut in cuts if cut > begin), end)
        passages.append(text[begin:end].strip())
        begin = end
    return [passage for passage in passages if passage]


def ranked(passages: list[str], words: list[str]) -> list[int]:
    """Return the places of the passages that have any of `words`, the best first, by SQLite's BM25."""
    if not words:
        return []
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE passages USING fts5(body, tokenize='porter unicode61')")
        indexed = (f"{passage} {pairs_of(passage) or ''}" for passage in passages)
        connection.executemany("INSERT INTO passages(rowid, body) VALUES (?, ?)", enumerate(indexed))
        query = " OR ".join(f'"{word}"' for word in words)
        found = connection.execute("SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rank", [query])
        return [number for (number,) in found]
