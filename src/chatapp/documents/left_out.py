"""What of a document of an office program is no text."""

import re
from pathlib import Path
from zipfile import ZipFile

from chatapp.documents.drawings import chart

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".svg", ".webp")
_SMALL_COPIES = ("docprops/", "thumbnails/", "objectreplacements/", "quicklook/")
_FIRST = 100_000
_SHEETS = "xl/worksheets/"
_FORMULA = re.compile(rb"<c ([^<>]*)><f[^<>]*>[^<]*</f>(?:<v ?/>|<v></v>)?</c>")
"""One without a value, as programs write that cannot work it out; an empty text is of the type `str`."""
_CHARTS = ("word/charts/chart", "xl/charts/chart", "ppt/charts/chart")


def left_out(path: Path) -> tuple[str, ...]:
    """Return in sentences what of a document is no text: its pictures, charts and what it holds of other programs."""
    with ZipFile(path) as archive:
        names = [name.lower() for name in archive.namelist()]
        sheets = [name for name in archive.namelist() if name.startswith(_SHEETS) and name.endswith(".xml")]
        unknown = sum(_formulas_without_value(archive.read(name)) for name in sheets)
        charts = [name for name in archive.namelist() if name.startswith(_CHARTS) and name.endswith(".xml")]
        objects = sum(name.endswith("/content.xml") and not _is_told(archive, name) for name in archive.namelist())
        untold = sum(name.startswith("xl/") or not chart(archive, name) for name in charts)
    pictures = sum(name.endswith(_PICTURES) and not name.startswith(_SMALL_COPIES) for name in names)
    objects += sum("/embeddings/" in name and not name.endswith("/") for name in names) if not charts else 0
    told = (
        (f"Pictures in it are left out: {pictures}.", pictures),
        (f"Charts in it are left out: {untold}.", untold),
        (f"Formulas in it without a value are left out: {unknown}.", unknown),
        (f"Formulas, charts and other objects in it are left out: {objects}.", objects),
    )
    return tuple(sentence for sentence, count in told if count)


def _formulas_without_value(sheet: bytes) -> int:
    return sum(b't="str"' not in about for about in _FORMULA.findall(sheet))


def _is_told(archive: ZipFile, member: str) -> bool:
    """Return whether what a text of LibreOffice holds, a formula or a chart, is told in it."""
    if "mimetype" not in archive.NameToInfo or b"spreadsheet" in archive.read("mimetype"):
        return False
    with archive.open(member) as held:
        first = held.read(_FIRST)
    return b"<math" in first or b"office:chart" in first
