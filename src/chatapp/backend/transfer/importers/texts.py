"""Files that are neither JSON nor a database: histories of aider, tables of Copilot, web pages of Gemini."""

import csv
from collections.abc import Iterator

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.transfer.importers import aider, copilot, formats, gemini_pages
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.gemini import Gemini, is_label
from chatapp.backend.transfer.importers.json_text import Readable, UnreadableError
from chatapp.backend.transfer.importers.pieces import FoundConversation, Piece, Unknown

_PAGES = (".html", ".htm")


def is_named(path: str) -> bool:
    """Return whether a file in a zip is one of theirs by its name."""
    folder, _, name = path.rpartition("/")
    return aider.is_named(name) or copilot.is_named(name) or (name.lower().endswith(_PAGES) and is_label(folder))


def read(what: str, file: Readable, head: bytes, budget: ImportBudget) -> Iterator[Piece]:
    """Return the conversations in a file that begins with `head`, or what it is instead.

    Raises:
        StoppedError: the budget is used up.
    """
    is_empty, gemini = True, Gemini()
    try:
        for conversation in _conversations(file, head, budget, gemini):
            is_empty = False
            yield FoundConversation(formats.finished(conversation))
    except (csv.Error, UnreadableError) as error:
        if not is_empty:
            yield Unknown(what, reason=f"the rest of it cannot be read ({error})")
    if is_empty:
        kind = "a list in which nothing was asked" if gemini.activities else formats.name_of_beginning(head)
        yield Unknown(what, kind, is_file=True, is_tried=True)


def _conversations(file: Readable, head: bytes, budget: ImportBudget, gemini: Gemini) -> Iterator[ImportedConversation]:
    if aider.begins(head):
        yield from aider.conversations(file, budget)
    elif copilot.begins(head):
        yield from copilot.conversations(file, budget)
    else:
        broken = None
        try:
            gemini.activities += gemini_pages.activities(file, budget)
        except UnreadableError as error:
            broken = error
        yield from gemini.conversations()
        if broken:
            raise broken
