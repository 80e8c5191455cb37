"""Spreadsheets as Markdown: each sheet a table behind its name, its cells as the program shows them."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile, is_zipfile

from chatapp.documents import kinds, xml_sheets
from chatapp.documents.binary_sheets import opened
from chatapp.documents.cells import Place, ShownCells, shown_by_sheet
from chatapp.documents.number_formats import in_digits
from chatapp.documents.plain import linked, table

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_NOTHING = ShownCells({}, {}, {}, {}, [])


def workbook(path: Path) -> tuple[str, int]:
    """Return the sheets of a workbook of Excel, each a table behind its name, and how many there are."""
    if kinds.is_xml(path):
        told = [sheet_of(name, rows) for name, rows in xml_sheets.sheets(path)]
        return "\n\n".join(told), len(told)
    from python_calamine import CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415

    shown: dict[str, ShownCells] = {}
    if is_zipfile(path):
        with opened(path) as file:
            book = CalamineWorkbook.from_filelike(file)
        with ZipFile(path) as archive:
            shown = shown_by_sheet(archive)
    else:
        book = CalamineWorkbook.from_path(path)
    sheets = []
    for about in book.sheets_metadata:
        beside = shown.get(about.name, _NOTHING)
        rows = _rows(book.get_sheet_by_name(about.name), beside)
        hidden = "" if about.visible == SheetVisibleEnum.Visible else " (hidden)"
        sheets.append(sheet_of(f"{about.name}{hidden}", rows, beside.boxes))
    return "\n\n".join(sheets), len(sheets)


def sheet_of(name: str, rows: Iterable[list[str]], boxes: Iterable[str] = ()) -> str:
    """Return a sheet as a table behind its name, and what stands in boxes on it."""
    return "\n\n".join(filter(None, [f"## {name}", table(list(_without_gaps(rows))), *boxes]))


def _rows(sheet: "CalamineSheet", beside: ShownCells) -> Iterator[list[str]]:
    top, left = sheet.start or (0, 0)
    for number, row in enumerate(sheet.iter_rows(), top):
        yield [_cell(cell, (number, column), beside) for column, cell in enumerate(row, left)]


def _cell(cell: object, place: Place, beside: ShownCells) -> str:
    text = beside.errors.get(place) or _value(cell, place, beside)
    text = linked(text, beside.links.get(place, ""))
    return f"{text} {beside.comments[place]}".strip() if place in beside.comments else text


def _value(cell: object, place: Place, beside: ShownCells) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        told = beside.formats.get(place)
        return told.shown(cell) if told else in_digits(cell)
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def _without_gaps(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Return rows of which no two in a row are empty, nor the first: a sheet may go on a million rows below."""
    was_empty = True
    for row in rows:
        is_empty = not any(row)
        if not (is_empty and was_empty):
            yield row
        was_empty = is_empty
