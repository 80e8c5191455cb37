"""Microsoft Copilot's `copilot-activity-history.csv`: a row for each message, the newest first, without any ids."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, VALUE_COST, ImportBudget
from chatapp.backend.transfer.importers.fields import time
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.backend.transfer.importers.json_text import Readable, UnreadableError, check_held
from chatapp.backend.transfer.importers.text_lines import first_line, lines_of

SOURCE = "copilot"

HEAD = "Conversation,Time,Author,Message"
_SEPARATORS = ",;\t"
"""Of tables that Excel has saved again too."""
_ENDING = ".csv"
_USER = "Human"


def is_named(file_name: str) -> bool:
    """Return whether a file in a zip is theirs by its name."""
    return file_name.lower().endswith(_ENDING) and "copilot" in file_name.lower()


def begins(head: bytes) -> bool:
    """Return whether a file that begins with `head` is their table."""
    return _separator(first_line(head)) is not None


def conversations(file: Readable, budget: ImportBudget) -> Iterator[ImportedConversation]:
    """Return the conversations, which are told apart by their titles alone. Those of another table are none.

    Raises:
        StoppedError: the budget is used up.
        csv.Error: it is no table from somewhere on; what stands before comes first.
    """
    lines = lines_of(file, budget)
    told: dict[str, list[list[str]]] = {}
    broken, weight = None, 0
    try:
        separator = _separator(next(lines, ""))
        for row in _rows(lines, separator) if separator else ():
            if len(row) == HEAD.count(",") + 1:
                told.setdefault(row[0], []).append(row)
                weight += sum(len(field) + VALUE_COST for field in row)
                check_held(weight)
    except UnreadableError as error:
        broken = error
    for title, rows in told.items():
        yield in_line(SOURCE, title, list(_messages(_oldest_first(rows))), title=title)
    if broken:
        raise csv.Error(str(broken))


def _separator(line: str) -> str | None:
    """Return what stands between the fields of their table that has `line` as its head, None where it is no such."""
    return next((mark for mark in _SEPARATORS if next(_rows(iter([line]), mark)) == HEAD.split(",")), None)


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
        end = len(line.rstrip("\n")) if end < 0 else end
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
    raise UnreadableError("it is no table")


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
            role="user" if author == _USER else "assistant",
            content=content.strip("\n"),
            created_at=time(when),
        )
