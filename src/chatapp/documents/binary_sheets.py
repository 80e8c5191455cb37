"""Sheets of workbooks in binary (xlsb), whose cells need not say in which column they stand: SheetJS's do not."""

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import ZipFile

_SHEETS, _LOOKED_AT = "xl/worksheets/", 1000
"""Of which a part of a workbook is one by its name, and how many records tell how its cells are written."""
_ROW, _CELLS = 0, range(1, 12)
_SHORT = {12: 1, 13: 2, 14: 3, 15: 4, 16: 5, 17: 6, 18: 7}
"""Records of cells that stand behind the one before them, and those that are the same but say where (MS-XLSB 2.3.2)."""


class _Record(NamedTuple):
    kind: int
    begin: int
    content: int
    end: int


def opened(path: Path) -> IO[bytes]:
    """Return a workbook as a file in which each cell says where it is: calamine passes over those that do not."""
    with ZipFile(path) as archive:
        names = archive.namelist()
        parts = {name: archive.read(name) for name in names if name.startswith(_SHEETS) and name.endswith(".bin")}
        if not any(map(_has_short, parts.values())):
            return path.open("rb")
        out = io.BytesIO()
        with ZipFile(out, "w") as changed:
            for name in names:
                changed.writestr(name, _in_full(parts[name]) if name in parts else archive.read(name))
    out.seek(0)
    return out


def _has_short(part: bytes) -> bool:
    return any(record.kind in _SHORT for record in islice(_records(part), _LOOKED_AT))


def _in_full(part: bytes) -> bytes:
    pieces, column = [], -1
    for kind, begin, content, end in _records(part):
        piece = part[begin:end]
        if kind == _ROW:
            column = -1
        elif kind in _CELLS:
            column = int.from_bytes(part[content : content + 4], "little")
        elif kind in _SHORT:
            column += 1
            piece = bytes([_SHORT[kind]]) + _size(end - content + 4) + column.to_bytes(4, "little") + part[content:end]
        pieces.append(piece)
    return b"".join(pieces)


def _records(part: bytes) -> Iterator[_Record]:
    """Return the records of a part: the kind of each in one byte or two, its size in up to four, and its content."""
    at = 0
    while at < len(part):
        begin, kind, size = at, part[at], 0
        at += 1
        if kind > 0x7F:  # noqa: PLR2004 - the upper bit says that another byte follows
            kind, at = (kind & 0x7F) | (part[at] & 0x7F) << 7, at + 1
        for place in range(4):
            size |= (part[at] & 0x7F) << 7 * place
            at += 1
            if part[at - 1] <= 0x7F:  # noqa: PLR2004 - as above
                break
        yield _Record(kind, begin, at, at + size)
        at += size


def _size(size: int) -> bytes:
    groups = [size >> shift & 0x7F for shift in (0, 7, 14, 21)]
    while len(groups) > 1 and not groups[-1]:
        groups.pop()
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])
