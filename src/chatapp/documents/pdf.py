"""The words of a PDF, page by page, and pictures of the pages that have none."""

import io
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatapp.documents.pdf_annotations import forms_of, lines_beside
from chatapp.documents.pdf_arabic import in_reading_order
from chatapp.documents.picture import LONGEST_SIDE

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MOST_PICTURES = 20
"""Pages of one file that are drawn: as many as a question may show files."""

MOST_FILES = 20
"""Attached files that are named."""

_DRAWING_S = 12.0
"""What drawing may take of the processor's time, so that the words come in time whatever the pages hold."""

_HYPHEN = "\x02"
"""What PDFium writes for a hyphen at the end of a line, and for that end."""

_HYPHEN_THERE = "\ufffe"
"""What it writes for one in the whole of a page."""

_MOST_SCALE = 4.0
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Pages:
    """What is on the pages: text, each page behind its number, how many there are, and what of them has no words.

    `pictures` are JPEGs of some of these by their numbers, `empty` is the numbers of the others, and
    `files` the names of what is attached to the document.
    """

    text: str
    count: int
    pictures: tuple[tuple[int, bytes], ...]
    empty: list[int]
    files: list[str]


def pages(path: Path, drawn: Collection[int] = ()) -> Pages:
    """Return what is on the pages of the PDF at `path`; of those without words pictures, of `drawn` alone if given.

    Raises:
        pypdfium2.PdfiumError: it is damaged, or wants a password.
    """
    import pypdfium2  # noqa: PLC0415 - only some files are PDFs

    texts, scans = [], []
    with pypdfium2.PdfDocument(path) as document:
        forms = forms_of(document)
        for number, page in enumerate(document, 1):
            words = page.get_textpage()
            said = in_reading_order(_with_gaps(words.get_text_bounded(), words.get_text_range()), words)
            said = said.replace("\r\n", "\n").replace(_HYPHEN, "-\n").strip()
            words.close()
            beside = "\n".join(lines_beside(page, forms))
            texts.append(f"{said}\n\n{beside}".strip())
            if not texts[-1] and any(page.get_objects(max_depth=1)):
                scans.append(number)
            page.close()
        wanted = [number for number in scans if not drawn or number in drawn]
        pictures = tuple(_drawn(document, wanted[:MOST_PICTURES]))
        attached = range(min(document.count_attachments(), MOST_FILES))
        files = [document.get_attachment(place).get_name() for place in attached]
    shown = {number for number, _ in pictures}
    empty = [number for number, text in enumerate(texts, 1) if not text and number not in shown]
    numbered = (f"[page {number}]\n\n{text}" for number, text in enumerate(texts, 1) if text)
    return Pages("\n\n".join(numbered), len(texts), pictures, empty, files)


def _with_gaps(said: str, whole: str) -> str:
    """Return what is said on a page with the gaps within lines that PDFium tells only in the `whole` of the page.

    There it takes a wide one for the end of a line, and leaves that out of what stands within bounds: cells of a table
    with 10 and 3 are 103.
    """
    pieces, at = list[str](), 0
    for word in whole.replace(_HYPHEN_THERE, _HYPHEN).split():
        begin = at
        while said[at : at + 1].isspace():
            at += 1
        if not said.startswith(word, at):
            return said
        pieces += [said[begin:at] or " ", word]
        at += len(word)
    return "".join(pieces)


def _drawn(document: "PdfDocument", numbers: list[int]) -> Iterator[tuple[int, bytes]]:
    """Return pictures of pages, of as many as there is time for."""
    end = time.process_time() + _DRAWING_S
    for number in numbers:
        if time.process_time() > end:
            return
        page = document[number - 1]
        yield number, _picture(page)
        page.close()


def _picture(page: "PdfPage") -> bytes:
    """Return a page as a JPEG, as large as vendors show pictures to their models, however large it says it is."""
    longest = max(*page.get_size(), 1.0)
    bitmap = page.render(scale=min(LONGEST_SIDE / longest, _MOST_SCALE))
    out = io.BytesIO()
    bitmap.to_pil().convert("RGB").save(out, "JPEG", quality=_QUALITY)
    bitmap.close()
    return out.getvalue()
