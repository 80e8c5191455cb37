"""Where the code is in Markdown: fences.

Everything here goes through a text once. What a model says may be one line of a megabyte, so nothing is looked for
again from every place at which it might begin.
"""

from typing import NamedTuple

_CONTAINERS = " \t>*+-.)0123456789"
"""What may stand before a fence: quotes and items of lists."""
_FENCE_LENGTH = 3


class Part(NamedTuple):
    """A stretch of Markdown that is a fenced block of code, or none of it."""

    text: str
    is_code: bool


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` with their ends; only line feeds end a line, as in Markdown."""
    *lines, last = text.split("\n")
    return [line + "\n" for line in lines] + ([last] if last else [])


def fenced_parts(markdown: str) -> list[Part]:
    """Return the text as fenced code and everything else, in order; joined it is `markdown`."""
    parts: list[Part] = []
    lines: list[str] = []
    fence: str | None = None
    for line in lines_of(markdown):
        before, fence = fence, next_fence(fence, line)
        if before is None and fence is not None:
            parts.append(Part("".join(lines), is_code=False))
            lines = []
        lines.append(line)
        if before is not None and fence is None:
            parts.append(Part("".join(lines), is_code=True))
            lines = []
    return [*parts, Part("".join(lines), is_code=fence is not None)]


def next_fence(fence: str | None, line: str) -> str | None:
    """Return the fence that is open behind `line`, if `fence` was open before it."""
    if fence is None:
        return _opened_fence(line.rstrip("\r\n").lstrip(_CONTAINERS))
    mark = line.strip().lstrip("> \t")
    is_closed = len(mark) >= len(fence) and not mark.strip(fence[0])
    return None if is_closed else fence


def _opened_fence(text: str) -> str | None:
    mark = text[:1]
    if mark not in {"`", "~"}:
        return None
    info = text.lstrip(mark)
    length = len(text) - len(info)
    return None if length < _FENCE_LENGTH or (mark == "`" and "`" in info) else mark * length
