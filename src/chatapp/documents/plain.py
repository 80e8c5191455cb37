"""Tables, notebooks and web pages, as Markdown."""

import csv
import io
import json
import re
from contextlib import suppress
from itertools import zip_longest

_COLOURS = re.compile(r"\x1b\[[0-9;]*+m")
_NO_WORDS = "<IPython.core.display."
"""What stands for an output that is shown in another form."""
_DRAWN = ("image/", "png", "jpeg", "svg")
"""How the forms of an output begin that are pictures; the last three stood in it itself before 2015."""
_END = "end"
"""A line behind the last: a row of its own, unless a cell before it is still open."""
_LONGEST_FENCE = re.compile(r"`{3,}")


def fenced(text: str, language: str = "") -> str:
    """Return `text` as a block of code, in a fence longer than any inside it."""
    longest = max((len(found) for found in _LONGEST_FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def linked(said: str, address: str) -> str:
    """Return what a cell says that leads to `address`: as a link where that is a page and not all that it says."""
    is_link = said and said != address and address.startswith(("https://", "http://"))
    return f"[{said}]({address})" if is_link else said


def noted(author: str, said: str) -> str:
    """Return a comment, or a footnote, as it stands behind what it is about."""
    return f"[{author or 'Note'}: {' '.join(said.split())}]"


def table(rows: list[list[str]]) -> str:
    """Return `rows` as a table of Markdown, the first as its head; empty rows at the end are left out."""
    cells = [[" ".join(cell.replace("|", "\\|").split()) for cell in row] for row in rows]
    while cells and not any(cells[-1]):
        cells.pop()
    if not cells:
        return ""
    columns = list(zip_longest(*cells, fillvalue=""))
    width = max(number for number, column in enumerate(columns, 1) if any(column))
    lines = [f"| {' | '.join([*row, *[''] * width][:width])} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def separated(text: str, separator: str | None = None) -> str:
    """Return values separated by commas, semicolons or tabs as a table; as it is where it is none.

    A line such as `sep=;` before them tells Excel by what they are.
    """
    if text.startswith("sep=") and text[5:6] in {"\r", "\n"}:
        separator, text = text[4], text[5:].lstrip("\r\n")
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:8192], separator or ",;\t")
    except csv.Error:
        return text
    return table(_rows(list(io.StringIO(text)), dialect))


def _rows(lines: list[str], dialect: type[csv.Dialect] | csv.Dialect) -> list[list[str]]:
    """Return the rows; from one on whose quotation mark is never closed, an inch perhaps, marks are but signs."""
    rows: list[list[str]] = []
    read = 0
    reader = csv.reader([*lines, _END], dialect)
    with suppress(csv.Error):  # a cell that goes on and on
        for row in reader:
            if reader.line_num > len(lines):
                break
            rows.append(row)
            read = reader.line_num
        if row == [_END]:
            return rows
    return [*rows, *csv.reader(lines[read:], delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)]


def notebook(text: str) -> tuple[str, int]:
    """Return the cells of a Jupyter notebook, with what they wrote, and how many pictures are left out.

    Raises:
        ValueError: it is none.
    """
    try:
        book = json.loads(text)
    except RecursionError as error:
        raise ValueError from error
    book = book if isinstance(book, dict) else {}
    sheets = book["worksheets"] if isinstance(book.get("worksheets"), list) else [book]  # as before 2015
    if not all(isinstance(sheet.get("cells"), list) for sheet in sheets):
        raise ValueError
    cells = [cell for sheet in sheets for cell in sheet["cells"]]
    language = book.get("metadata", {}).get("language_info", {}).get("name", "python")
    return "\n\n".join(part for cell in cells for part in _cell(cell, language) if part), sum(map(_pictures, cells))


def _pictures(cell: dict[str, object]) -> int:
    """Return how many pictures a cell has drawn, or shows in its text."""
    outputs, shown = cell.get("outputs"), cell.get("attachments")
    told = [it.get("data", it) for it in outputs if isinstance(it, dict)] if isinstance(outputs, list) else []
    drawn = sum(isinstance(data, dict) and any(kind.startswith(_DRAWN) for kind in data) for data in told)
    return drawn + (len(shown) if isinstance(shown, dict) else 0)


def _cell(cell: dict[str, object], language: str) -> list[str]:
    source = _joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") != "code":
        return [source]
    outputs = cell.get("outputs")
    written = [_output(output) for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    return [fenced(source, language), *(fenced(text, "text") for text in written if text.strip())]


def _output(output: dict[str, object]) -> str:
    data = output.get("data")
    if isinstance(data, dict):
        plain = _joined(data.get("text/plain"))
        if plain and not plain.startswith(_NO_WORDS):
            return plain
        return _joined(data.get("text/markdown")) or web_page(_joined(data.get("text/html"))) or plain
    text = _COLOURS.sub("", _joined(output.get("text")).replace("\r\n", "\n"))
    shown = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return shown or ": ".join(str(output[key]) for key in ("ename", "evalue") if output.get(key))


def _joined(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def web_page(html: str | bytes) -> str:
    """Return what a reader sees of a web page as Markdown, without its pictures; of bytes it says their encoding."""
    from chatapp.documents import web  # noqa: PLC0415 - only some files are web pages

    return web.as_markdown(html)
