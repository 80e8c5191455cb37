"""Workbooks in the XML of Excel 2003, as programs of accounting and others still write them, often as `.xls`."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from chatapp.documents.number_formats import NumberFormat
from chatapp.documents.numerals import number_in
from chatapp.documents.plain import linked, noted

_SHEET, _EXCEL = "{urn:schemas-microsoft-com:office:spreadsheet}", "{urn:schemas-microsoft-com:office:excel}"
_VISIBILITY = f"{_EXCEL}WorksheetOptions/{_EXCEL}Visible"
_MOST_COLUMNS = 1024
_WITHOUT_CODE = (
    "General", "General Number", "Standard", "Fixed", "Scientific", "Currency", "Euro Currency",
    "Yes/No", "True/False", "On/Off",
)  # fmt: skip
_CALLED = {**dict.fromkeys(_WITHOUT_CODE, ""), "Percent": "0.00%"}
_OF_DATES, _DAY_0 = ("y", "d", "h", "Date", "Time"), datetime(1899, 12, 30)
_NO_DAY, _MIDNIGHT = ("1899-12-30 ", "1899-12-31 "), " 00:00:00"


def sheets(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Return the name and the rows of each sheet, their cells as they are shown."""
    root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - expat bounds entities, the process all else
    formats = {_of(style, "ID"): _format(style) for style in root.iter(f"{_SHEET}Style")}
    for sheet in root.iter(f"{_SHEET}Worksheet"):
        hidden = " (hidden)" if "Hidden" in sheet.findtext(_VISIBILITY, "") else ""
        yield f"{_of(sheet, 'Name')}{hidden}", _rows(sheet, formats)


def _rows(sheet: ElementTree.Element, formats: dict[str, str]) -> Iterator[list[str]]:
    number = 0
    for row in sheet.iter(f"{_SHEET}Row"):
        number += 1
        if (place := number_in(_of(row, "Index"), 0)) > number:
            yield []  # for all that are passed over
            number = place
        cells: list[str] = []
        for cell in row.iterfind(f"{_SHEET}Cell"):
            place = number_in(_of(cell, "Index"), 0)
            cells += [""] * (min(place, _MOST_COLUMNS) - len(cells) - 1)
            cells.append(_cell(cell, formats.get(_of(cell, "StyleID"), "")))
            cells += [""] * min(number_in(_of(cell, "MergeAcross"), 0), _MOST_COLUMNS - len(cells))
        yield cells[:_MOST_COLUMNS]


def _cell(cell: ElementTree.Element, code: str) -> str:
    data, comment, address = cell.find(f"{_SHEET}Data"), cell.find(f"{_SHEET}Comment"), _of(cell, "HRef")
    text = "" if data is None else _shown("".join(data.itertext()), _of(data, "Type"), code)
    text = linked(text, address)
    return text if comment is None else f"{text} {noted(_of(comment, 'Author'), ''.join(comment.itertext()))}".strip()


def _shown(text: str, kind: str, code: str) -> str:
    if kind == "Boolean":
        return "TRUE" if text == "1" else "FALSE"
    if kind == "DateTime":
        return _moment(text.replace("T", " ").partition(".")[0])
    if kind == "Number":
        with suppress(ValueError, OverflowError):  # no number, or a day that is in no calendar: as it is written
            return _number(float(text), code)
    return text


def _number(number: float, code: str) -> str:
    number_format = NumberFormat.parse(code)
    if number_format == NumberFormat() and any(sign in code for sign in _OF_DATES):
        return _moment(f"{_DAY_0 + timedelta(seconds=round(number * 86400))}")
    return number_format.shown(number)


def _moment(text: str) -> str:
    if text.startswith(_NO_DAY):
        return text[len(_NO_DAY[0]) :]
    return text.removesuffix(_MIDNIGHT)


def _format(style: ElementTree.Element) -> str:
    found = style.find(f"{_SHEET}NumberFormat")
    code = "" if found is None else _of(found, "Format")
    return _CALLED.get(code, code)


def _of(node: ElementTree.Element, name: str) -> str:
    return node.get(f"{_SHEET}{name}", "")
