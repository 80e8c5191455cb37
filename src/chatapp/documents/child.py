"""The process that reads one file, and writes it to stdout as a `Document`.

`python -m chatapp.documents.child PATH NAME SECONDS BYTES_OF_MEMORY BYTES_OF_OUTPUT [PAGE ...]`
"""

import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile, is_zipfile

from chatapp.documents import kinds, office, pdf, plain, sheets
from chatapp.documents import picture as picture_of
from chatapp.documents.document import MOST_CHARS, Document, Kind
from chatapp.documents.encodings import decoded
from chatapp.documents.left_out import left_out
from chatapp.documents.open_document import open_document, packed, spreadsheet
from chatapp.documents.rtf import rich_text
from chatapp.processes.limited import Limits, confine

_NAMED_AT_MOST, _NAME_AT_MOST = 20, 200
_NOT_READ = {
    kinds.UNKNOWN: "Nobody here can read this kind of file.",
    kinds.ZIP: "It is an archive: unpack it, and attach what is in it.",
    kinds.ARCHIVE: "It is an archive: unpack it, and attach what is in it.",
    kinds.DATABASE: "It is a database or a table for programs: save it as csv or xlsx.",
    kinds.RECORDING: "Models hear mp3 and wav: save the sound as one of these.",
    kinds.OLD_OFFICE: "An older Office has written it: save it anew, as docx, pptx or PDF.",
    kinds.LOCKED_OFFICE: "It wants a password: save it without one.",
    kinds.OUTLOOK: "Outlook has written it: save it as eml or text.",
    kinds.APPLE: "A program of Apple has written it: export it as PDF, docx, xlsx or pptx.",
}
_TEXTS = {"text/plain", "text/markdown", "application/json", "text/csv", "text/tab-separated-values"}
_SIGNS = {
    "\xad": "", "\uf0b7": "\u2022", "\uf0a7": "\u25aa", "\uf0d8": "\u27a2", "\uf0e0": "\u2192", "\uf0fc": "\u2713",
    "\uf0a8": "\u2610", "\uf0fe": "\u2612", "\uf052": "\u2611",
}  # fmt: skip
"""Signs of the fonts Symbol and Wingdings, by which Office draws bullets and boxes, and what Unicode calls them."""

_FLAT = {kinds.ODT: open_document, kinds.ODP: open_document, kinds.ODS: spreadsheet}
_OFFICE = {kinds.PPTX: office.slides, **_FLAT}
_BOOKS = {kinds.XLSX: sheets.workbook, kinds.XLS: sheets.workbook, kinds.EPUB: office.book}


def main() -> None:
    """Read the file that the command line names and write what it holds to stdout."""
    path, name, *numbers = sys.argv[1:]
    limits, drawn = [int(number) for number in numbers[:3]], [int(number) for number in numbers[3:]]
    confine(Limits(*limits))
    refuse_network()
    document = document_at(Path(path), name, drawn)
    if len(document.text) > MOST_CHARS:
        note = f"Only its first {MOST_CHARS} characters are read."
        document = replace(document, text=document.text[:MOST_CHARS], notes=(*document.notes, note))
    sys.stdout.buffer.write(document.as_bytes())


def document_at(path: Path, name: str, drawn: Sequence[int] = ()) -> Document:
    """Return the file at `path`, which its owner calls `name`; a note says so where it cannot be read.

    `drawn` are the pages whose pictures are wanted; none are the first.
    """
    media_type = kinds.media_type_of(path, name)
    try:
        return _read(path, name, media_type, drawn)
    except MemoryError:
        return _unreadable(media_type, "It takes more memory than a file may.")
    except RecursionError:
        return _unreadable(media_type, "It is nested more deeply than can be read.")
    except _faults() as error:
        if "password" in str(error):
            return _unreadable(media_type, "It wants a password: save it without one.")
        kind = BadZipFile if isinstance(error, zlib.error) else type(error)  # its own is called "error"
        return _unreadable(media_type, f"It is damaged ({kind.__name__}).")


def refuse_network() -> None:
    """Let nothing in this process reach for another machine, whatever a file asks for."""

    def refuse(event: str, _: tuple[object, ...]) -> None:
        if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.exec"}:
            raise PermissionError(event)

    sys.addaudithook(refuse)


def _faults() -> tuple[type[BaseException], ...]:
    """Return what readers raise on files that are not as their format demands."""
    from PIL.Image import DecompressionBombError  # noqa: PLC0415
    from pypdfium2 import PdfiumError  # noqa: PLC0415
    from python_calamine import CalamineError  # noqa: PLC0415

    theirs = (BadZipFile, zlib.error, CalamineError, DecompressionBombError, PdfiumError)
    builtin = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError)
    return (*theirs, *builtin, StopIteration)


def _unreadable(media_type: str, why: str) -> Document:
    return Document("unknown", media_type, notes=(why,))


def _read(path: Path, name: str, media_type: str, drawn: Sequence[int]) -> Document:
    kind = media_type.partition("/")[0]
    if not path.stat().st_size:
        return _unreadable(media_type, "It is empty.")
    if media_type == kinds.ZIP and not is_zipfile(path):
        raise BadZipFile
    if media_type in _NOT_READ:
        return _unreadable(media_type, _NOT_READ[media_type])
    if kind == "audio":
        return Document("audio", media_type)
    if kind == "image":
        made = picture_of.for_models(path)
        return Document("image", media_type, picture=made.picture, thumbnail=made.thumbnail, notes=made.notes)
    document = _of_words(path, name, media_type, drawn)
    if media_type not in _TEXTS:
        document = replace(document, text=_in_signs_of_all(document.text))
    has_something = document.text.strip() or document.notes or document.page_pictures
    return document if has_something else replace(document, notes=("There are no words in it.",))


def _in_signs_of_all(text: str) -> str:
    """Return text without hyphens that only show where a word may be divided, and with signs that have a meaning."""
    for sign, shown in _SIGNS.items():
        text = text.replace(sign, shown)
    return text


def _of_words(path: Path, name: str, media_type: str, drawn: Sequence[int]) -> Document:
    if media_type == kinds.PDF:
        found = pdf.pages(path, drawn)
        kind: Kind = "text" if found.text or not found.pictures else "image"
        notes = _without_words(found.empty) + _with_files(found.files)
        return Document(kind, media_type, found.text, found.count, notes, page_pictures=found.pictures)
    if media_type == kinds.RTF:
        return Document("text", media_type, rich_text(path.read_bytes()))
    if media_type == kinds.DOCX:
        return Document("text", media_type, office.word(path), notes=left_out(path))
    if media_type in _FLAT and not is_zipfile(path):
        words, parts = _FLAT[media_type](packed(path))
        return Document("text", media_type, words, parts)
    if reader := _OFFICE.get(media_type) or _BOOKS.get(media_type):
        words, parts = reader(path)
        notes = () if media_type == kinds.XLS else left_out(path)
        return Document("text", media_type, words, parts, notes)
    return _plain(path.read_bytes(), name, media_type)


def _plain(raw: bytes, name: str, media_type: str) -> Document:
    if media_type in (kinds.MAIL, kinds.MAILBOX):
        from chatapp.documents.mail import mail, mailbox  # noqa: PLC0415 - 10 ms of every start, for what few attach

        text, files = mail(raw) if media_type == kinds.MAIL else mailbox(raw)
        return Document("text", media_type, text, notes=_with_files(files))
    if media_type == kinds.HTML:
        return Document("text", media_type, plain.web_page(raw))
    text = decoded(raw)
    if media_type == kinds.NOTEBOOK:
        words, pictures = plain.notebook(text)
        notes = (f"Pictures in it are left out: {pictures}.",) if pictures else ()
        return Document("text", media_type, words, notes=notes)
    if media_type in {"text/csv", "text/tab-separated-values"}:
        return Document("text", media_type, plain.separated(text, "\t" if name.lower().endswith(".tsv") else None))
    return Document("text", media_type, text)


def _with_files(names: list[str]) -> tuple[str, ...]:
    shown = ", ".join(name[:_NAME_AT_MOST] for name in names[:_NAMED_AT_MOST])
    return (f"Files in it are left out: {shown}.",) if names else ()


def _without_words(pages: list[int]) -> tuple[str, ...]:
    if not pages:
        return ()
    named = ", ".join(map(str, pages[:_NAMED_AT_MOST]))
    more = f" and {len(pages) - _NAMED_AT_MOST} more" if len(pages) > _NAMED_AT_MOST else ""
    return (f"Pages without words, as scans are: {named}{more}.",)


if __name__ == "__main__":
    main()
