"""What a workbook of Excel shows of its cells beside their values: units, errors, comments and boxes of text."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree
from zipfile import ZipFile

from chatapp.documents.archives import addresses, related, xml_beside, xml_of
from chatapp.documents.number_formats import SHEET, NumberFormat, telling_formats
from chatapp.documents.plain import noted

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"
_TEXTS = {f"{SHEET}t", f"{_THREADED}text"}
_PERSONS = "xl/persons/person.xml"
_BOOK, _STYLES = "xl/workbook.xml", "xl/styles.xml"
_ERROR = re.compile(rb"<c ([^<>]*)>(?:<f[^<>]*>(?:[^<>]*</f>)?)?<v>(#[^<>]*)</v>")
_ABOUT = re.compile(rb'\b([rst])="([^"]*)"')
_LINK = re.compile(rb"<hyperlink ([^<>]*)>")
_ABOUT_LINK = re.compile(rb'\b(ref|id)="([^"]*)"')
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

Place = tuple[int, int]
"""A row and a column, from 0."""


class ShownCells(NamedTuple):
    """What is shown of a sheet beside the values of its cells, by their places, and what stands in boxes above it."""

    formats: dict[Place, NumberFormat]
    errors: dict[Place, str]
    comments: dict[Place, str]
    links: dict[Place, str]
    boxes: list[str]


def shown_by_sheet(archive: ZipFile) -> dict[str, ShownCells]:
    """Return what is shown beside values, by the names of sheets; of sheets in binary, or damaged ones, nothing."""
    names = set(archive.namelist())
    if _BOOK not in names:
        return {}
    formats = telling_formats(xml_beside(archive, _STYLES)) if _STYLES in names else {}
    targets = {id_: target for id_, _, target in related(archive, _BOOK)}
    sheets = {sheet.get("name", ""): targets.get(sheet.get(f"{_RELATION}id", ""), "")
              for sheet in xml_of(archive, _BOOK).iter(f"{SHEET}sheet")}  # fmt: skip
    return {name: _of_sheet(archive, member, formats) for name, member in sheets.items() if member in names}


def _of_sheet(archive: ZipFile, member: str, formats: dict[bytes, NumberFormat]) -> ShownCells:
    content = archive.read(member)
    styled = dict(_styled(content, formats)) if formats else {}
    errors = dict(_errors(content))
    beside = [target for _, _, target in related(archive, member) if target in archive.NameToInfo]
    comments = defaultdict(list)
    for target in sorted(beside, reverse=True):  # those in threads come first, and stand for their copies
        for place, said in _comments(archive, target):
            comments[place].append(said)
    boxes = [box for target in beside if "/drawings/drawing" in target for box in _boxes(xml_beside(archive, target))]
    said_at = {place: " ".join(said) for place, said in comments.items()}
    return ShownCells(styled, errors, said_at, dict(_links(content, addresses(archive, member))), boxes)


def _styled(content: bytes, formats: dict[bytes, NumberFormat]) -> Iterator[tuple[Place, NumberFormat]]:
    with_one = re.compile(rb'<c ([^<>]{0,200}?\bs="(?:%b)"[^<>]{0,200})>' % b"|".join(formats))
    for about in with_one.findall(content):
        told = dict(_ABOUT.findall(about))
        if place := place_of(told.get(b"r", b"").decode()):
            yield place, formats[told[b"s"]]


def _errors(content: bytes) -> Iterator[tuple[Place, str]]:
    for about, said in _ERROR.findall(content):
        told = dict(_ABOUT.findall(about))
        if told.get(b"t") == b"e" and (place := place_of(told.get(b"r", b"").decode())):
            yield place, said.decode(errors="replace")


def _links(content: bytes, targets: dict[str, str]) -> Iterator[tuple[Place, str]]:
    for about in _LINK.findall(content):
        told = {name: value.decode(errors="replace") for name, value in _ABOUT_LINK.findall(about)}
        target, place = targets.get(told.get(b"id", ""), ""), place_of(told.get(b"ref", "").partition(":")[0])
        if place and target:
            yield place, target


def _comments(archive: ZipFile, member: str) -> Iterator[tuple[Place, str]]:
    root = xml_beside(archive, member) if "omment" in member else ElementTree.Element("none")
    people = {}
    if root.tag == f"{_THREADED}ThreadedComments" and _PERSONS in archive.NameToInfo:
        people = {it.get("id"): it.get("displayName", "") for it in xml_beside(archive, _PERSONS)}
    authors = [author.text or "" for author in root.iter(f"{SHEET}author")]
    for node in [*root.iter(f"{_THREADED}threadedComment"), *root.iter(f"{SHEET}comment")]:
        number = node.get("authorId", "")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        author = people.get(node.get("personId"), author).strip()
        text = "".join(piece.text or "" for piece in node.iter() if piece.tag in _TEXTS)
        if not author.startswith("tc=") and (place := place_of(node.get("ref", ""))):  # the copy of one in a thread
            yield place, noted(author, text.removeprefix(f"{author}:"))


def _boxes(drawing: ElementTree.Element) -> Iterator[str]:
    for paragraph in drawing.iter(f"{_DRAWING}p"):
        if said := "".join(node.text or "" for node in paragraph.iter(f"{_DRAWING}t")).strip():
            yield said


def place_of(name: str) -> Place | None:
    """Return where a cell is that is called `B2`, None for what is no name of one."""
    found = _PLACE.fullmatch(name)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1
