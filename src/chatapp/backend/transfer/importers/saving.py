"""What was read goes into the store, many conversations at a time, each of them once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from chatapp.backend.store.database import Database
from chatapp.backend.store.imported import FOLDER, PROJECT_FILE, ImportedConversation, ImportedProject
from chatapp.backend.store.imports import LOST, known_imports
from chatapp.backend.store.merging import Added, add_all, own_project
from chatapp.backend.store.titles import title_from
from chatapp.backend.transfer.importers import ours
from chatapp.backend.transfer.importers.assets import Assets, has_all_files
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.pieces import FoundConversation, FoundProject
from chatapp.backend.transfer.importers.receipt import Receipt
from chatapp.errors import ChatappError, StoreUnavailableError

Fill = Callable[[str, str, str], object]
"""Makes an attachment a file of a project, both by their ids, for an owner.

Raises `ChatappError` where it cannot be one.
"""

BATCH_MESSAGES = 600
BATCH_CHARS = 750_000
"""What is saved together: less costs the index more, more would keep others' writes waiting longer than is noticed."""

MAX_KNOWN = 1000

_DELETED = "it was thrown away here; restore it to have it again"
_NO_PROJECT = "it was thrown away here, or there are too many projects"
_UNSAVED = (DBAPIError, StatementError, ValueError, ArithmeticError)


@dataclass(slots=True)
class ProjectFilling:
    """Gives each project its files once; without `fill` none has any, which the receipt says."""

    owner: str
    receipt: Receipt
    assets: Assets
    fill: Fill | None = None
    _filled: set[str] = field(default_factory=set)

    def take(self, project: ImportedProject, project_id: str) -> None:
        """Add the files of a project to the one that it is here.

        Raises:
            StoreUnavailableError: they cannot be saved now.
        """
        if project_id in self._filled:
            return
        self._filled.add(project_id)
        come = self.assets.files(project.files) if self.fill else []
        missing = len(project.files) - sum(self._is_added(project_id, str(file.content_id)) for file in come)
        if missing:
            self.receipt.skip(project.name, PROJECT_FILE, missing)

    def _is_added(self, project_id: str, attachment_id: str) -> bool:
        try:
            if self.fill is not None:
                self.fill(project_id, attachment_id, self.owner)
        except StoreUnavailableError:
            raise
        except ChatappError:
            return False
        return True


@dataclass(slots=True)
class Saving:
    """Saves what it is given, in transactions that `write` begins, and tells the receipt. `close` saves the rest."""

    database: Database
    write: Callable[[], AbstractContextManager[Connection]]
    owner: str
    receipt: Receipt
    budget: ImportBudget
    assets: Assets
    filling: ProjectFilling
    _batch: dict[tuple[str, str], FoundConversation] = field(default_factory=dict)
    _messages: int = 0
    _chars: int = 0
    _known: list[str] = field(default_factory=list)

    def take(self, found: FoundConversation) -> None:
        """Save a conversation, now or together with others.

        Raises:
            StoppedError: there is more text than one import may save.
            StoreUnavailableError: its files cannot be saved now.
        """
        theirs = self.assets.with_files(found.conversation)
        is_whole = has_all_files(theirs, found.conversation)  # or it is read again, when its files may come too
        found = replace(found, conversation=theirs, fingerprint=found.fingerprint if is_whole else None)
        self._count(theirs)
        if not theirs.messages and theirs.source != ours.SOURCE:
            self.receipt.leave_out(_name(theirs), theirs.left_out)
            self.receipt.skip(_name(theirs), "it has no messages")
            return
        if (theirs.source, theirs.id) in self._batch:
            self._save()
        chars = sum(len(message.content) + len(message.reasoning) for message in theirs.messages)
        chars += len(theirs.system or "")
        self.budget.save(chars)
        self._batch[theirs.source, theirs.id] = found
        self._messages += len(theirs.messages)
        self._chars += chars
        if self._messages >= BATCH_MESSAGES or self._chars >= BATCH_CHARS:
            self._save()

    def take_project(self, found: FoundProject) -> None:
        """Make a project, or find the one that it has become before, and give it its files.

        Raises:
            StoreUnavailableError: its files cannot be saved now.
        """
        name = found.project.name
        try:
            with self.write() as connection:
                project_id, is_new = own_project(connection, found.project, owner=self.owner)
        except _UNSAVED as error:
            self.receipt.skip(name, f"it cannot be saved ({type(error).__name__})")
            return
        self.receipt.read_project(found.source, is_new=is_new)
        if project_id is None:
            self.receipt.skip(name, _NO_PROJECT)
            return
        for what in found.left_out if is_new else ():
            self.receipt.skip(name, what)
        self.filling.take(found.project, project_id)

    def recognise(self, fingerprint: str) -> None:
        """Count a conversation that was read before."""
        self._known.append(fingerprint)
        if len(self._known) >= MAX_KNOWN:
            self._count_known()

    def close(self) -> None:
        """Save what is left."""
        self._count_known()
        self._save()
        self.receipt.close()

    def _count(self, theirs: ImportedConversation) -> None:
        self.receipt.read(theirs.source, messages=len(theirs.messages))

    def _count_known(self) -> None:
        wanted, self._known = self._known, []
        if not wanted:
            return
        with self.database.read() as connection:
            known = known_imports(connection, wanted)
        for fingerprint in wanted:
            found = known.get(fingerprint)
            if found is None:  # thrown away for good while this import was running
                continue
            self.receipt.read(found.source, messages=found.messages)
            if found.is_deleted_here:
                self.receipt.skip(found.title, _DELETED)
            else:
                self.receipt.leave_out(found.title, found.left_out)

    def _save(self) -> None:
        batch, self._batch, self._messages, self._chars = list(self._batch.values()), {}, 0, 0
        if not batch:
            return
        try:
            results = self._add(batch)
        except _UNSAVED:
            results = [self._add_alone(found) for found in batch]
        for found, added in zip(batch, results, strict=True):
            if added is not None:
                self._note(found.conversation, added)

    def _add(self, batch: list[FoundConversation]) -> list[Added | None]:
        with self.write() as connection:
            return [*add_all(connection, [(one.conversation, one.fingerprint) for one in batch], owner=self.owner)]

    def _add_alone(self, found: FoundConversation) -> Added | None:
        """Save one of a batch that failed: twice, since somebody else may import the same at the same time."""
        why: Exception = ValueError()
        for _ in range(2):
            try:
                return self._add([found])[0]
            except _UNSAVED as error:
                why = error
        self.receipt.skip(_name(found.conversation), f"it cannot be saved ({type(why).__name__})")
        return None

    def _note(self, theirs: ImportedConversation, added: Added) -> None:
        what = _name(theirs)
        if added.is_deleted_here:
            self.receipt.skip(what, _DELETED)
            return
        self.receipt.conversations_added += added.is_new
        self.receipt.messages_added += added.messages
        self.receipt.leave_out(what, theirs.left_out)
        if theirs.project is not None and added.project_id is not None:
            self.filling.take(theirs.project, added.project_id)
        elif theirs.project is not None and added.is_new:
            self.receipt.leave_out(what, {FOLDER: 1})
        if added.lost:
            self.receipt.skip(what, LOST, added.lost)


def _name(theirs: ImportedConversation) -> str:
    """Return what a conversation is called here, as far as that is known before it is."""
    question = next((message.content for message in theirs.messages if message.role == "user"), "")
    return theirs.title or title_from(question) or theirs.id
