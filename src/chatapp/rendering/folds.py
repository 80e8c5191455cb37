"""Parts of a text that are folded: `<details>`, with what `<summary>` says above it."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from chatapp.rendering.lines import line_of

_OPENED = re.compile(r"<details(?: open)?>", re.IGNORECASE)
_TITLE, _END = "<summary>", "</details>"
_TITLE_END = re.compile("</summary>", re.IGNORECASE | re.ASCII)
_TITLE_LINES = 4


def add_folds(markdown: MarkdownIt) -> None:
    """Have `markdown` fold what stands between `<details>`, which begins a line, and its end, which ends one."""
    markdown.block.ruler.before("fence", "fold", _fold, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def depth_of(line: str) -> int:
    """Return 1 for a line, without what is before it, that begins a fold, -1 for one that ends one, else 0."""
    return (_OPENED.match(line) is not None) - line.rstrip().lower().endswith(_END)


def _fold(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not state.src.startswith("<", state.bMarks[start] + state.tShift[start]) or state.is_code_block(start):
        return False
    text = line_of(state, start)
    begin = _OPENED.match(text)
    said = text[begin.end() :].lstrip() if begin else ""
    if begin is None or (said and not _has_title(said)):
        return False
    last = _end_of(state, start, end)
    title, first, rest = ("", start, None) if last is None else _title_of(state, start, last, said)
    if last is None or first > last:  # that is a title without an end, on the only line
        return False
    if silent:
        return True
    state.push("fold_open", "details", 1)
    state.push("summary_open", "summary", 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.children = title, []
    state.push("summary_close", "summary", -1)
    _draw(state, first, last, rest)
    state.push("fold_close", "details", -1)
    state.line = last + 1
    return True


def _title_of(state: StateBlock, start: int, last: int, said: str) -> tuple[str, int, int | None]:
    """Return what stands above a fold, the line where its text begins, and how much of that belongs to it if not all.

    `said` is what its first line has behind `<details>`.
    """
    line = start
    if not said and line < last:
        line += 1
        said = line_of(state, line)
    if _has_title(said):
        while (ending := _TITLE_END.search(said)) is None and line < min(last, start + _TITLE_LINES):
            line += 1
            said += f" {line_of(state, line)}"
        if ending:
            title = said[len(_TITLE) : ending.start()].strip()
            return title or "Details", line, len(said) - ending.end()
    return "Details", start + 1, None


def _has_title(said: str) -> bool:
    return said[: len(_TITLE)].lower() == _TITLE


def _draw(state: StateBlock, first: int, last: int, rest: int | None) -> None:
    """Draw the lines of a fold, of the first only `rest` characters and of the last what is before the end."""
    begins, ends, shifts = state.bMarks, state.eMarks, state.tShift
    after = state.lineMax, begins[first], shifts[first], ends[last]
    if rest is not None:
        begins[first], shifts[first] = ends[first] - rest, 0
    ends[last] = begins[last] + len(state.src[begins[last] : ends[last]].rstrip()) - len(_END)
    state.lineMax = last if state.isEmpty(last) else last + 1
    if state.lineMax > last:  # code takes the sign behind a line along, which is to be its end
        state.src = f"{state.src[: ends[last]]}\n{state.src[ends[last] + 1 :]}"
    state.md.block.tokenize(state, first, state.lineMax)
    state.lineMax, begins[first], shifts[first], ends[last] = after


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
        depth += depth_of(text)
        if not depth:
            return line
    state.env["folds_without_end"] = (start, stop)
    return None
