"""What a file is, by its first bytes and what is inside; its name decides only where these say nothing."""

import re
from codecs import BOM_UTF8
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
LOCKED_OFFICE = "application/encrypted"
OUTLOOK = "application/vnd.ms-outlook"
APPLE = "application/vnd.apple.iwork"
ARCHIVE = "application/x-compressed"
DATABASE = "application/x-database"
RECORDING = "application/x-recording"
MAIL = "message/rfc822"
MAILBOX = "application/mbox"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"
ZIP = "application/zip"

_BEGINNINGS = {
    b"%PDF-": PDF,
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"{\\rtf": RTF,
    **dict.fromkeys((b"ID3\2", b"ID3\3", b"ID3\4"), "audio/mpeg"),
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"PK\x03\x04": ZIP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OLD_OFFICE,
    b"7z\xbc\xaf\x27\x1c": ARCHIVE,
    b"Rar!\x1a\x07": ARCHIVE,
    b"\x1f\x8b": ARCHIVE,
    b"BZh91AY&SY": ARCHIVE,
    b"\xfd7zXZ": ARCHIVE,
    b"\x28\xb5\x2f\xfd": ARCHIVE,
    **dict.fromkeys((b"SQLite format 3\0", b"PAR1", b"ARROW1\0\0"), DATABASE),
    b"OggS": RECORDING,
    b"fLaC": RECORDING,
    b"\x1aE\xdf\xa3": RECORDING,
    b"RF64": RECORDING,
}
_CHUNKS = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/wav",
    **dict.fromkeys((b"AIFF", b"AIFC", b"AVI "), RECORDING),
}
_OF_TEXT = bytes(byte for byte in range(256) if byte >= ord(" ") or byte in b"\t\n\v\f\r\x1b")
_LAYER, _FRAMES = 0b110, {0b010: "audio/mpeg", 0b000: RECORDING}
"""Which bits of the second byte of a frame of MPEG tell MP3, which is layer III, from AAC, which has none."""
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
}
"""Of files in boxes (ISO/IEC 14496-12): what phones write their photos as."""
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_OPEN_DOCUMENTS = {"text": ODT, "spreadsheet": ODS, "presentation": ODP, "graphics": ODP}
"""What LibreOffice writes, by what its media types begin with: templates are of the kind of what is made of them."""
_OLD_ENDINGS = {".doc", ".xls"}
"""What many web pages call a page that they have for an Office."""
_BOOK = "META-INF/container.xml"
_OPENXML = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "xl/workbook.bin": XLSX, "ppt/presentation.xml": PPTX}
_STREAMS = {"EncryptedPackage": LOCKED_OFFICE, "__substg1.0_": OUTLOOK, "Workbook": XLS, "Book": XLS}
"""What an Office of before 2007 calls the pieces of its files, and what a file with one is; the first counts."""
_OTHER_DOCUMENTS = ("WordDocument", "PowerPoint Document")
"""They hold workbooks, too, where there is a table of one in them."""
_ENDINGS = {
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".ipynb": NOTEBOOK,
    ".eml": MAIL,
    ".mht": MAIL,
    ".mhtml": MAIL,
    ".fodt": ODT,
    ".fods": ODS,
    ".fodp": ODP,
    ".fodg": ODP,
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".json": "application/json",
}
_OF_XML_WORKBOOK = b'="urn:schemas-microsoft-com:office:spreadsheet"'
FIRST_OF_MAIL = rb"From [^\r\n:]*+:[0-9]{2}[^\r\n]*+\r?\n(?=[!-9;-~]++:)"
"""What stands before the head of each mail in a file of many (RFC 4155), most of which have no ending in their names.

It is a line that no mail holds.
"""
_MAILBOX = re.compile(FIRST_OF_MAIL)
_FIRST, _FIRST_OF_PDF = 4096, 1024
"""Readers of PDF look for its beginning that far: some servers write a line of their own before it."""


def media_type_of(path: Path, name: str) -> str:
    """Return the media type of the file at `path`, which its owner calls `name`."""
    with path.open("rb") as file:
        first = file.read(_FIRST)
    known = next((kind for beginning, kind in _BEGINNINGS.items() if first.startswith(beginning)), None)
    if known == ZIP:
        return _packed(path)
    if known == OLD_OFFICE:
        return _of_old_office(path)
    return known or _of_media(first) or _of_text(first, name)


def is_xml(path: Path) -> bool:
    """Return whether a workbook is written in XML by itself."""
    with path.open("rb") as file:
        return file.read(_FIRST).removeprefix(BOM_UTF8).lstrip().startswith(b"<")


def _of_media(first: bytes) -> str | None:
    """Return what a picture, a recording or a film is whose mark is more than its first bytes, None for none."""
    if first[4:8] == b"ftyp":
        return _BRANDS.get(first[8:12], RECORDING)
    if first.startswith((b"RIFF", b"FORM")) and first[8:12] in _CHUNKS:
        return _CHUNKS[first[8:12]]
    if first[257:262] == b"ustar":
        return ARCHIVE
    if first.startswith(b"BM") and first[6:10] == bytes(4):
        return "image/bmp"
    begins_frame = first[:1] == b"\xff" and first[1:2] >= b"\xe0"
    if begins_frame and first.translate(None, _OF_TEXT):  # text in Cyrillic may begin so, but holds no controls
        return _FRAMES.get(first[1] & _LAYER)
    return None


def _of_old_office(path: Path) -> str:
    """Return what an Office of before 2007 has written, or one of today with a password, by the pieces in it."""
    content = path.read_bytes()
    if any(name.encode("utf-16-le") in content for name in _OTHER_DOCUMENTS):
        return OLD_OFFICE
    found = (kind for name, kind in _STREAMS.items() if name.encode("utf-16-le") in content)
    return next(found, OLD_OFFICE)


def _of_text(first: bytes, name: str) -> str:
    if name.lower().endswith(".pdf") and b"%PDF-" in first[:_FIRST_OF_PDF]:
        return PDF
    has_mark = first.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    if b"\0" in first and not has_mark and unmarked_utf_16(first) is None:
        return UNKNOWN
    beginning, ending = first.removeprefix(BOM_UTF8).lstrip()[:15].lower(), Path(name).suffix.lower()
    if beginning.startswith(b"<") and _OF_XML_WORKBOOK in first:
        return XLS
    is_page = ending in _OLD_ENDINGS and beginning.startswith(b"<") and not beginning.startswith(b"<?")
    if is_page or beginning.startswith((b"<!doctype html", b"<html")):
        return HTML
    return _ENDINGS.get(ending) or (MAILBOX if _MAILBOX.match(first) else PLAIN)


def _packed(path: Path) -> str:
    """Return what an archive is a document of, by the members that its format demands."""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            said = archive.open("mimetype").read(100).decode(errors="replace").strip() if "mimetype" in names else ""
    except (BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
        return ZIP
    if said.startswith(_OPEN_DOCUMENT):
        return _OPEN_DOCUMENTS.get(said.removeprefix(_OPEN_DOCUMENT).partition("-")[0], ZIP)
    if said == EPUB or _BOOK in names:  # some books lack their type
        return EPUB
    if any(member.startswith("Index/") and member.endswith(".iwa") for member in names):
        return APPLE
    return next((kind for member, kind in _OPENXML.items() if member in names), ZIP)
