"""The few HTML tags that models write in the middle of a line and mean."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

_PAIRED = re.compile("<(sub|sup|kbd|mark|b|strong|i|em)>")
_DRAWN_AS = {"b": "strong", "i": "em"}
_EMPHASIS = frozenset({"strong", "em"})
"""With a blank inside they are spoken of, as in `<b> makes bold, </b> ends it`."""
_BREAKS = ("<br>", "<br/>", "<br />")
_LONGEST = max(map(len, _BREAKS))


def add_tags(markdown: MarkdownIt) -> None:
    """Have `markdown` draw `<br>`, and those of `_PAIRED` with their end; all others stay text."""
    markdown.inline.ruler.before("autolink", "tag", _tag)


def _tag(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<":
        return False
    if line_break(state, silent):
        return True
    paired = _PAIRED.match(state.src, state.pos, state.posMax)
    return paired is not None and _pair(state, paired[1], silent=silent)


def line_break(state: StateInline, silent: bool) -> bool:
    """Take `<br>`, the only way to break a line in a cell, as such."""
    start = state.src[state.pos : state.pos + _LONGEST].lower()
    mark = next((mark for mark in _BREAKS if start.startswith(mark)), None) if start.startswith("<") else None
    if mark is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos += len(mark)
    return True


def _pair(state: StateInline, name: str, *, silent: bool) -> bool:
    begin = state.pos + len(name) + 2
    end = _end_of(state, name, begin)
    if end < 0 or end > state.posMax:
        return False
    drawn = _DRAWN_AS.get(name, name)
    if drawn in _EMPHASIS and any(map(str.isspace, (state.src[begin : begin + 1], state.src[end - 1 : end]))):
        return False
    if not silent:
        after = state.posMax
        state.push(f"{name}_open", drawn, 1)
        state.pos, state.posMax = begin, end
        state.md.inline.tokenize(state)
        state.posMax = after
        state.push(f"{name}_close", drawn, -1)
    state.pos = end + len(name) + 3
    return True


def _end_of(state: StateInline, name: str, begin: int) -> int:
    """Return where the tag ends, -1 if it does not. What was found is kept: it is the end of all before it."""
    known = state.env.get(f"</{name}>")
    if known is None or known[0] is not state.src or 0 <= known[1] < begin:
        known = state.env[f"</{name}>"] = (state.src, state.src.find(f"</{name}>", begin))
    end: int = known[1]
    return end
