"""A growing answer in blocks, so that what has been drawn of it need not be drawn again."""

import re

from chatapp.frontend.markdown.code import fenced_parts, lines_of, next_fence
from chatapp.rendering.directions import runs_from_right

_FOLDS, _FOLD_END = ("<details>", "<details open>"), "</details>"
_MARKS = "-=|:*+#>_~` \t"
_FORMULA_SO_FAR = re.compile(r"(?<![\\$])\$(?:\\|[A-Za-z][_^])[^$]*\Z")
_LINK_SO_FAR = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]*\Z")
_FORMULAS = ((r"\[", r"\]"), (r"\(", r"\)"), (r"\begin{", r"\end{"))
_FROM_ELSEWHERE = re.compile(r"(?:\A|\n)[ \t]*[^\S \t\n]|\]:|\[\^|<d|<D|\\begin|~~~|[^\n]```")
"""Lines that look empty and are not in Markdown, what is said elsewhere of an address or a footnote, folds, formulas of
several blocks, and fences that are not plain to see."""


def split_blocks(markdown: str) -> list[str]:
    """Cut a growing answer into blocks; all but the last will not change any more, however much is added.

    A block is finished where an empty line follows it outside code, mathematics and folds, and the next one starts at
    the margin with a letter, so that lists, quotes and tables are never torn apart. Joined, the blocks are `markdown`.
    """
    blocks: list[str] = []
    start = offset = brackets = dollars = folds = 0
    fence: str | None = None
    after_blank = False
    for line in lines_of(markdown):
        is_closed = fence is None and brackets <= 0 and dollars % 2 == 0 and folds <= 0
        if is_closed and after_blank and _starts_block(line):
            blocks.append(markdown[start:offset])
            start, brackets, dollars, folds = offset, 0, 0, 0
        fence = next_fence(fence, line)
        after_blank = not line.strip()
        offset += len(line)
        brackets += line.count("\\[") - line.count("\\]")
        dollars += line.count("$$")
        folds += _folds_in(line) if fence is None else 0
    return [*blocks, markdown[start:]]


def read_so_far(markdown: str) -> str:
    """Return a growing block as it reads with what has come of it, nothing of it as what it is only for a moment.

    A dash below a line would make a heading of it, half a link is an address, and a fold without its end is text.
    """
    *_, last = parts = fenced_parts(markdown)
    folds = sum(_folds_in(line) for part in parts if not part.is_code for line in lines_of(part.text))
    if not last.is_code:
        text = without_open_math(markdown)
        begin = text.rfind("\n") + 1
        markdown = text[:begin] + _line_so_far(text[begin:])
    return markdown + f"\n{_FOLD_END}" * folds


def _line_so_far(line: str) -> str:
    """Return a line that grows without the marks at its end of which nobody knows yet what they are, or with their end.

    These are rules of tables and headings, formulas, links and what is bold or code.
    """
    if not line.strip(_MARKS) or line.strip(" .)").isdigit():
        return ""
    if line.count("`") % 2:
        return line if "``" in line else line[:-1] if line.endswith("`") else line + "`"
    line = _LINK_SO_FAR.sub(r"\1", _FORMULA_SO_FAR.sub("", line))
    bold = line.rfind("**")
    if line.count("**") % 2 == 0 or line[bold - 1 : bold].isalnum():
        return line
    words = line[bold:].strip("* ")
    if words and line[bold + 2].isspace():
        return line
    return line[:bold] + (f"**{words}**" if words else "")


def _folds_in(line: str) -> int:
    """Return 1 for a line that begins a fold, -1 for one that ends it, else 0."""
    said = line.strip().lower()
    return (said.startswith(_FOLDS) and _FOLD_END not in said) - (said == _FOLD_END)


def stands_by_itself(text: str) -> bool:
    """Return whether each block of `text` is drawn as it is alone: none names, folds or turns what is in another.

    Of an odd number of `$$` one may belong to a formula of another block than the one it was counted for.
    """
    return text.count("$$") % 2 == 0 and not (_FROM_ELSEWHERE.search(text) or runs_from_right(text))


def without_open_math(markdown: str) -> str:
    """Leave out a formula at the end whose closing mark has not come yet; half of one looks like an error."""
    *_, last = fenced_parts(markdown)
    if last.is_code:
        return markdown
    text = last.text
    if text.count("$$") % 2:
        text = text[: text.rindex("$$")]
    for opening, closing in _FORMULAS:
        start = text.rfind(opening)
        if start > text.rfind(closing):
            text = text[:start]
    return markdown[: len(markdown) - len(last.text)] + text.removesuffix("\\")


def _starts_block(line: str) -> bool:
    return line[:1].isalpha() or line.startswith(("#", "**", "`", "$", "\\"))
