"""A growing answer in blocks, so that what has been drawn of it need not be drawn again."""

import re

from chatapp.frontend.markdown.code import fenced_parts, lines_of, next_fence
from chatapp.rendering.directions import runs_from_right
from chatapp.rendering.folds import depth_of
from chatapp.rendering.table_rows import columns_of

_CONTAINERS = re.compile(r"[\s>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+")
_MARK_SO_FAR = re.compile(r"(?:<(?:/?[A-Za-z]{0,9}|details o?p?e?n?)|\[\^[^\]\s]{0,40})\Z")
_MARKS = "-=|:*+#>_~` \t"
_FORMULA_SO_FAR = re.compile(r"(?<![\\$\w])\$(?:\\|[A-Za-z]{1,2}[_^]|[A-Za-z](?: ?[-=+<>,*/|({\\\d]| ?\Z))[^$]*\Z")
_LINK_SO_FAR = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]*+(?:\([^()\s]*+\)?+[^()\s]*+)?+(?: (?:\"[^\"]*\"?)?)?\Z")
_EMPHASIS_SO_FAR = re.compile(r"(?<![^\s(])\*(?![\s*])([^*`$]*)\Z")
_CODE, _SPAN = re.compile("`[^`]*`|\ue000"), re.compile("\ue000")
_PAIR_SO_FAR = re.compile(r"<(sub|sup|kbd|mark)>([^\s<][^<]{0,40})?\Z")
_FORMULAS = ((r"\[", r"\]"), (r"\(", r"\)"))
_ENVIRONMENTS = re.compile(r"\\(begin|end)\{[A-Za-z*]*(\})?")
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
        is_closed = fence is None and brackets <= 0 and dollars % 2 == 0 and folds == 0
        if is_closed and after_blank and _starts_block(line):
            blocks.append(markdown[start:offset])
            start, brackets, dollars, folds = offset, 0, 0, 0
        fence = next_fence(fence, line)
        after_blank = not line.strip()
        offset += len(line)
        brackets += line.count("\\[") - line.count("\\]")
        dollars += line.count("$$")
        if fence is None and "<" in line:
            folds = max(folds + depth_of(_parted(line)[1]), 0)
    return [*blocks, markdown[start:]]


def read_so_far(markdown: str) -> str:
    """Return a growing block as it reads with what has come of it, nothing of it as what it is only for a moment.

    A dash below a line would make a heading of it, half a link is an address, and a fold without its end is text.
    """
    if not fenced_parts(markdown)[-1].is_code:
        text = without_open_math(markdown)
        begin = text.rfind("\n") + 1
        markdown = text[:begin] + _line_so_far(text[begin:])
    return markdown + "".join(f"\n{before}</details>" for before in reversed(_open_folds(markdown)))


def with_header(markdown: str) -> str:
    """Return what has come of a growing block so that the first line of a table at its end is drawn as that."""
    above, _, line = markdown.removesuffix("\n").rpartition("\n")
    before, bar, header = line.partition("|")
    is_below_another = above.rpartition("\n")[2].lstrip(" \t>").startswith("|")
    if not bar or before.strip(" \t>") or not header.strip(" |") or header.startswith("|") or is_below_another:
        return markdown
    if fenced_parts(markdown)[-1].is_code:
        return markdown
    return markdown.removesuffix("\n") + f"\n{before}|" + "-|" * columns_of(line)


def _line_so_far(line: str) -> str:
    """Return a line that grows without the marks at its end of which nobody knows yet what they are, or with their end.

    These are rules of tables and headings, formulas, links, pairs of tags, and what is bold, emphasised or code.
    """
    if not line.strip(_MARKS) or line.strip(" .)").isdigit():
        return ""
    if line.count("`") % 2:
        if "``" in line:
            return line
        line = line[:-1] if line.endswith("`") else line + "`"
    spans = iter(_CODE.findall(line))
    return _SPAN.sub(lambda _: next(spans, ""), _words_so_far(_CODE.sub("\ue000", line)))


def _words_so_far(line: str) -> str:
    """Return a line, in which a letter of its own stands for each span of code, without or with such marks."""
    line = _MARK_SO_FAR.sub("", line)
    is_summary = "<summary>" in line.lower() and "</summary>" not in line.lower()
    line = _LINK_SO_FAR.sub(r"\1", _FORMULA_SO_FAR.sub("", line))
    line = _PAIR_SO_FAR.sub(lambda pair: f"{pair[0]}</{pair[1]}>" if pair[2] else "", line)
    line = _EMPHASIS_SO_FAR.sub(lambda words: f"*{words[1].rstrip()}*" if words[1] else "", line)
    return _bold_so_far(line) + ("</summary>" if is_summary else "")


def _bold_so_far(line: str) -> str:
    bold = line.rfind("**")
    before = line[bold - 1 : bold]
    if line.count("**") % 2 == 0 or (before.isascii() and before.isalnum()):
        return line
    words = line[bold:].strip("* ")
    if words and line[bold + 2].isspace():
        return line
    begin = bold - line[:bold].endswith("*")
    words, marks = words + "*" * (words.count("*") % 2), line[begin : bold + 2]
    return line[:begin] + (f"{marks}{words}{marks}" if words else "")


def _open_folds(markdown: str) -> list[str]:
    """Return what belongs before the end of each fold that has none yet, the innermost last."""
    opened: list[str] = []
    for part in fenced_parts(markdown) if "<" in markdown else ():
        for line in () if part.is_code else lines_of(part.text):
            before, said = _parted(line)
            depth = depth_of(said)
            if depth > 0:
                opened.append(re.sub(r"[^\s>]", " ", before))
            elif depth < 0:
                del opened[-1:]
    return opened


def _parted(line: str) -> tuple[str, str]:
    """Return what stands before a line's words, marks of lists and quotations, and the words."""
    end = len(_CONTAINERS.match(line)[0])  # type: ignore[index]  # it fits on nothing as well
    return line[:end], line[end:]


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
    text = text[: _open_environment(text)]
    return markdown[: len(markdown) - len(last.text)] + text.removesuffix("\\")


def _open_environment(text: str) -> int | None:
    """Return where the outermost environment begins that has not ended, None where there is none."""
    opened: list[int] = []
    for mark in _ENVIRONMENTS.finditer(text):
        if mark[1] == "begin":
            opened.append(mark.start())
        elif mark[2]:
            del opened[-1:]
    return opened[0] if opened else None


def _starts_block(line: str) -> bool:
    return line[:1].isalpha() or line.startswith(("#", "**", "`", "$", "\\"))
