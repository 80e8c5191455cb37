"""Files that people export: a zip, JSON, JSON by lines, either of them compressed, or a database. What is in them."""

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from chatapp.backend.store.imported import ImportedConversation, Unreadable
from chatapp.backend.transfer.importers import claude, claude_projects, databases, formats, texts
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.fields import Json, mapping
from chatapp.backend.transfer.importers.json_text import CHUNK, Readable, UnreadableError, check_held
from chatapp.backend.transfer.importers.json_values import Element, Fingerprints, JsonValues
from chatapp.backend.transfer.importers.pieces import FoundConversation, FoundProject, Piece, ReadBefore, Unknown
from chatapp.backend.transfer.importers.progress import CountedFile, Progress
from chatapp.backend.transfer.importers.records import SESSIONS, Records

MAX_DIRECTORY_BYTES = 32 * 1024**2
"""Of the list of what is in a zip, which is held in memory."""

DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError)
MISREAD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, msgspec.MsgspecError)
"""What a reader raises for a conversation that is not as it should be."""

_HEAD = 512
"""Bytes by which files are told apart."""

_UNKNOWN = 10
"""What is unknown at the beginning of a file that is not named as an export until it is taken for none."""

_GZIP = b"\x1f\x8b"
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_QUIET = {
    "shared_conversations.json", "users.json", "user.json", "export_manifest.json",
    "thread.json", "api_conversation_history.json",
}  # fmt: skip
"""Beside conversations; of Jan's threads and Cline's tasks the file beside them has what was said."""
_TEXTS, _DATABASES = (".json", ".jsonl", ".ndjson"), (".db", ".sqlite", ".sqlite3", ".vscdb")


@dataclass(frozen=True, slots=True)
class ExportReader:
    """Reads files within a budget."""

    budget: ImportBudget
    known: Fingerprints
    progress: Progress = field(default_factory=Progress)

    def file(self, path: Path) -> Iterator[Piece]:
        """Return what is in a file, in its order.

        Raises:
            StoppedError: the budget is used up.
        """
        with path.open("rb") as file:
            magic = file.read(_HEAD)
        if magic.startswith(databases.MAGIC):
            yield from self._database("the file", path)
        elif magic.startswith(_GZIP):
            yield from self._gzip(path)
        elif zipfile.is_zipfile(path):
            yield from self._zip(path)
        elif formats.name_of_beginning(magic):
            with path.open("rb") as file:
                yield from texts.read("the file", CountedFile(file, self.progress), magic, self.budget)
        else:
            with path.open("rb") as file:
                yield from self._json("the file", CountedFile(file, self.progress))

    def _gzip(self, path: Path) -> Iterator[Piece]:
        try:
            with path.open("rb") as packed, gzip.open(CountedFile(packed, self.progress)) as file:
                head = file.peek(_HEAD)[:_HEAD]
                if formats.name_of_beginning(head):
                    yield from texts.read("the file", file, head, self.budget)
                else:
                    yield from self._json("the file", file)
        except DAMAGED:
            yield Unknown("the file", "damaged", is_file=True)

    def _zip(self, path: Path) -> Iterator[Piece]:
        try:
            with path.open("rb") as file, zipfile.ZipFile(_Bounded(file, self.progress)) as archive:
                members = sorted(archive.infolist(), key=_turn)
                wanted = [*filter(_is_wanted, members)]
                for member in wanted:
                    yield from self._member(archive, member, path.parent)
                if not wanted:
                    names = [member.filename for member in members]
                    yield Unknown("the file", formats.name_of_zip(names), is_file=True)
        except (*DAMAGED, ValueError):
            yield Unknown("the file", "damaged", is_file=True)

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> Iterator[Piece]:
        self.budget.check()
        if member.compress_type not in _METHODS:
            yield Unknown(member.filename, "compressed in a way that is not read", is_file=True)
            return
        try:
            with archive.open(member) as file:
                if member.filename.lower().endswith(_DATABASES):
                    if file.read(len(databases.MAGIC)) != databases.MAGIC:  # Thumbs.db
                        return
                    with self._unpacked(archive, member.filename, folder) as path:
                        yield from self._database(member.filename, path)
                elif texts.is_named(member.filename):
                    head = file.read(_HEAD)
                    file.seek(0)
                    yield from texts.read(member.filename, file, head, self.budget)
                else:
                    yield from self._json(member.filename, file, is_sure=_is_sure(member))
        except (*DAMAGED, ValueError):
            yield Unknown(member.filename, "damaged or locked", is_file=True)

    @contextmanager
    def _unpacked(self, archive: zipfile.ZipFile, name: str, folder: Path) -> Iterator[Path]:
        """Return a database out of a zip as a file of its own, its log beside it, for as long as the block lasts."""
        with tempfile.NamedTemporaryFile(dir=folder, prefix="import-", suffix=".part") as copy:
            try:
                self._unpack(archive, name, Path(copy.name))
                with suppress(KeyError):
                    self._unpack(archive, name + databases.LOG, Path(copy.name + databases.LOG))
                yield Path(copy.name)
            finally:
                for end in databases.BESIDE:
                    Path(copy.name + end).unlink(missing_ok=True)

    def _unpack(self, archive: zipfile.ZipFile, name: str, path: Path) -> None:
        with archive.open(name) as file, path.open("wb") as copy:
            while chunk := file.read(CHUNK):
                self.budget.unpack(len(chunk))
                copy.write(chunk)

    def _database(self, what: str, path: Path) -> Iterator[Piece]:
        try:
            for piece in databases.read(path, self.budget):
                yield piece if isinstance(piece, Unreadable) else FoundConversation(formats.finished(piece))
        except databases.UnknownDatabaseError as error:
            yield Unknown(what, error.why or formats.name_of_database(error.tables), is_file=True)

    def _json(self, what: str, file: Readable, *, is_sure: bool = True) -> Iterator[Piece]:
        """Return the conversations of one JSON file. One only tried is left where much of it is unknown first."""
        records, number, unknown = Records(), 0, list[Unknown]()
        values = JsonValues(file, self.budget, self.known)
        try:
            for number, element in enumerate(values, 1):
                piece = _piece(f"{what}, number {number}", element, records)
                if isinstance(piece, Unknown) and not is_sure:
                    unknown.append(piece)
                    if piece.kind or len(unknown) == _UNKNOWN:
                        break
                    continue
                is_sure = True
                yield from unknown
                unknown.clear()
                if piece is not None:
                    yield piece
                else:
                    check_held(values.weight)
        except UnreadableError as error:
            if is_sure:
                reason = f"the rest of it cannot be read ({error})" if number else str(error)
                yield Unknown(what, reason=reason, is_file=not number)
            else:
                unknown.append(Unknown(what))
        yield from (Unknown(f"a part of {what}", reason=f"it cannot be read ({why})") for why in values.left_out)
        if unknown:
            yield Unknown(what, unknown[-1].kind, is_file=True, is_tried=True)
        is_empty = records.first is not None
        for conversation in records.conversations():
            yield _made(what, conversation)
            is_empty = False
        if is_empty:
            kind = formats.name_of(records.first or {}) or "a list in which nothing was asked"
            yield Unknown(what, kind, is_file=True)


class _Bounded(CountedFile):
    """A file that does not give a zip's list of contents away when it is too large to be held."""

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile
        return super().read(size)


def _made(what: str, theirs: ImportedConversation) -> Piece:
    """Return what records have made; a session may hold an agent's own talk alone."""
    program = SESSIONS.get(theirs.source)
    if program and not theirs.messages:
        return Unknown(what, f"a session of {program} in which nothing was said", is_file=True)
    return FoundConversation(formats.finished(theirs))


def _piece(what: str, element: Element, records: Records) -> Piece | None:
    if element.why is not None:
        return Unknown(what, reason=f"it cannot be read ({element.why})")
    if element.value is None and element.fingerprint is not None:
        return ReadBefore(element.fingerprint)
    fields = mapping(element.value)
    try:
        source = formats.source_of(fields)
        if source is not None:
            return FoundConversation(formats.read(source, fields), element.fingerprint)
        if claude_projects.recognises(fields):
            return _project(fields)
        return None if records.take(fields) else Unknown(what, formats.name_of(fields))
    except MISREAD as error:
        return Unreadable(what, f"it cannot be read ({_fault(error)})")


def _fault(error: Exception) -> str:
    """Return which field of one of our own is not as it should be, of others what the reader ran into."""
    field = str(error).rpartition("`$.")[2].rstrip("`") if isinstance(error, msgspec.ValidationError) else ""
    return f"{field} is not as chatapp writes it" if field else type(error).__name__


def _project(fields: Json) -> FoundProject | Unreadable:
    project = claude_projects.read(fields)
    if fields.get("is_starter_project"):
        return Unreadable(project.name, claude_projects.EXAMPLE)
    return FoundProject(claude.SOURCE, project, claude_projects.left_out(fields))


def _turn(member: zipfile.ZipInfo) -> tuple[bool, bool, str]:
    """Return what files are read in the order of: projects before the conversations that are in them."""
    return not _has_projects(member), not _is_sure(member), member.filename


def _has_projects(member: zipfile.ZipInfo) -> bool:
    folder, _, name = member.filename.lower().rpartition("/")
    return folder.rpartition("/")[2] == "projects" or name == "projects.json"


def _is_sure(member: zipfile.ZipInfo) -> bool:
    """Return whether a file in a zip is there for its conversations or projects, going by its name."""
    name = member.filename.rpartition("/")[2].lower()
    return name.endswith(_TEXTS) and ("conversations" in name or "chat-export" in name or _has_projects(member))


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    folder, _, name = member.filename.rpartition("/")
    is_of_mac = name.startswith("._") or "__MACOSX" in folder.split("/")
    is_data = name.lower().endswith(_TEXTS + _DATABASES) or texts.is_named(member.filename)
    return is_data and not is_of_mac and name.lower() not in _QUIET
