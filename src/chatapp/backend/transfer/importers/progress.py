"""How far an import is."""

from dataclasses import dataclass, field
from typing import IO, Any

from chatapp.backend.transfer.importers.receipt import Receipt


@dataclass(slots=True)
class Progress:
    """What has been read of a file, and what came of it so far. Others may look at it at any time."""

    bytes_read: int = 0
    receipt: Receipt = field(default_factory=Receipt)


class CountedFile:
    """A file that notes how much of it was read."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file, self._progress = file, progress

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes."""
        chunk = self._file.read(size)
        self._progress.bytes_read += len(chunk)
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
