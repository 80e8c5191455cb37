"""What somebody looks for: words that must all be there, quoted phrases, the last word perhaps unfinished.

How else a word may be written, and what stands for words in scripts that are written without spaces.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

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


MIN_PREFIX = 2
"""Letters from which on a word may be unfinished; one letter begins half of all words, and costs as much to look up."""

MAX_WORDS = 32
"""More words than that are not looked for: each costs a look at every hit of the others."""

_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORDS = re.compile(r"[^\W_]+")
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese: written without spaces, so that no index knows their words."""
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other, in lower case; `is_prefix`: the last one may go on.

    `is_within`: it may stand among letters that are written without spaces, as Latin words do in Japanese.
    """

    words: tuple[str, ...]
    is_prefix: bool
    is_within: bool = False

    @property
    def is_unspaced(self) -> bool:
        """Return whether the index knows nothing of these words."""
        return self.is_within or any(_UNSPACED.search(word) for word in self.words)

    @property
    def expression(self) -> str:
        """A regular expression, for Python and PostgreSQL alike, of one word that `is_within`."""
        edge = f"\\W|_|[{UNSPACED}]"
        return rf"(?i)(^|{edge}){self.words[0]}" + ("" if self.is_prefix else rf"($|{edge})")


def parse_terms(query: str) -> list[Term]:
    """Return what `query` asks for; empty where it has no letter and no digit."""
    query = without_marks(unicodedata.normalize("NFC", query))  # some keyboards send accents apart from their letters
    terms = []
    count = 0
    for part in _PARTS.finditer(query):
        words = tuple(_WORDS.findall(_lower(part[1] or part[2] or "")))[: MAX_WORDS - count]
        count += len(words)
        if words:
            is_last = part[2] is not None and part.end() == len(query)
            terms.append(Term(words, is_prefix=is_last and len(words[-1]) >= MIN_PREFIX))
    return terms


def _lower(text: str) -> str:
    """Return `text` in lower case; the capital I with a dot, which becomes two characters, as the usual i."""
    return text.lower().replace("i\u0307", "i")


class _Folding(dict[int, int]):
    """Maps each character to its lower case without accents, one to one, so that positions stay."""

    def __missing__(self, codepoint: int) -> int:
        plain = unicodedata.normalize("NFKD", chr(codepoint))[0].lower()
        self[codepoint] = ord(plain) if len(plain) == 1 else codepoint
        return self[codepoint]


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return `text` in lower case without accents, at the same length."""
    return text.translate(_FOLDING)


def pattern_of(terms: list[Term]) -> re.Pattern[str]:
    """Return what finds any of the terms in folded text."""
    return re.compile("|".join(_pattern(term) for term in terms))


def _pattern(term: Term) -> str:
    written = [term.words] if len(term.words) > 1 else [(form,) for form in forms(term.words[0])]
    phrases = (r"[\W_]+".join("".join(map(_letter, fold(word))) for word in words) for words in written)
    words = f"(?:{'|'.join(dict.fromkeys(phrases))})"
    if term.is_unspaced:
        return words
    return rf"(?<![^\W_]){words}" + ("" if term.is_prefix else r"(?![^\W_])")


def _letter(letter: str) -> str:
    """Return what finds `letter`, also where the accent or the vowel on it is a character of its own."""
    return re.escape(letter) + f"[\u0300-\u036f{MARKS}]*"


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
