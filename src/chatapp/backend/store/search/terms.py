"""What somebody looks for: words that must all be there, quoted phrases, the last word perhaps unfinished."""

import re
import unicodedata
from dataclasses import dataclass

from chatapp.backend.store.search.spellings import MARKS, forms, without_marks

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
