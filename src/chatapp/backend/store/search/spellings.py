"""How else a word may be written: with the marks of its vowels, or as other keyboards and countries have it."""

import re
from collections.abc import Iterator

MARKS = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
)
"""Of vowels in Hebrew and in Arabic, which most texts leave out, and some put on single letters."""

MOST_LETTERS = 20
"""Of a word that is looked for in several spellings."""

_MARKS = re.compile(f"[{MARKS}]")
_MARKED = re.compile("[\u05d0-\u05ea\u0620-\u064a\u066e-\u06d3]")
_ALIFS = "\u0627\u0623\u0625\u0622"
"""With and without hamza or madda: many write the bare one for the others."""
_ENDS = ("\u0647\u0629", "\u064a\u0649")
"""Ha and ta marbuta, ya and alif maqsura, which are taken for each other too."""


def without_marks(text: str) -> str:
    """Return `text` without marks that not everybody writes."""
    return _MARKS.sub("", text)


def spellings(word: str) -> Iterator[tuple[str, ...]]:
    """Return how `word`, in lower case, may stand in an index: as it is, otherwise written, or in pieces.

    Pieces are what an index has of a word with marks: of one on a single letter two, of one with all marks its letters.
    """
    for form in forms(word):
        yield (form,)
        if _MARKED.search(form) and len(form) <= MOST_LETTERS:
            yield from ((form[:at], form[at:]) for at in range(1, len(form)))
            yield tuple(form)


def forms(word: str) -> dict[str, None]:
    """Return `word`, and as it is otherwise written: ss or a sharp s, e or yo, one letter of Arabic or another."""
    if len(word) > MOST_LETTERS:
        return {word: None}
    found = [word, word.replace("\u00df", "ss"), word.replace("ss", "\u00df"), word.replace("\u0451", "\u0435")]
    found += [f"{word[:at]}\u0451{word[at + 1 :]}" for at, letter in enumerate(word) if letter == "\u0435"]
    found += [letter + word[1:] for letter in _ALIFS if word[0] in _ALIFS]
    found += [form[:-1] + letter for ends in _ENDS for form in found if form[-1] in ends for letter in ends]
    return dict.fromkeys(found)
