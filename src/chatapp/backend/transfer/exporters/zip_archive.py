"""Everything in one zip, made while it is read: nothing of it is ever held but the piece that comes next."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatapp.backend.transfer.exporters import json_document
from chatapp.backend.transfer.exporters.told import Told

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MEMBER = "conversations.json"
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


def write(told: Iterable[Told]) -> Iterator[bytes]:
    """Return the zip of the JSON of all conversations."""
    pipe = _Pipe()
    member = zipfile.ZipInfo(MEMBER, datetime.now(UTC).timetuple()[:6])
    member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, _FOR_ITS_USER
    with zipfile.ZipFile(pipe, "w") as archive:
        with archive.open(member, "w", force_zip64=True) as file:
            for piece in json_document.write(told):
                file.write(piece)
                yield pipe.taken()
        yield pipe.taken()
    yield pipe.taken()
