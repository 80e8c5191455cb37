"""Microsoft Copilot's `copilot-activity-history.csv`: a row for each message, the newest first, without any ids."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from functools import partial

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import time
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.backend.transfer.importers.json_text import CHUNK, Readable

SOURCE = "copilot"

HEAD = "Conversation,Time,Author,Message"
_ENDING = ".csv"


def is_named(file_name: str) -> bool:
    """Return whether a file in a zip is theirs by its name."""
    return file_name.lower().endswith(_ENDING) and "copilot" in file_name.lower()


def conversations(file: Readable, budget: ImportBudget) -> Iterator[ImportedConversation]:
    """Return the conversations, which are told apart by their titles alone. Those of another table are none.

    A question and its answer have the same second, so it is the order of the rows that counts. Times are in UTC.

    Raises:
        StoppedError: the budget is used up.
        csv.Error: it is no table from somewhere on; what stands before comes first.
    """
    csv.field_size_limit(MAX_ELEMENT_CHARS)  # of a message Python reads no more than 128 KiB otherwise
    rows = csv.reader(_lines(file, budget))
    told: dict[str, list[list[str]]] = {}
    broken: csv.Error | None = None
    try:
        if ",".join(next(rows, [])) != HEAD:
            return
        for row in rows:
            if len(row) == HEAD.count(",") + 1:
                told.setdefault(row[0], []).append(row)
    except csv.Error as error:
        broken = error
    for title, newest_first in told.items():
        yield in_line(SOURCE, title, list(_messages(newest_first[::-1])), title=title)
    if broken is not None:
        raise broken


def _lines(file: Readable, budget: ImportBudget) -> Iterator[str]:
    pending = ""
    for text in codecs.iterdecode(iter(partial(file.read, CHUNK), b""), "utf-8-sig", errors="replace"):
        budget.unpack(len(text))
        *lines, pending = (pending + text).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(pending) > MAX_ELEMENT_CHARS:
            raise csv.Error
    yield pending


def _messages(rows: list[list[str]]) -> Iterator[ImportedMessage]:
    before: Counter[str] = Counter()
    for _, when, author, content in rows:
        name = f"{when} {author}"
        before[name] += 1
        yield ImportedMessage(
            id=name if before[name] == 1 else f"{name} {before[name]}",
            parent_id=None,
            role="user" if author == "Human" else "assistant",
            content=content.replace("\r\n", "\n").strip("\n"),
            created_at=time(when),
        )
