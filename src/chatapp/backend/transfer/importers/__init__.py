"""Bringing conversations along from elsewhere, with a receipt."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from chatapp.backend.store.database import Database
from chatapp.backend.store.imported import ImportedConversation, Unreadable
from chatapp.backend.store.merging import Added, add
from chatapp.backend.transfer.importers.files import read_file

MAX_SKIPPED = 200
"""Lines of a receipt; what is beyond them is counted."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not brought along: `count` times the `why` in `what`."""

    what: str
    why: str
    count: int = 1


@dataclass(slots=True)
class Receipt:
    """What an import has done. What was read and not added was here before, or is in `skipped`.

    `skipped` holds what came first; `skipped_more` counts the rest.
    """

    sources: list[str] = field(default_factory=list)
    conversations_read: int = 0
    messages_read: int = 0
    conversations_added: int = 0
    messages_added: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    skipped_more: int = 0


@dataclass(frozen=True, slots=True)
class Imports:
    """Reads what other programs, or this one, have exported."""

    database: Database

    def read(self, path: Path, *, owner: str) -> Receipt:
        """Return the receipt for the file at `path`. What is here already is not added again, however often it is read.

        Raises:
            InvalidRequestError: it is no export that we know; nothing was added.
            StoreUnavailableError: it cannot be saved; what was added before stays, and reading it again adds the rest.
        """
        receipt = Receipt()
        for piece in read_file(path):
            if isinstance(piece, Unreadable):
                _skip(receipt, piece.what, piece.why)
            else:
                self._add(receipt, piece, owner)
        return receipt

    def _add(self, receipt: Receipt, theirs: ImportedConversation, owner: str) -> None:
        if theirs.source not in receipt.sources:
            receipt.sources.append(theirs.source)
        receipt.conversations_read += 1
        receipt.messages_read += len(theirs.messages)
        what = theirs.title or theirs.id
        if not theirs.messages:
            _skip(receipt, what, "it has no messages")
            return
        try:
            added = self._save(theirs, owner)
        except IntegrityError:  # somebody imports the same at the same time; now it is here
            added = self._save(theirs, owner)
        _note(receipt, what, added, theirs.left_out)

    def _save(self, theirs: ImportedConversation, owner: str) -> Added:
        with self.database.write(survives_power_cut=False) as connection:
            return add(connection, theirs, owner=owner)


def _note(receipt: Receipt, what: str, added: Added, left_out: Counter[str]) -> None:
    if added.is_deleted_here:
        _skip(receipt, what, "it was thrown away here; restore it to have it again")
        return
    receipt.conversations_added += added.is_new
    receipt.messages_added += added.messages
    for why, count in left_out.items():
        _skip(receipt, what, why, count)
    if added.lost:
        _skip(receipt, what, "a message whose place in the conversation cannot be found", added.lost)


def _skip(receipt: Receipt, what: str, why: str, count: int = 1) -> None:
    if len(receipt.skipped) < MAX_SKIPPED:
        receipt.skipped.append(Skipped(what, why, count))
    else:
        receipt.skipped_more += count
