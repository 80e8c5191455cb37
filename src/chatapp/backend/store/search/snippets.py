"""The place in a message where the words are that somebody looks for."""

import re
from dataclasses import replace
from typing import TypedDict

from chatapp.backend.store.search.terms import Term, fold, pattern_of

BEFORE_CHARS = 40
SNIPPET_CHARS = 160

_BREAKS = str.maketrans("\n\r\t", "   ")


class SnippetPart(TypedDict):
    """A stretch of a snippet; `is_match`: it is what was looked for."""

    text: str
    is_match: bool


def snippet(text: str, terms: list[Term]) -> list[SnippetPart]:
    """Return some words around the first match, as stretches that together read as one line."""
    folded, pattern = fold(text), pattern_of(terms)
    first = pattern.search(folded)
    if first is None:
        pattern = pattern_of([replace(term, is_within=True) for term in terms])
        first = pattern.search(folded)
    start = _start(text, first.start() if first else 0)
    end = min(len(text), start + SNIPPET_CHARS)
    parts = _parts(text.translate(_BREAKS), pattern, folded, start, end)
    if start > 0:
        parts.insert(0, SnippetPart(text="…", is_match=False))
    if end < len(text):
        parts.append(SnippetPart(text="…", is_match=False))
    return parts


def _start(text: str, match: int) -> int:
    """Return where to begin so that the match has some words before it."""
    start = max(0, match - BEFORE_CHARS)
    if start == 0:
        return 0
    blank = re.compile(r"\s").search(text, start, match)
    return blank.end() if blank else start


def _parts(text: str, pattern: re.Pattern[str], folded: str, start: int, end: int) -> list[SnippetPart]:
    parts, position = [], start
    for match in pattern.finditer(folded, start, end):
        parts.append(SnippetPart(text=text[position : match.start()], is_match=False))
        parts.append(SnippetPart(text=text[match.start() : match.end()], is_match=True))
        position = match.end()
    parts.append(SnippetPart(text=text[position:end], is_match=False))
    return [part for part in parts if part["text"]]
