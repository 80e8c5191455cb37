"""Arabic in PDFs that Chromium and Google's programs write: PDFium reads letters of most words from left to right."""

import ctypes
import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import TYPE_CHECKING
from unicodedata import combining

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LETTERS = "\u0620-\u065f\u066e-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
_WORD = re.compile(f"[{_LETTERS}]+")


def in_reading_order(said: str, words: "PdfTextPage") -> str:
    """Return what is said on a page, with words of Arabic the right way round."""
    found = _WORD.findall(said)
    places = list(_places(words)) if found else []
    of_page, letters = _direction(places), iter(places)
    are_all = len(places) == sum(map(len, found))
    of_words = iter([_direction(list(islice(letters, len(word)))) if are_all else 0 for word in found])

    def turned(word: re.Match[str]) -> str:
        is_one_sign = bool(combining(word[0][-1]))  # a letter with what stands above it
        direction = next(of_words) or (0 if is_one_sign else of_page)
        return word[0][::-1] if direction > 0 else word[0]

    return _WORD.sub(turned, said)


def _places(words: "PdfTextPage") -> Iterator[float]:
    """Return how far to the right the letters of Arabic on a page stand."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - only some files are PDFs

    across, up = ctypes.c_double(), ctypes.c_double()
    for place in range(words.count_chars()):
        if _WORD.match(chr(pdfium.FPDFText_GetUnicode(words.raw, place))):
            pdfium.FPDFText_GetCharOrigin(words.raw, place, across, up)
            yield across.value


def _direction(places: list[float]) -> int:
    """Return whether letters follow each other to the right, which is above 0, to the left, or neither."""
    return sum((behind > place) - (behind < place) for place, behind in pairwise(places))
