"""Words that come behind others and change nothing before them, as most of an answer does: drawn by themselves."""

import re

from chatapp.rendering.directions import runs_from_right

_WORDS = re.compile(r"""[\w ,.;'"!?\u2019\u2013\u2014\u2026-]+""")
"""Letters, figures, and signs that mean nothing in Markdown behind a word; the underscore, which does, is asked for."""
_MARKS = re.compile(r"[\\$<|]|\]:|\[\^")
"""What says something of a whole block, as letters from the right do: formulas, tables, tags, references."""
_ENDS = ("</p>", "</li>", "</ul>", "</ol>", "</blockquote>", *(f"</h{level}>" for level in range(1, 7)))
_MOST_CHARS = 8000
"""A longer block may be too large to be drawn at all."""


def words_behind(block: str, more: str, html: str) -> tuple[int, str] | None:
    """Return where in `html`, which is that of `block`, the words of `more` belong, and as what.

    None where they may be more than words, or change what stands before them.
    """
    last = block.rpartition("\n")[2].rstrip(" ").rpartition(" ")[2]
    if not (_are_words(more) and _are_words(last) and any(map(str.isalpha, last))):
        return None
    if len(block) + len(more) > _MOST_CHARS or any(_MARKS.search(it) or runs_from_right(it) for it in (block, more)):
        return None
    end = _end_of_words(html)
    if not html.endswith(_escaped(last), 0, end):
        return None
    blanks = block[len(block.rstrip(" ")) :]
    return end, _escaped(f"{blanks}{more}".rstrip(" "))


def _are_words(text: str) -> bool:
    return _WORDS.fullmatch(text) is not None and "_" not in text


def _end_of_words(html: str) -> int:
    """Return where the tags begin that close all that is open."""
    end = len(html)
    while True:
        end -= html.endswith("\n", 0, end)
        closing = next((tag for tag in _ENDS if html.endswith(tag, 0, end)), None)
        if closing is None:
            return end
        end -= len(closing)


def _escaped(words: str) -> str:
    return words.replace('"', "&quot;")
