"""Importing conversations from elsewhere, with a receipt."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chatapp.backend.store.attachments import Attachments
from chatapp.backend.store.database import Database
from chatapp.backend.store.imported import Unreadable
from chatapp.backend.store.imports import count_rows, fingerprint_of, fingerprints
from chatapp.backend.transfer.importers.assets import Assets, Keep
from chatapp.backend.transfer.importers.budget import ImportBudget, StoppedError
from chatapp.backend.transfer.importers.json_values import Fingerprints
from chatapp.backend.transfer.importers.pieces import FoundConversation, FoundProject, Piece, ReadBefore
from chatapp.backend.transfer.importers.progress import Progress
from chatapp.backend.transfer.importers.receipt import MAX_SKIPPED, Receipt, Skipped
from chatapp.backend.transfer.importers.saving import Fill, ProjectFilling, Saving
from chatapp.errors import StoreUnavailableError

__all__ = ["MAX_SKIPPED", "Imports", "Progress", "Receipt", "Skipped"]

LARGE_BYTES = 2 * 1024**2
"""A file from which on an import makes many transactions."""

MANY_MESSAGES = 1000
"""From how many new messages on the database may plan its searches for too few."""

FEW_BYTES = 256 * 1024
"""A file up to which each conversation is asked about whether it was read before; all that were may take 50 MB."""


@dataclass(frozen=True, slots=True)
class Imports:
    """Reads what other programs, or this one, have exported.

    `keep` takes in the files that conversations show, of at most `max_file_bytes` each; without it none come along, as
    without `fill` none of projects do.
    """

    database: Database
    keep: Keep | None = None
    max_file_bytes: int = 0
    fill: Fill | None = None

    def read(
        self,
        path: Path,
        *,
        owner: str,
        reason_to_stop: Callable[[], str | None] = lambda: None,
        progress: Progress | None = None,
    ) -> Receipt:
        """Return the receipt for the file at `path`. What is here already is not added again, however often it is read.

        As soon as `reason_to_stop` gives a sentence the import ends, with that in the receipt; what is in stays.
        `progress` tells others how far it is.

        Raises:
            InvalidRequestError: it is no export that we know; nothing was added.
            StoreUnavailableError: it cannot be saved; what was added before stays, and reading it again adds the rest.
        """
        from chatapp.backend.transfer.importers import formats  # noqa: PLC0415 - all readers, which most starts do without
        from chatapp.backend.transfer.importers.files import ExportReader  # noqa: PLC0415

        progress = progress or Progress()
        receipt, budget, outcome = progress.receipt, ImportBudget(reason_to_stop), _Outcome()
        known = self._known(path, salt=f"{formats.VERSION} {owner}", owner=owner)
        with (
            self._assets(path, owner, budget) as assets,
            self.database.writes(are_many=path.stat().st_size > LARGE_BYTES) as write,
        ):
            filling = ProjectFilling(owner, receipt, assets, self.fill)
            saving = Saving(self.database, write, owner, receipt, budget, assets, filling)
            outcome.take_all(ExportReader(budget, known, progress).file(path), saving, budget)
            saving.close()
        if receipt.messages_added >= MANY_MESSAGES:
            with suppress(StoreUnavailableError):  # what is in is in
                count_rows(self.database)
        if not outcome.is_known:
            raise formats.not_known("it is empty" if outcome.is_empty else outcome.why)
        return receipt

    def _assets(self, path: Path, owner: str, budget: ImportBudget) -> Assets:
        return Assets(
            path=path,
            owner=owner,
            budget=budget,
            keep=self.keep,
            known=partial(Attachments(self.database).known, owner=owner),
            max_bytes=self.max_file_bytes,
        )

    def _known(self, path: Path, *, salt: str, owner: str) -> Fingerprints:
        if self.database.is_sqlite and path.stat().st_size <= FEW_BYTES:
            return Fingerprints(salt=salt, find=partial(fingerprint_of, self.database))
        return Fingerprints(fingerprints(self.database, owner=owner), salt=salt)


@dataclass(slots=True)
class _Outcome:
    """Whether anything in a file was known, and what the rest is."""

    is_known: bool = False
    is_empty: bool = True
    why: str | None = None

    def take_all(self, pieces: Iterable[Piece], saving: Saving, budget: ImportBudget) -> None:
        try:
            for piece in pieces:
                self._take(piece, saving)
                budget.check()
        except StoppedError as error:
            saving.receipt.stop(str(error))
            self.is_known = True

    def _take(self, piece: Piece, saving: Saving) -> None:
        self.is_empty = False
        if isinstance(piece, FoundConversation):
            saving.take(piece)
        elif isinstance(piece, FoundProject):
            saving.take_project(piece)
        elif isinstance(piece, ReadBefore):
            saving.recognise(piece.fingerprint)
        elif isinstance(piece, Unreadable):
            saving.receipt.skip(piece.what, piece.why)
        else:
            is_told = bool(piece.kind or piece.reason)
            self.why = self.why or (piece.why if is_told else None)
            if is_told or not piece.is_tried:
                saving.receipt.skip(piece.what, piece.why)
            return
        self.is_known = True
