"""The bytes of files that conversations name: beside them in a zip, or in the export's text itself.

A reader that knows where the bytes of a file are puts a reference into its `content_id`. When the conversation is
saved, the bytes are taken in, and their own id stands there; where there are none, nothing does.
"""

import base64
import tempfile
import zipfile
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from chatapp.backend.store.imported import ATTACHMENT, ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.attachments import placeholder
from chatapp.backend.transfer.importers.budget import ImportBudget
from chatapp.backend.transfer.importers.json_text import CHUNK
from chatapp.errors import ChatappError, StoreUnavailableError
from chatapp.protocol.messages import AttachmentPart, Part

Keep = Callable[[Path, str, str], AttachmentPart]
"""Takes in the file at a path, under its name, for an owner, and returns it as a part of a message.

Raises `ChatappError` where it is not to be kept.
"""

MAX_FILES = 10_000
"""Of one import: each is read in a process of its own."""

_OURS, _FILES = "files", "-files"
_ID_CHARS, _HASH_CHARS = 16, 64
_BESIDE, _WITHIN = "beside:", "data:"
_MEMBER_FAULTS = (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError)


def beside(key: object, folder: str = "") -> str | None:
    """Return the reference to a file in the same zip whose name begins with `key`, None where there is no key.

    A `folder` that it is in ends in `-files/`.
    """
    is_key = isinstance(key, str) and 0 < len(key) <= 200 and "/" not in key  # noqa: PLR2004
    return f"{_BESIDE}{folder}{key}" if is_key else None


def within(url: object) -> str | None:
    """Return the reference to bytes that a data URL holds, None where it holds none."""
    return url if isinstance(url, str) and url.startswith(_WITHIN) and ";base64," in url[:200] else None


def of_bytes(content: object) -> str | None:
    """Return the reference to `content`, None where it is no bytes."""
    if not isinstance(content, bytes) or not content:
        return None
    return f"{_WITHIN};base64,{base64.b64encode(content).decode()}"


@dataclass(slots=True)
class Assets:
    """Takes in the files that conversations name, for `owner`. Without `keep` there is none to be had.

    `known` returns those of some ids that the owner has already, and `max_bytes` is what a file may have.
    """

    path: Path
    owner: str
    budget: ImportBudget
    keep: Keep | None = None
    known: Callable[[Iterable[str]], set[str]] = lambda _: set()
    max_bytes: int = 0
    _is_looked_into: bool = False
    _archive: zipfile.ZipFile | None = None
    _ours: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    _names: list[tuple[str, zipfile.ZipInfo]] = field(default_factory=list)
    _kept: dict[str, AttachmentPart | None] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _look_into(self) -> None:
        """Look which files there are, if it is a zip; its list of contents has been found to be no bomb by now."""
        self._is_looked_into = True
        if not zipfile.is_zipfile(self.path):
            return
        try:
            self._archive = self._open.enter_context(zipfile.ZipFile(self.path))
        except _MEMBER_FAULTS:
            return
        for member in self._archive.infolist():
            *folders, name = member.filename.split("/")
            if len(folders) >= 2 and folders[-2] == _OURS:  # noqa: PLR2004 - files/ID/NAME
                self._ours[folders[-1]] = member
            if name:  # Grok's files are all called so, in folders of their own
                self._names.append((folders[-1] if name == "content" and folders else name, member))
                if folders and folders[-1].endswith(_FILES):
                    self._names.append((f"{folders[-1]}/{name}", member))
        self._names.sort(key=lambda named: named[0])

    def with_files(self, theirs: ImportedConversation) -> ImportedConversation:
        """Return a conversation with the files that were taken in; what came is no longer left out.

        Raises:
            StoreUnavailableError: they cannot be saved now.
        """
        messages = [self._message(message) for message in theirs.messages]
        left_out = theirs.left_out.copy()
        left_out[ATTACHMENT] -= sum(bool(part.content_id) for message in messages for part in message.attachments)
        wanted, came = (_files_in(each) for each in (theirs.messages, messages))  # of our own exports
        left_out[ATTACHMENT] += wanted - came
        return replace(theirs, messages=messages, left_out=+left_out)

    def files(self, parts: Iterable[AttachmentPart]) -> list[AttachmentPart]:
        """Return those files that were taken in.

        Raises:
            StoreUnavailableError: they cannot be saved now.
        """
        return [file for file in map(self._resolved, parts) if file.content_id]

    def _message(self, message: ImportedMessage) -> ImportedMessage:
        if not any(isinstance(part, AttachmentPart) for part in (*message.parts, *message.attachments)):
            return message
        files = tuple(self._resolved(file) for file in message.attachments)
        come = [file for file, kept in zip(message.attachments, files, strict=True) if kept.content_id]
        content = _without(message.content, Counter(map(placeholder, come)))
        parts = tuple(self._part(part) for part in message.parts)
        return replace(message, attachments=files, parts=parts, content=content)

    def _part(self, part: Part) -> Part:
        return self._resolved(part) if isinstance(part, AttachmentPart) else part

    def _resolved(self, part: AttachmentPart) -> AttachmentPart:
        reference = part.content_id
        if reference is None:
            return part
        key = reference if len(reference) < CHUNK else str(hash(reference))
        if key not in self._kept:
            self._kept[key] = self._taken(part, reference)
        kept = self._kept[key]
        return replace(kept, name=part.name) if kept is not None else replace(part, content_id=None)

    def _taken(self, part: AttachmentPart, reference: str) -> AttachmentPart | None:
        if len(reference) == _HASH_CHARS and self.known([reference]):
            return part
        if self.keep is None or len(self._kept) >= MAX_FILES:
            return None
        self.budget.check()
        try:
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix="import-", suffix=".part") as copy:
                for piece in self._pieces(reference):
                    copy.write(piece)
                copy.flush()
                return self.keep(Path(copy.name), part.name, self.owner) if copy.tell() else None
        except StoreUnavailableError:  # who imports again then has them all
            raise
        except (ChatappError, *_MEMBER_FAULTS):
            return None

    def _pieces(self, reference: str) -> Iterator[bytes]:
        if reference.startswith(_WITHIN):
            if len(reference) * 3 // 4 <= self.max_bytes:
                yield base64.b64decode(reference.partition(",")[2])
            return
        if not self._is_looked_into:
            self._look_into()
        member = self._member(reference)
        if member is None or self._archive is None:
            return
        left = self.max_bytes
        with self._archive.open(member) as file:
            while piece := file.read(CHUNK):
                self.budget.unpack(len(piece))
                left -= len(piece)
                if left < 0:
                    raise ValueError
                yield piece

    def _member(self, reference: str) -> zipfile.ZipInfo | None:
        if not reference.startswith(_BESIDE):
            return self._ours.get(reference[:_ID_CHARS])
        key = reference.removeprefix(_BESIDE)
        place = bisect_left(self._names, key, key=lambda named: named[0])
        name, member = self._names[place] if place < len(self._names) else ("", None)
        is_whole = name.startswith(key) and not name[len(key) : len(key) + 1].isalnum()
        return member if is_whole else None


def has_all_files(come: ImportedConversation, wanted: ImportedConversation) -> bool:
    """Return whether the bytes of every file came that `wanted` has a reference to."""
    return _references(come) == _references(wanted)


def _references(theirs: ImportedConversation) -> int:
    return _files_in(theirs.messages) + sum(bool(it.content_id) for one in theirs.messages for it in one.attachments)


def _files_in(messages: Iterable[ImportedMessage]) -> int:
    """Return how many parts of messages have bytes somewhere."""
    parts = (part for message in messages for part in message.parts)
    return sum(isinstance(part, AttachmentPart) and part.content_id is not None for part in parts)


def _without(content: str, lines: Counter[str]) -> str:
    """Return `content` without the lines that stood for files, each as often as told, unless nothing is left then."""
    if not lines:
        return content
    left, rest = lines.copy(), []
    for paragraph in content.split("\n\n"):
        if left[paragraph] > 0:
            left[paragraph] -= 1
        else:
            rest.append(paragraph)
    return "\n\n".join(rest).strip("\n") or content
