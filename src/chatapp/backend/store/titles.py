"""The title a conversation gets from its first question."""

import re

MAX_CHARS = 60

_MARKUP = re.compile(r"^[#>*\-\s]+|[`*_]{1,3}")


def title_from(prompt: str) -> str | None:
    """Return the first line that says something, without markup, cut between words; None where nothing is said."""
    for line in prompt.splitlines():
        words = " ".join(_MARKUP.sub("", line).split())
        if any(character.isalnum() for character in words):
            return shorten(words, MAX_CHARS)
    return None


def shorten(words: str, max_chars: int) -> str:
    """Return at most `max_chars` characters, ended by an ellipsis where something is left out."""
    if len(words) <= max_chars:
        return words
    head = words[: max_chars - 1]
    whole, _, rest = head.rpartition(" ")
    kept = whole if len(rest) < max_chars // 2 else head
    return kept.rstrip(" ,;:.-") + "…"
