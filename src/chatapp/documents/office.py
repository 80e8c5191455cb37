"""Documents, spreadsheets and slides of office programs, and books, as Markdown."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from xml.etree import ElementTree
from zipfile import ZipFile

from chatapp.documents.encodings import decoded
from chatapp.documents.plain import table, web_page

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PRESENTATION = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_OPF = "{http://www.idpf.org/2007/opf}"
_MOST_REPEATED = 100


def word(path: Path) -> str:
    """Return a document of Word."""
    import mammoth  # noqa: PLC0415 - only some files are documents of Word

    with path.open("rb") as file:
        result = mammoth.convert_to_html(file, convert_image=mammoth.images.img_element(lambda _: {"src": ""}))
    return web_page(result.value)


def workbook(path: Path) -> tuple[str, int]:
    """Return the sheets of a workbook, each a table behind its name, and how many there are."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415

    book = CalamineWorkbook.from_path(path)
    sheets = []
    for name in book.sheet_names:
        rows = [[_value(cell) for cell in row] for row in book.get_sheet_by_name(name).iter_rows()]
        sheets.append(f"## {name}\n\n{table(rows)}".rstrip())
    return "\n\n".join(sheets), len(sheets)


def slides(path: Path) -> tuple[str, int]:
    """Return the slides of PowerPoint in the order in which they are shown, and how many there are."""
    with ZipFile(path) as archive:
        targets = _targets(archive, "ppt/_rels/presentation.xml.rels", "ppt")
        order = _xml(archive, "ppt/presentation.xml").iter(f"{_PRESENTATION}sldId")
        members = [targets[slide.get(f"{_RELATION}id", "")] for slide in order]
        texts = [_slide(_xml(archive, member)) for member in members]
    return _numbered("slide", texts), len(texts)


def open_document(path: Path) -> tuple[str, int | None]:
    """Return a text or a presentation of LibreOffice, and how many slides it has."""
    with ZipFile(path) as archive:
        root = _xml(archive, "content.xml")
    pages = list(root.iter(f"{_DRAW}page"))
    if pages:
        return _numbered("slide", ["\n\n".join(_blocks(page)) for page in pages]), len(pages)
    return "\n\n".join(_blocks(root)), None


def book(path: Path) -> tuple[str, int]:
    """Return the chapters of an EPUB in the order in which they are read, and how many there are."""
    with ZipFile(path) as archive:
        container = _xml(archive, "META-INF/container.xml")
        package = next(node.get("full-path", "") for node in container.iter() if node.tag.endswith("rootfile"))
        root = _xml(archive, package)
        items = {item.get("id"): unquote(item.get("href", "")) for item in root.iter(f"{_OPF}item")}
        order = [items[reference.get("idref")] for reference in root.iter(f"{_OPF}itemref")]
        folder = PurePosixPath(package).parent
        chapters = [web_page(decoded(archive.read(str(folder / href)))) for href in order]
    return _numbered("chapter", chapters), len(chapters)


def _numbered(word: str, texts: list[str]) -> str:
    return "\n\n".join(f"[{word} {number}]\n\n{text}".rstrip() for number, text in enumerate(texts, 1))


def _xml(archive: ZipFile, member: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(member))  # noqa: S314 - expat bounds entities, the process all else


def _targets(archive: ZipFile, member: str, folder: str) -> dict[str, str]:
    """Return the members that the relations in `member` name, by their ids."""
    relations = _xml(archive, member)
    named = {node.get("Id", ""): node.get("Target", "") for node in relations}
    return {
        id_: target.lstrip("/") if target.startswith("/") else f"{folder}/{target}" for id_, target in named.items()
    }


def _slide(root: ElementTree.Element) -> str:
    tables = {paragraph for found in root.iter(f"{_DRAWING}tbl") for paragraph in found.iter(f"{_DRAWING}p")}
    said = [_said(paragraph, f"{_DRAWING}t") for paragraph in root.iter(f"{_DRAWING}p") if paragraph not in tables]
    shown = [
        table(
            [[_said(cell, f"{_DRAWING}t") for cell in row.iter(f"{_DRAWING}tc")] for row in found.iter(f"{_DRAWING}tr")]
        )
        for found in root.iter(f"{_DRAWING}tbl")
    ]
    return "\n\n".join(part for part in [*said, *shown] if part.strip())


def _said(node: ElementTree.Element, tag: str) -> str:
    return "".join(piece.text or "" for piece in node.iter(tag))


def _blocks(node: ElementTree.Element) -> Iterator[str]:
    """Return paragraphs, headings and tables below `node` in their order."""
    stack = [node]
    while stack:
        found = stack.pop()
        if found.tag == f"{_TEXT}h":
            level = found.get(f"{_TEXT}outline-level", "1")
            yield f"{'#' * (int(level) if level.isdecimal() else 1)} {_text_of(found)}"
        elif found.tag == f"{_TEXT}p":
            if text := _text_of(found).strip():
                yield text
        elif found.tag == f"{_TABLE}table":
            yield table([_row(row) for row in found.iter(f"{_TABLE}table-row")])
        else:
            stack.extend(reversed(found))


def _row(row: ElementTree.Element) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{_TABLE}table-cell"):
        repeated = cell.get(f"{_TABLE}number-columns-repeated", "1")
        cells += [_text_of(cell)] * min(int(repeated) if repeated.isdecimal() else 1, _MOST_REPEATED)
    return cells


def _text_of(node: ElementTree.Element) -> str:
    """Return the words below `node`; a space, a tab and the end of a line are elements of their own."""
    breaks = {f"{_TEXT}s": " ", f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
    words = [node.text or ""]
    for child in node:
        words += [breaks.get(child.tag, ""), _text_of(child), child.tail or ""]
    return "".join(words)


def _value(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
