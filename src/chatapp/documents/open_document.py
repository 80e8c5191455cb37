"""Texts, presentations and spreadsheets of LibreOffice as Markdown."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile

from chatapp.documents.archives import numbered, xml_beside, xml_of
from chatapp.documents.document import MOST_CHARS
from chatapp.documents.formulas import mathml
from chatapp.documents.number_formats import in_digits
from chatapp.documents.open_document_lists import NUMBERED, write_numbers
from chatapp.documents.plain import noted, table
from chatapp.documents.sheets import sheet_of
from chatapp.documents.visible import as_power

_ODF = "{urn:oasis:names:tc:opendocument:xmlns"
_TEXT, _TABLE, _DRAW = f"{_ODF}:text:1.0}}", f"{_ODF}:table:1.0}}", f"{_ODF}:drawing:1.0}}"
_OFFICE, _SHOW = f"{_ODF}:office:1.0}}", f"{_ODF}:presentation:1.0}}"
_CREATOR, _DATE = "{http://purl.org/dc/elements/1.1/}creator", "{http://purl.org/dc/elements/1.1/}date"
_STYLE, _STYLES = f"{_ODF}:style:1.0}}", "styles.xml"
_CHART, _HREF = f"{_ODF}:chart:1.0}}", "{http://www.w3.org/1999/xlink}href"
_ROW, _CELL, _PARAGRAPH = f"{_TABLE}table-row", f"{_TABLE}table-cell", f"{_TEXT}p"
_COVERED = f"{_TABLE}covered-table-cell"
"""Where a wider or a higher cell stands, so that what is behind it keeps its column."""
_KIND, _VALUE, _CURRENCY = f"{_OFFICE}value-type", f"{_OFFICE}value", f"{_OFFICE}currency"
_REPEATED = {what: f"{_TABLE}number-{what}-repeated" for what in ("rows", "columns")}
_ELSEWHERE = ("http://", "https://", "mailto:")
_MOST_REPEATED, _MOST_COLUMNS = 100, 1024
_MOST_DIGITS = 9
_TITLE = "Title"
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE][+-]?[0-9]{1,3})?")
_PLAIN = re.compile(r"[-+\u22120-9.,'\u2019 \s]*(?:[eE][+-]?[0-9]+)?")
"""How a number is shown that has no unit."""
_NOT_SAID = {
    f"{_TEXT}tracked-changes",  # what was deleted
    f"{_TEXT}page-number",
    f"{_TEXT}note-citation",
    f"{_OFFICE}forms",
    f"{_OFFICE}master-styles",  # what is in the margins stands there, where all is one file
    f"{_DRAW}page-thumbnail",
    _CREATOR,
    _DATE,
    f"{_ODF}:meta:1.0}}creator-initials",
}
_LEVELS = {str(level) for level in range(1, 11)}
_BREAKS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}


def packed(path: Path) -> BytesIO:
    """Return a document that is one file of XML, such as `.fodt`, as the archive that others are."""
    archive = BytesIO()
    with ZipFile(archive, "w") as made:
        made.write(path, "content.xml")
    return archive


def open_document(path: Path | BytesIO) -> tuple[str, int | None]:
    """Return a text or a presentation of LibreOffice, and how many slides it has."""
    with ZipFile(path) as archive:
        root = xml_of(archive, "content.xml")
        _write_powers(root)
        _write_titles(root)
        _write_objects(root, archive)
        margins = xml_beside(archive, _STYLES) if _STYLES in archive.namelist() else root
        write_numbers(root, margins)
    pages = list(root.iter(f"{_DRAW}page"))
    if pages:
        return numbered("slide", ["\n\n".join(_blocks(page)) for page in pages]), len(pages)
    words = "\n\n".join(_blocks(root))
    return "\n\n".join(filter(None, [_margin(margins, "header"), words, _margin(margins, "footer")])), None


def _write_powers(root: ElementTree.Element) -> None:
    """Write what is raised or lowered as signs of that form: without them 10⁶ would read 106."""
    told = [
        (style.get(f"{_STYLE}name"), style.find(f"{_STYLE}text-properties")) for style in root.iter(f"{_STYLE}style")
    ]
    places = {name: about.get(f"{_STYLE}text-position", "") for name, about in told if about is not None}
    for span in root.iter(f"{_TEXT}span"):
        place = places.get(span.get(f"{_TEXT}style-name"), "")
        if place and not place.startswith("0") and not len(span):
            span.text = as_power(span.text or "", is_raised=not place.startswith(("sub", "-")))


def _write_titles(root: ElementTree.Element) -> None:
    """Make a heading of what stands in the style Title, or in one that LibreOffice has derived from it."""
    styles = root.iter(f"{_STYLE}style")
    derived = (it.get(f"{_STYLE}name", "") for it in styles if it.get(f"{_STYLE}parent-style-name") == _TITLE)
    names = {_TITLE, *derived}
    for paragraph in list(root.iter(_PARAGRAPH)):
        if paragraph.get(f"{_TEXT}style-name") in names and _text_of(paragraph).strip():
            paragraph.tag = f"{_TEXT}h"


def _write_objects(root: ElementTree.Element, archive: ZipFile) -> None:
    """Put formulas where they are shown, as text, and the titles and tables of charts."""
    for node in list(root.iter(f"{_DRAW}object")):  # a chart may name itself
        member = f"{node.get(_HREF, '').strip('./')}/content.xml"
        if member in archive.NameToInfo:
            held = xml_beside(archive, member)
            if held.tag.endswith("}math"):
                node.tag, node.text = _PARAGRAPH, f" {mathml(held)} "
            else:
                node.extend(held.iter(f"{_CHART}chart"))


def _margin(styles: ElementTree.Element, place: str) -> str:
    """Return what stands above or below all pages, behind a mark."""
    lines = (line for found in styles.iter(f"{_STYLE}{place}") for line in _blocks(found))
    told = ", ".join(dict.fromkeys(lines))
    return f"{place.capitalize()}: {told}" if told else ""


def _blocks(node: ElementTree.Element) -> Iterator[str]:
    """Return paragraphs, headings, items of lists, tables and notes below `node` in their order."""
    stack = [(node, "")]
    while stack:
        found, lead = stack.pop()
        if found.tag == f"{_TEXT}h":
            level = found.get(f"{_TEXT}outline-level", "1")
            yield f"{'#' * (int(level) if level in _LEVELS else 1)} {_text_of(found)}"
        elif found.tag == _PARAGRAPH:
            if (text := _text_of(found)).strip():
                yield f"{lead}{text.rstrip()}"
        elif found.tag == f"{_TABLE}table":
            yield table(list(_rows(found)))
        elif found.tag == f"{_SHOW}notes":
            if said := " ".join(_blocks_below(found)):
                yield f"Notes: {said}"
        elif found.tag not in _NOT_SAID:
            inner = (f"  {lead}" if lead else "- ") if found.tag == f"{_TEXT}list" else lead
            if found.get(NUMBERED) is not None:
                inner = lead.removesuffix("- ")
            stack.extend((child, inner) for child in reversed(found))


def _blocks_below(node: ElementTree.Element) -> Iterator[str]:
    for child in node:
        yield from _blocks(child)


def _rows(node: ElementTree.Element) -> Iterator[list[str]]:
    """Return the rows of a table; what stands in a table within a cell is part of the cell."""
    for child in node:
        if child.tag == _ROW:
            yield _row(child)
        else:  # rows of a head, or of a group
            yield from _rows(child)


def _row(row: ElementTree.Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag in {_CELL, _COVERED}:
            is_empty = cell.tag == _COVERED or cell.get(_VALUE) == "NaN"  # so charts say that they have no value
            shown = "" if is_empty else " ".join(_text_of(paragraph) for paragraph in _paragraphs(cell))
            cells += [shown] * _times(cell, "columns")
    return cells


def spreadsheet(path: Path | BytesIO) -> tuple[str, int]:
    """Return the sheets of a spreadsheet of LibreOffice, each a table behind its name, and how many there are."""
    with ZipFile(path) as archive, archive.open("content.xml") as content:
        sheets = list(_sheets(content))
    return "\n\n".join(sheets), len(sheets)


def _sheets(content: IO[bytes]) -> Iterator[str]:
    rows, boxes, hidden, size = list[list[str]](), list[str](), set[str | None](), 0
    for _, node in ElementTree.iterparse(content):  # noqa: S314 - expat bounds entities, the process all else
        tag = node.tag
        if tag in {_CELL, _PARAGRAPH}:
            continue
        if tag == _ROW:
            if size < MOST_CHARS:
                row = _shown_cells(node)
                size += sum(map(len, row))
                rows += [row] * (_times(node, "rows") if row else 1)
            node.clear()
        elif tag == f"{_STYLE}style" and node.find(f"*[@{_TABLE}display='false']") is not None:
            hidden.add(node.get(f"{_STYLE}name"))
        elif tag.startswith(_DRAW):
            boxes += _blocks(node)
            node.clear()
        elif tag == f"{_TABLE}table":
            mark = " (hidden)" if node.get(f"{_TABLE}style-name") in hidden else ""
            yield sheet_of(f"{node.get(f'{_TABLE}name', '')}{mark}", rows, boxes)
            rows, boxes = [], []


def _shown_cells(row: ElementTree.Element) -> list[str]:
    cells: list[str] = []
    gap = 0
    for cell in row:
        if shown := _shown(cell):
            cells += [""] * min(gap, _MOST_COLUMNS)
            cells += [shown] * _times(cell, "columns")
            gap = 0
        else:
            gap += _times(cell, "columns", _MOST_COLUMNS)
    return cells


def _times(node: ElementTree.Element, what: str, most: int = _MOST_REPEATED) -> int:
    return _count(node.get(_REPEATED[what], ""), most)


def _count(digits: str, most: int) -> int:
    """Return a number, `most` where it is larger, however long; 1 for what is none."""
    if not digits.isdecimal():
        return 1
    return most if len(digits) > _MOST_DIGITS else min(int(digits), most)


def _shown(cell: ElementTree.Element) -> str:
    """Return what a cell shows, and of numbers without a unit of their own all digits."""
    said: list[str] = []
    notes: list[str] = []
    for child in cell:
        if child.tag == _PARAGRAPH:
            said.append(_text_of(child) if len(child) else child.text or "")
        elif child.tag == f"{_OFFICE}annotation":
            notes.append(_of_child(child).strip())
    shown, kind = " ".join(said), cell.get(_KIND)
    if kind == "date":
        shown = cell.get(f"{_OFFICE}date-value", shown).replace("T", " ")
    elif kind in {"float", "percentage", "currency"} and _NUMBER.fullmatch(value := cell.get(_VALUE, "")):
        shown = _number(shown, float(value), cell.get(_CURRENCY, ""), is_percent=kind == "percentage")
    return " ".join([shown, *notes]).strip() if notes else shown


def _number(shown: str, value: float, currency: str, *, is_percent: bool) -> str:
    is_padded = shown.isdecimal() and shown.startswith("0")
    if is_padded or not (is_percent or currency or _PLAIN.fullmatch(shown)):
        return shown
    told = in_digits(value * 100 if is_percent else value)
    return f"{told}{'%' if is_percent else ''} {currency}".rstrip()


def _paragraphs(cell: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (node for node in cell.iter() if node.tag in {_PARAGRAPH, f"{_TEXT}h"})


def _text_of(node: ElementTree.Element) -> str:
    """Return the words below `node`; spaces, tabs and the ends of lines are elements of their own."""
    words = [node.text or ""]
    for child in node:
        words += [_of_child(child), child.tail or ""]
    return "".join(words)


def _of_child(node: ElementTree.Element) -> str:
    if node.tag in _BREAKS:
        return _BREAKS[node.tag]
    if node.tag == f"{_TEXT}s":
        return " " * _count(node.get(f"{_TEXT}c", ""), _MOST_REPEATED)
    if node.tag in _NOT_SAID:
        return ""
    if node.tag in {f"{_DRAW}text-box", f"{_DRAW}object"}:
        return "".join(f"\n{said}" for said in _blocks(node)) + "\n"
    if node.tag in {f"{_OFFICE}annotation", f"{_TEXT}note"}:  # a comment, or a footnote
        return f" {noted(node.findtext(_CREATOR, ''), _text_of(node))}"
    is_link = node.tag == f"{_TEXT}a" and node.get(_HREF, "").startswith(_ELSEWHERE)
    return f"[{_text_of(node)}]({node.get(_HREF)})" if is_link else _text_of(node)
