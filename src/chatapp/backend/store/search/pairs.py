"""Scripts that are written without spaces, by their pairs of letters: what stands for words in an index."""

import re

from chatapp.backend.store.search.terms import UNSPACED

_WORD = re.compile(r"\w+")
_RUN = re.compile(f"[{UNSPACED}]+")


def pairs_of(text: str) -> str | None:
    """Return what an index takes for one long word in such a script, in parts with blanks between them.

    None where there is nothing of the kind.
    """
    parts = (parts_of(word) for word in _WORD.findall(text) if _RUN.search(word))
    return " ".join(part for found in parts for part in found) or None


def parts_of(word: str) -> list[str]:
    """Return what a word is looked for by: itself, or what of it is in other scripts and the pairs of its letters."""
    runs = _RUN.findall(word)
    return [*_RUN.sub(" ", word).split(), *(pair for run in runs for pair in _pairs(run))] if runs else [word]


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]
