"""The place in a message where the words are that somebody looks for."""

import re
from dataclasses import replace
from typing import TypedDict

from chatapp.backend.store.search.terms import Term, fold, pattern_of

BEFORE_CHARS = 40
SNIPPET_CHARS = 160

_BREAKS = str.maketrans("\n\r\t", "   ")
_AROUND_CHARS = 200
"""Marks stand in pairs: so far from a place the other one is looked for."""

_MARKS = (  # of Markdown: a line of a message is read better without them
    re.compile(r"(?m)^[ \t]*`{3,}[^`\n]*$"),
    re.compile(r"(?m)^[ \t]*\|[ \t:|-]+$"),
    re.compile(r"(?m)^[ \t>]*(?:#{1,6}[ \t]|[*+-][ \t](?:\[[ xX]\][ \t])?|\|[ \t]?)?"),
    re.compile(r"(?m)[ \t]\|[ \t]*$"),
    re.compile(r"(?<![\w`])(?P<marks>`{1,2})(?P<words>[^`\n]+)(?P=marks)(?![\w`])"),
    re.compile(r"(?<![\w*])(?P<marks>\*{1,3})(?=[^\s*])(?P<words>[^*\n]*)(?<=[^\s*])(?P=marks)(?![\w*])"),
    re.compile(r"(?<!\w)~~(?P<words>[^~\n]+)~~(?!\w)"),
    re.compile(r"!?\[(?P<words>[^\[\]\n]+)\]\([^()\s]+\)"),
)


class SnippetPart(TypedDict):
    """A stretch of a snippet; `is_match`: it is what was looked for."""

    text: str
    is_match: bool


def snippet(text: str, terms: list[Term]) -> list[SnippetPart]:
    """Return some words around the first match, as stretches that together read as one line, without Markdown."""
    folded, pattern = fold(text), pattern_of(terms)
    first = pattern.search(folded)
    if first is None:
        pattern = pattern_of([replace(term, is_within=True) for term in terms])
        first = pattern.search(folded)
    start = _start(text, first.start() if first else 0)
    end = min(len(text), start + SNIPPET_CHARS)
    parts = _parts(text, list(pattern.finditer(folded, start, end)), start, end)
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


def _parts(text: str, matches: list[re.Match[str]], start: int, end: int) -> list[SnippetPart]:
    parts, position = [], start
    marks = _marks_between(text, start, end, matches)
    for match in matches:
        parts.append(SnippetPart(text=_words(text, position, match.start(), marks), is_match=False))
        parts.append(SnippetPart(text=text[match.start() : match.end()].translate(_BREAKS), is_match=True))
        position = match.end()
    parts.append(SnippetPart(text=_words(text, position, end, marks), is_match=False))
    return [part for part in parts if part["text"]]


def _words(text: str, start: int, end: int, marks: list[tuple[int, int]]) -> str:
    """Return what stands between two places, without the marks there."""
    words = []
    for first, last in marks:
        if first < end and last > start:
            words.append(text[start:first])
            start = last
    return "".join((*words, text[start:end])).translate(_BREAKS)


def _marks_between(text: str, start: int, end: int, found: list[re.Match[str]]) -> list[tuple[int, int]]:
    """Return where marks begin and end that stand between `start` and `end`, or go beyond them; in their order.

    Marks in which something was `found`, as in the address of a link, are none.
    """
    marks: list[tuple[int, int]] = []
    for pattern in _MARKS:
        for match in pattern.finditer(text, max(0, start - _AROUND_CHARS), end + _AROUND_CHARS):
            words = match.span("words") if "words" in pattern.groupindex else (match.end(), match.end())
            around = ((match.start(), words[0]), (words[1], match.end()))
            if not any(it.start() < last and it.end() > first for it in found for first, last in around):
                marks += around
    return sorted((first, last) for first, last in marks if first < last and first < end and last > start)
