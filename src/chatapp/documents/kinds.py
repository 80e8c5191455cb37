"""What a file is, by its first bytes and what is inside; its name decides only where these say nothing."""

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from chatapp.documents.encodings import unmarked_utf_16

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"
XLS = "application/vnd.ms-excel"
HTML = "text/html"
NOTEBOOK = "application/x-ipynb+json"
RTF = "application/rtf"
OLD_OFFICE = "application/x-ole-storage"
MAIL = "message/rfc822"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"
ZIP = "application/zip"

_BEGINNINGS = {
    b"%PDF-": PDF,
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"{\\rtf": RTF,
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"PK\x03\x04": ZIP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": XLS,
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
    b"avif": "image/avif",
}
"""Of files in boxes (ISO/IEC 14496-12): what phones write their photos as."""
_OPENXML = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "xl/workbook.bin": XLSX, "ppt/presentation.xml": PPTX}
_ENDINGS = {
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".ipynb": NOTEBOOK,
    ".eml": MAIL,
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".json": "application/json",
}
_FIRST = 4096


def media_type_of(path: Path, name: str) -> str:
    """Return the media type of the file at `path`, which its owner calls `name`."""
    with path.open("rb") as file:
        first = file.read(_FIRST)
    known = next((kind for beginning, kind in _BEGINNINGS.items() if first.startswith(beginning)), None)
    if first[4:8] == b"ftyp":
        return _BRANDS.get(first[8:12], UNKNOWN)
    if first.startswith(b"RIFF"):
        return _RIFF.get(first[8:12], UNKNOWN)
    if known == ZIP:
        return _packed(path)
    if known == XLS and not name.lower().endswith(".xls"):
        return OLD_OFFICE
    return known or _of_text(first, name)


def _of_text(first: bytes, name: str) -> str:
    has_mark = first.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    if b"\0" in first and not has_mark and unmarked_utf_16(first) is None:
        return UNKNOWN
    if first.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return HTML
    return _ENDINGS.get(Path(name).suffix.lower(), PLAIN)


def _packed(path: Path) -> str:
    """Return what an archive is a document of, by the members that its format demands."""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            said = archive.open("mimetype").read(100).decode(errors="replace").strip() if "mimetype" in names else ""
    except (BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
        return ZIP
    if said in {ODT, ODS, ODP, EPUB}:
        return said
    return next((kind for member, kind in _OPENXML.items() if member in names), ZIP)
