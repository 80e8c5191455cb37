r"""Where a formula begins and ends in Markdown: between dollars, `\(…\)`, `\[…\]`, or an environment that stands alone.

A single dollar begins or ends one only by the rule of Pandoc (https://pandoc.org/MANUAL.html#math): no blank behind the
first, none before the next, and no digit behind that. Every other dollar is a sign.

A search for an end that is not there is made once for a text, not for each beginning in it.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from chatapp.rendering.lines import line_of

_ENVIRONMENTS = frozenset(
    {
        "Bmatrix", "Vmatrix", "align", "align*", "alignat", "alignat*", "aligned", "alignedat", "array", "bmatrix",
        "cases", "dcases", "eqnarray", "eqnarray*", "equation", "equation*", "flalign", "flalign*", "gather", "gather*",
        "gathered", "matrix", "multline", "multline*", "pmatrix", "rcases", "smallmatrix", "split", "vmatrix",
    }
)  # fmt: skip
_CLOSERS = {"$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_TO_DOLLAR = re.compile(r"(?:[^$\\]++|\\.)*+", re.DOTALL)
_BEGIN = re.compile(r"\\begin\{([A-Za-z]{1,11}\*?)\}")
_FORMULA_SIGNS = frozenset(r"\^_{}=+")
_RELATION = re.compile(r"\\[A-Za-z]++|[<>=]")
"""What stands before a number without a blank, as in `$\\sim$5`."""
_ENDING = re.compile(r"(?:th|st|nd|rd|s|es|NN)\b")
"""What makes a word of a formula, as in `$n$th` and `$k$NN`."""
_WORD = re.compile(r"[^\W\d_]{3}")
_NO_BEGIN = frozenset(",;?)'\"\u2019\u201d")
"""Before it a dollar is a sign, as in `5 $, 10 $` and `($) and ($)`."""


def add_formulas(markdown: MarkdownIt) -> None:
    """Have `markdown` find formulas, as tokens named `formula` whose content is TeX."""
    markdown.block.ruler.before("fence", "formula", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    markdown.inline.ruler.before("escape", "formula", _inline)


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    first = line_of(state, start)
    closer, is_environment = _closer_of(first)
    if not closer:
        return False
    opener_size = 0 if is_environment else len(closer)
    last = start if closer in first[opener_size:] else _line_of(state, closer, start + 1, end)
    if last is None:
        return False
    text = state.getLines(start, last + 1, state.blkIndent, keepLastLF=False).strip()
    content = text if is_environment else text[opener_size : -len(closer)]
    if not text.endswith(closer) or len(text) < 2 * opener_size or (opener_size and closer in content):
        return False
    if silent:
        return True
    token = state.push("formula", "", 0)
    token.block = True
    token.content = content
    state.line = last + 1
    return True


def _closer_of(line: str) -> tuple[str | None, bool]:
    """Return what ends the formula that a line begins with, and whether it is an environment."""
    environment = _BEGIN.match(line)
    if environment and environment[1] in _ENVIRONMENTS:
        return f"\\end{{{environment[1]}}}", True
    return (_CLOSERS[line[:2]], False) if line[:2] in {"$$", r"\["} else (None, False)


def _line_of(state: StateBlock, closer: str, first: int, end: int) -> int | None:
    """Return the next line with `closer` in it, None where there is none in this block."""
    missing = state.env.setdefault("formulas_without_end", set())
    if (closer, end) in missing:
        return None
    for line in range(first, end):
        if state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return None
        if state.src.find(closer, state.bMarks[line], state.eMarks[line]) >= 0:
            return line
    missing.add((closer, end))
    return None


def _inline(state: StateInline, silent: bool) -> bool:
    opener = state.src[state.pos : state.pos + 2]
    if opener in _CLOSERS:
        return _pair(state, opener, silent=silent)
    if opener == r"\b":
        return _environment(state, silent=silent)
    return opener[:1] == "$" and _dollars(state, silent=silent)


def _environment(state: StateInline, *, silent: bool) -> bool:
    """Take an environment in the middle of a line."""
    found = _BEGIN.match(state.src, state.pos, state.posMax)
    if found is None or found[1] not in _ENVIRONMENTS:
        return False
    closer = f"\\end{{{found[1]}}}"
    end = _find(state, closer, found.end())
    if end < 0:
        return False
    end += len(closer)
    return _take(state, state.src[state.pos : end], end, is_display=True, silent=silent)


def _find(state: StateInline, closer: str, begin: int) -> int:
    """Return where `closer` comes next, -1 where it does not: that is found out once for a text."""
    if state.env.get(closer) is state.src:
        return -1
    end = state.src.find(closer, begin)
    if end < 0:
        state.env[closer] = state.src
    return end


def _pair(state: StateInline, opener: str, *, silent: bool) -> bool:
    begin = state.pos + 2
    end = _find(state, _CLOSERS[opener], begin)
    if end < 0 or (opener == "$$" and _is_level(state, end)) or (opener == r"\[" and _is_escaped(state, end)):
        return False
    return _take(state, state.src[begin:end], end + 2, is_display=opener != r"\(", silent=silent)


def _is_level(state: StateInline, end: int) -> bool:
    """Return whether two dollars here are no formula's, as those of "$$ is dear, $$$ dearer" and "echo $$; kill $$"."""
    content = state.src[state.pos + 2 : end]
    before, behind = state.src[max(state.pos - 1, 0) : state.pos], state.src[end + 2 : end + 3]
    if before == "$" or content[:1] == "$" or (behind == "$" and content[:1].isspace()):
        return True
    is_apart = not content[:1].isalnum() and _WORD.search(content) is not None
    return _FORMULA_SIGNS.isdisjoint(content) and (is_apart or not any(map(str.isalnum, content)))


def _is_escaped(state: StateInline, end: int) -> bool:
    r"""Return whether brackets stand for themselves, as in `see \[1\]`, `\[edit\]` and `write \[name\](address)`."""
    content = state.src[state.pos + 2 : end]
    is_label = content.isdigit() or _WORD.search(content) is not None or state.src.startswith("(", end + 2)
    return is_label and _FORMULA_SIGNS.isdisjoint(content)


def _dollars(state: StateInline, *, silent: bool) -> bool:
    begin = state.pos + 1
    found = _TO_DOLLAR.match(state.src, begin)
    end = found.end() if found else begin
    content = state.src[begin:end]
    is_closed = state.src[end : end + 1] == "$" and _may_end(content, state.src, end + 1)
    if not is_closed or content[:1].isspace() or content[-1:].isspace() or content[:1] in _NO_BEGIN:
        return False
    if state.src[state.pos - 1 : state.pos] == "$" == state.src[end + 1 : end + 2]:
        return False
    if _is_price(content, is_behind_digit=state.src[state.pos - 1 : state.pos].isdigit()):
        return False
    if content[0] == content[-1] == "`":  # as GitHub and GitLab write formulas
        content = content.strip("`")
    return _take(state, content, end + 1, is_display=False, silent=silent)


def _may_end(content: str, source: str, behind: int) -> bool:
    """Return whether a formula ends before what stands at `behind`: not where it is the name or amount of a dollar."""
    following = source[behind : behind + 1]
    if not (following.isascii() and following.isalnum()) or _RELATION.fullmatch(content):
        return True
    return (len(content) == 1 or not _FORMULA_SIGNS.isdisjoint(content)) and bool(_ENDING.match(source, behind))


def _is_price(content: str, *, is_behind_digit: bool) -> bool:
    """Return whether what is between two dollars is an amount and words, as in "$5 or 6$ more" and "5$-6$"."""
    if not _FORMULA_SIGNS.isdisjoint(content):
        return False
    is_amount = is_behind_digit and not any(map(str.isalpha, content))
    return is_amount or (content[:1].isdigit() and " " in content)


def _take(state: StateInline, content: str, end: int, *, is_display: bool, silent: bool) -> bool:
    if not content.strip():
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.markup = content, "display" if is_display else "inline"
    state.pos = end
    return True
