"""Parts of a text that are folded: `<details>`, with what `<summary>` says above it."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from chatapp.rendering.lines import line_of

_OPENED = re.compile(r"<details(?: open)?>", re.IGNORECASE)
_BEGIN = re.compile(r"<details(?: open)?>\s*+(?:<summary>(.*)</summary>)?\s*+$", re.IGNORECASE)
_SUMMARY = re.compile(r"<summary>(.*)</summary>\s*+$", re.IGNORECASE)
_END = "</details>"


def add_folds(markdown: MarkdownIt) -> None:
    """Have `markdown` fold what stands between `<details>` and its end, each on a line of its own."""
    markdown.block.ruler.before("fence", "fold", _fold, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _fold(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not state.src.startswith("<", state.bMarks[start] + state.tShift[start]) or state.is_code_block(start):
        return False
    begin = _BEGIN.match(line_of(state, start))
    last = _end_of(state, start, end) if begin else None
    if begin is None or last is None:
        return False
    if silent:
        return True
    first, title = start + 1, begin[1]
    if title is None and first < last and (summary := _SUMMARY.match(line_of(state, first))):
        first, title = first + 1, summary[1]
    _draw(state, first, last, title or "Details")
    state.line = last + 1
    return True


def _draw(state: StateBlock, first: int, last: int, title: str) -> None:
    state.push("fold_open", "details", 1)
    state.push("summary_open", "summary", 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.children = title.strip(), []
    state.push("summary_close", "summary", -1)
    after, state.lineMax = state.lineMax, last
    state.md.block.tokenize(state, first, last)
    state.lineMax = after
    state.push("fold_close", "details", -1)


def _end_of(state: StateBlock, start: int, end: int) -> int | None:
    """Return the line that ends what `start` begins; that there is none is found out once for the same lines."""
    first, behind = state.env.get("folds_without_end", (0, 0))
    if first <= start < behind:
        return None
    depth, stop = 0, end
    for line in range(start, end):
        text = line_of(state, line)
        if state.sCount[line] < state.blkIndent and text:
            stop = line
            break
        depth += _OPENED.match(text) is not None
        depth -= text.rstrip().lower() == _END
        if not depth:
            return line
    state.env["folds_without_end"] = (start, stop)
    return None
