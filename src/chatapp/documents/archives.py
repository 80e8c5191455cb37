"""Documents that are archives of XML: their members, and what of them is no text."""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".svg", ".webp")
_SMALL_COPIES = ("docprops/", "thumbnails/", "objectreplacements/", "quicklook/")
_SHEETS = "xl/worksheets/"
_FORMULA = re.compile(rb"<c ([^<>]*)><f[^<>]*>[^<]*</f>(?:<v ?/>|<v></v>)?</c>")
"""One without a value, as programs write that cannot work it out; an empty text is of the type `str`."""
_CHARTS = ("word/charts/chart", "xl/charts/chart", "ppt/charts/chart")


def numbered(word: str, texts: Iterable[str]) -> str:
    """Return texts, each behind its number: `[slide 1]`."""
    return "\n\n".join(f"[{word} {number}]\n\n{text}".rstrip() for number, text in enumerate(texts, 1))


def xml_of(archive: ZipFile, member: str) -> ElementTree.Element:
    """Return a member that is XML."""
    return ElementTree.fromstring(archive.read(member))  # noqa: S314 - expat bounds entities, the process all else


def left_out(path: Path) -> tuple[str, ...]:
    """Return in sentences what of a document is no text: its pictures, charts and what it holds of other programs."""
    with ZipFile(path) as archive:
        names = [name.lower() for name in archive.namelist()]
        sheets = [name for name in archive.namelist() if name.startswith(_SHEETS) and name.endswith(".xml")]
        unknown = sum(_formulas_without_value(archive.read(name)) for name in sheets)
    pictures = sum(name.endswith(_PICTURES) and not name.startswith(_SMALL_COPIES) for name in names)
    charts = sum(name.startswith(_CHARTS) and name.endswith(".xml") for name in names)
    objects = sum(name.endswith("/content.xml") for name in names)
    objects += sum("/embeddings/" in name and not name.endswith("/") for name in names) if not charts else 0
    told = (
        (f"Pictures in it are left out: {pictures}.", pictures),
        (f"Charts in it are left out: {charts}.", charts),
        (f"Formulas in it without a value are left out: {unknown}.", unknown),
        (f"Formulas, charts and other objects in it are left out: {objects}.", objects),
    )
    return tuple(sentence for sentence, count in told if count)


def _formulas_without_value(sheet: bytes) -> int:
    return sum(b't="str"' not in about for about in _FORMULA.findall(sheet))
