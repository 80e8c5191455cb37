"""Files that tell no size, as pipes and devices: some have no end, and sending them would have none either."""

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


def bounded(file: Any, most: int = MOST_BYTES) -> Any:
    """Return `file` as it is sent: as it is, or not beyond `most` bytes where it does not tell how many it has."""
    try:
        tells_size = os.fstat(file.fileno()).st_size > 0
    except (AttributeError, UnsupportedOperation):  # no file of the system, as `BytesIO`
        return file
    return file if tells_size else Bounded(file, most)
