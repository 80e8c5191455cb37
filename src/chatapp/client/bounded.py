"""Files as they are sent: as large as they tell, or no larger than is taken where they have no end, as devices."""

import os
from collections.abc import Iterator
from io import UnsupportedOperation
from typing import Any

from chatapp.errors import SettingsError

MOST_BYTES = 64 * 1024 * 1024
"""More than a backend takes for a file, unless its MAX_ATTACHMENT_BYTES is raised."""

_PIECE_BYTES = 1024 * 1024


class Bounded:
    """What is in `file`, piece by piece; beyond `most` bytes it is a `SettingsError`."""

    def __init__(self, file: Any, most: int = MOST_BYTES) -> None:
        name = getattr(file, "name", None)
        self.name = "What is piped in" if isinstance(name, int | None) or name == "<stdin>" else name
        self._file = file
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        left = self._most
        while piece := self._file.read(_PIECE_BYTES):
            left -= len(piece)
            if left < 0:
                what = f"{self.name} is larger than {self._most // 1024**2} MiB, or has no end."
                raise SettingsError(what, hint="Save what you need of it as a file.")
            yield piece


class Sized:
    """A file as large as it said to be: one that grows while it is sent goes along as it was.

    One that has less, as those of Linux's `/sys`, is a `SettingsError`: the backend would wait for what is missing.
    """

    def __init__(self, file: Any, size: int) -> None:
        self.name = getattr(file, "name", "The file")
        self._file = file
        self._size = self._left = size

    def __len__(self) -> int:
        return self._size

    def read(self, most: int) -> bytes:
        """Return the next piece, nothing at the end."""
        piece: bytes = self._file.read(min(most, self._left))
        self._left -= len(piece)
        if self._left and not piece:
            raise SettingsError(f"{self.name} ends before the size that it has.", hint="Send a copy of it.")
        return piece


def bounded(file: Any, most: int = MOST_BYTES) -> Any:
    """Return `file` as it is sent: as large as it tells, or not beyond `most` bytes where it does not tell that."""
    try:
        size = os.fstat(file.fileno()).st_size
    except (AttributeError, UnsupportedOperation):  # no file of the system, as `BytesIO`
        return file
    return Sized(file, size - file.tell()) if size > 0 else Bounded(file, most)
