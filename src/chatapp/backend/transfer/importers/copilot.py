"""Microsoft Copilot's `copilot-activity-history.csv`: a row for each message, the newest first, without any ids."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, groupby

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import time
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.backend.transfer.importers.json_text import CHUNK, Readable

SOURCE = "copilot"

HEAD = "Conversation,Time,Author,Message"
_SEPARATORS = ",;\t"
"""Of tables that Excel has saved again too."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENDING = ".csv"
_USER = "Human"


def is_named(file_name: str) -> bool:
    """Return whether a file in a zip is theirs by its name."""
    return file_name.lower().endswith(_ENDING) and "copilot" in file_name.lower()


def begins(head: bytes) -> bool:
    """Return whether a file that begins with `head` is their table."""
    return _separator(head.decode(_encoding(head), errors="replace").partition("\n")[0]) is not None


def conversations(file: Readable, budget: ImportBudget) -> Iterator[ImportedConversation]:
    """Return the conversations, which are told apart by their titles alone. Those of another table are none.

    Raises:
        StoppedError: the budget is used up.
        csv.Error: it is no table from somewhere on; what stands before comes first.
    """
    lines = _lines(file, budget)
    told: dict[str, list[list[str]]] = {}
    broken: csv.Error | None = None
    try:
        separator = _separator(next(lines, ""))
        for row in _rows(lines, separator) if separator else ():
            if len(row) == HEAD.count(",") + 1:
                told.setdefault(row[0], []).append(row)
    except csv.Error as error:
        broken = error
    for title, rows in told.items():
        yield in_line(SOURCE, title, list(_messages(_oldest_first(rows))), title=title)
    if broken is not None:
        raise broken


def _encoding(head: bytes) -> str:
    return "utf-16" if head.startswith(_WIDE) else "utf-8-sig"


def _separator(line: str) -> str | None:
    """Return what stands between the fields of their table that has `line` as its head, None where it is no such."""
    return next((mark for mark in _SEPARATORS if next(_rows(iter([line]), mark)) == HEAD.split(",")), None)


def _lines(file: Readable, budget: ImportBudget) -> Iterator[str]:
    chunk, pending = file.read(CHUNK), ""
    encoding = _encoding(chunk)
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    for text in codecs.iterdecode(chain([chunk], iter(partial(file.read, CHUNK), b"")), encoding, errors):
        budget.unpack(len(text))
        *lines, pending = (pending + text).split("\n")
        yield from (f"{_readable(line)}\n" for line in lines)
        if len(pending) > MAX_ELEMENT_CHARS:
            raise csv.Error
    yield _readable(pending)


def _readable(line: str) -> str:
    """Return a line, one of a code page of Windows too, as Excel saves them, in which no letter is right as UTF-8."""
    if line.isascii():
        return line
    raw = line.encode(errors="surrogateescape")
    text = raw.decode(errors="replace")
    is_of_windows = text != line and all(char.isascii() or char == "\ufffd" for char in text)
    return raw.decode("cp1252", errors="replace") if is_of_windows else text


def _rows(lines: Iterator[str], separator: str) -> Iterator[list[str]]:
    """Return the rows of a table (RFC 4180). Python's own reader takes long fields only if the whole process does."""
    for line in lines:
        row, rest, at = [], line, -1
        while at < 0 or rest.startswith(separator, at):
            field, rest, at = _field(rest, at + 1, lines, separator)
            row.append(field)
        yield row


def _field(line: str, at: int, lines: Iterator[str], separator: str) -> tuple[str, str, int]:
    """Return the field at a place of a line, with the line that it ends in, and where."""
    if not line.startswith('"', at):
        end = line.find(separator, at)
        end = len(line.rstrip("\r\n")) if end < 0 else end
        return line[at:end], line, end
    parts: list[str] = []
    size, at = 0, at + 1
    while size <= MAX_ELEMENT_CHARS:
        end = line.find('"', at)
        if end >= 0 and not line.startswith('"', end + 1):
            return "".join((*parts, line[at:end])), line, end + 1
        parts.append(line[at:] if end < 0 else line[at : end + 1])
        size += len(parts[-1])
        at = end + 2
        if end < 0:
            line, at = next(lines, ""), 0
            if not line:
                return "".join(parts), line, 0
    raise csv.Error


def _oldest_first(rows: list[list[str]]) -> Iterator[list[str]]:
    """Return the rows in their order, in which a question stands before its answer of the same second."""
    times = [moment for _, when, _, _ in rows if (moment := time(when))]
    ordered = rows[::-1] if times and times[0] > times[-1] else rows
    for _, together in groupby(ordered, key=lambda row: row[1]):
        same = [*together]
        yield from same[::-1] if same[0][2] != _USER and same[-1][2] == _USER else same


def _messages(rows: Iterable[list[str]]) -> Iterator[ImportedMessage]:
    before: Counter[str] = Counter()
    for _, when, author, content in rows:
        name = f"{when} {author}"
        before[name] += 1
        yield ImportedMessage(
            id=name if before[name] == 1 else f"{name} {before[name]}",
            parent_id=None,
            role="user" if author == _USER else "assistant",
            content=content.replace("\r\n", "\n").strip("\n"),
            created_at=time(when),
        )
