"""The title a conversation gets from its first question."""

import re

MAX_CHARS = 60

_BLOCK = re.compile(r"^[\s>]*(?:(?:#{1,6}|[*+-]|\d{1,9}[.)])\s+)?")
_CODE = re.compile(r"(?<![\w`])(`{1,3})([^`]+)\1(?![\w`])")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*]*)(?<=[^\s*])\1(?![\w*])")
_FENCE = re.compile(r"```[^`]*|~~~.*")
_LINK = re.compile(r"!?\[([^\[\]]+)\]\([^()\s]+\)")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What is no letter of a name, and would turn around what stands beside it."""
_LINES = 1000
_LINE_CHARS = 2000
"""What of a line is looked at: a prompt may be one line of a megabyte."""


def title_from(prompt: str) -> str | None:
    """Return the first line that says something, without markup, cut between words; None where nothing is said.

    What is asked about, as code in a fence or a quotation, gives the title only where nothing else is said.
    """
    spare, is_code = None, False
    for line in prompt.splitlines()[:_LINES]:
        if _FENCE.fullmatch(line.strip()):
            is_code = not is_code
            continue
        is_spare = is_code or line.lstrip().startswith(">")
        words = "" if is_spare and spare else " ".join(_without_markup(line[:_LINE_CHARS]).split())
        if not any(character.isalnum() for character in words):
            continue
        if not is_spare:
            return shorten(words, MAX_CHARS)
        spare = shorten(words, MAX_CHARS)
    return spare


def _without_markup(line: str) -> str:
    """Return `line` without Markdown around its words. Names such as `__init__.py` and `2*3` keep what is theirs."""
    line = line if line.isprintable() else _UNSEEN.sub("", line)
    line = _LINK.sub(r"\1", line) if "](" in line else line
    if line.lstrip()[:1].isalpha() and "`" not in line and "*" not in line:
        return line  # as most are
    return _EMPHASIS.sub(r"\2", _CODE.sub(r"\2", _BLOCK.sub("", line)))


def shorten(words: str, max_chars: int) -> str:
    """Return at most `max_chars` characters, ended by an ellipsis where something is left out."""
    if len(words) <= max_chars:
        return words
    head = words[: max_chars - 1]
    whole, _, rest = head.rpartition(" ")
    kept = whole if len(rest) < max_chars // 2 else head
    return kept.rstrip(" ,;:.-") + "…"
