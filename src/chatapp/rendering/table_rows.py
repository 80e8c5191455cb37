"""Rows of tables with more bars than columns: none of their words is lost.

Models write `$P(A|B)$` and `a || b` into cells. By the rules of GitHub each bar ends a cell, and what is beyond the
last column is dropped (https://github.github.com/gfm/#tables-extension-). Here a row with too many is read again with
the bars in formulas and code as part of a cell, and what is still too much belongs to its last one.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

_HIDDEN = "\ufdd0"
"""Stands for a bar that ends no cell. It is no character, so texts have none."""
_TICKS = re.compile("`+")
_DOLLARS = re.compile(r"\$(?=\S)[^$]+(?<=\S)\$(?![0-9A-Za-z])")
_BAR = re.compile(r"(?<!\\)\|")
_MARGIN = " \t>"


def add_whole_rows(markdown: MarkdownIt) -> None:
    """Have `markdown` keep all that stands in rows of tables."""
    markdown.core.ruler.before("block", "hide_bars", _hide)
    markdown.core.ruler.after("block", "show_bars", _show)


def columns_of(header: str) -> int:
    """Return how many columns the table has that this line begins."""
    row = header.strip(_MARGIN)
    inside = set(_inside(row))
    return 1 + sum(0 < bar.start() < len(row) - 1 and bar.start() not in inside for bar in _BAR.finditer(row))


def _hide(state: StateCore) -> None:
    if "|" not in state.src or _HIDDEN in state.src:
        return
    lines = state.src.split("\n")
    columns = 0
    for place, line in enumerate(lines):
        if count := _columns_below(line):
            columns = count
            lines[place - 1] = _fitted(lines[place - 1], columns, is_header=True) if place else lines[place - 1]
        elif not line.strip(_MARGIN):
            columns = 0
        elif columns:
            lines[place] = _fitted(line, columns, is_header=False)
    state.src = "\n".join(lines)


def _show(state: StateCore) -> None:
    state.src = state.src.replace(_HIDDEN, "|")
    for token in state.tokens:
        token.content = token.content.replace(_HIDDEN, "|")
    notes = state.env.get("notes", {})
    for label in notes:
        notes[label] = notes[label].replace(_HIDDEN, "|")


def _columns_below(line: str) -> int:
    """Return how many columns a table has by the line below its header, 0 for other lines."""
    marks = line.strip(_MARGIN)
    is_such = "-" in marks and "|" in marks and not marks.strip("|-: \t")
    return marks.strip("|").count("|") + 1 if is_such else 0


def _fitted(line: str, columns: int, *, is_header: bool) -> str:
    """Return a row with as many bars as part its columns, the others hidden; of a header only those in its cells."""
    begin, end = len(line) - len(line.lstrip(_MARGIN)), len(line.rstrip(_MARGIN))
    bars = [found.start() for found in _BAR.finditer(line) if begin < found.start() < end - 1]
    if len(bars) < columns:
        return line
    inside = set(_inside(line))
    parting = [bar for bar in bars if bar not in inside]
    kept = set(parting if is_header else parting[: columns - 1])
    letters = list(line)
    for bar in bars:
        letters[bar] = "|" if bar in kept else _HIDDEN
    return "".join(letters)


def _inside(line: str) -> Iterator[int]:
    """Return the places that are in code or in formulas."""
    opened = None
    for ticks in _TICKS.finditer(line):
        if opened is None:
            opened = ticks
        elif len(ticks[0]) == len(opened[0]):
            yield from range(opened.start(), ticks.end())
            opened = None
    for formula in _DOLLARS.finditer(line):
        yield from range(*formula.span())
    begin = line.find(r"\(")
    while begin >= 0 and (end := line.find(r"\)", begin)) >= 0:
        yield from range(begin, end)
        begin = line.find(r"\(", end)
