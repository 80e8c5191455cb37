"""Everything in one zip, made while it is read: nothing of it is ever held but the piece that comes next.

Files that were shown in conversations lie beside them, as `files/BEGINNING_OF_THEIR_ID/NAME`.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatapp.backend.transfer.exporters import json_document
from chatapp.backend.transfer.exporters.exported import Exported, OwnedFiles, files_of
from chatapp.protocol.messages import AttachmentPart

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MEMBER = "conversations.json"
FILES = "files"
ID_CHARS = 16
"""How much of an id tells files apart, in names that people see."""

_WORTH_PACKING = ("text/", "application/json", "message/")
_LONGEST_NAME = 120
_FOR_ITS_USER = 0o600 << 16
"""How it is unpacked, in the upper half of the attributes: https://pkwaredownloads.blob.core.windows.net/pem/APPNOTE.txt"""


class _Pipe(io.RawIOBase):
    """What a zip is written into; it cannot seek, so sizes follow what they are of."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer") -> int:
        self._written += data
        return len(memoryview(data))

    def taken(self) -> bytes:
        written = bytes(self._written)
        self._written.clear()
        return written


def write(conversations: Iterable[Exported]) -> Iterator[bytes]:
    """Return the zip of the JSON of all conversations, and of the files in them and in their projects."""
    pipe, files = _Pipe(), _Files()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, media_type, pieces in _members(conversations, files):
            member = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
            is_packed = media_type.startswith(_WORTH_PACKING)
            member.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
            member.external_attr = _FOR_ITS_USER
            with archive.open(member, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    yield pipe.taken()
            yield pipe.taken()
    yield pipe.taken()


@dataclass(slots=True)
class _Files:
    """What the conversations that were written have shown: each file once, by its id."""

    owned_files: OwnedFiles | None = None
    found: dict[str, AttachmentPart] = field(default_factory=dict)

    def noted(self, conversations: Iterable[Exported]) -> Iterator[Exported]:
        for one in conversations:
            self.owned_files = one.owned_files
            self.found |= {str(file.content_id): file for file in one.project_files}
            for message in one.messages:
                self.found |= {str(file.content_id): file for file in files_of(message)}
            yield one


def _members(conversations: Iterable[Exported], files: _Files) -> Iterator[tuple[str, str, Iterator[bytes]]]:
    """Return the name, the media type and the bytes of each member, the conversations first."""
    yield MEMBER, "application/json", json_document.write(files.noted(conversations))
    owned_files = files.owned_files
    if owned_files is None:
        return
    for id_ in owned_files.kept(files.found):
        file = files.found[id_]
        yield f"{FILES}/{id_[:ID_CHARS]}/{_safe(file.name)}", file.media_type, owned_files.pieces(id_)


def _safe(name: str) -> str:
    """Return a name that every system unpacks in its place."""
    plain = "".join(char if char.isalnum() or char in " ._-()" else "_" for char in name)
    return plain.strip(" .")[:_LONGEST_NAME] or "file"
