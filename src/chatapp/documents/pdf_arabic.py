"""Arabic in PDFs that Chromium and Google's programs write: PDFium reads the letters of a word from left to right."""

import ctypes
import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage

_LETTERS = "\u0620-\u065f\u066e-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
_WORD = re.compile(f"[{_LETTERS}]+")
_ENOUGH = 2000
"""Letters that tell how a page is written."""


def in_reading_order(said: str, words: "PdfTextPage") -> str:
    """Return what is said on a page, with words of Arabic the right way round."""
    if not _WORD.search(said) or not _is_from_left(words):
        return said
    return _WORD.sub(lambda word: word[0][::-1], said)


def _is_from_left(words: "PdfTextPage") -> bool:
    """Return whether letters that follow each other stand to the right of each other, where they are of Arabic."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - only some files are PDFs

    found = [
        place for place in range(words.count_chars()) if _WORD.match(chr(pdfium.FPDFText_GetUnicode(words.raw, place)))
    ]
    to_right = 0
    for place, behind in pairwise(found[:_ENOUGH]):
        if behind == place + 1:
            (left, low), (right, high) = _origin(words, place), _origin(words, behind)
            to_right += (low == high) * ((right > left) - (right < left))
    return to_right > 0


def _origin(words: "PdfTextPage", place: int) -> tuple[float, float]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    across, up = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(words.raw, place, across, up)
    return across.value, up.value
