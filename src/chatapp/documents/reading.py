"""Reads a file in a process of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from chatapp.documents.document import Document
from chatapp.errors import ProcessDiedError
from chatapp.processes.limited import Limits, output_of


def read(
    path: Path, name: str, limits: Limits | None = None, *, stopping: Event | None = None, drawn: Sequence[int] = ()
) -> Document:
    """Return the file at `path`, which its owner calls `name`.

    Of its pages without words it has pictures: of the first, or of those among `drawn`.

    Blocks until it is read, `limits.seconds` at most and no longer than until `stopping` is set. A file that cannot be
    read, damaged or beyond the limits, is one of unknown kind with a note that says why.
    """
    limits = limits or Limits()
    numbers = (limits.seconds, limits.memory_bytes, limits.output_bytes, *drawn)
    command = [sys.executable, "-m", "chatapp.documents.child", str(path), name, *map(str, numbers)]
    try:
        told = output_of(command, limits, stopping=stopping)
    except ProcessDiedError as error:
        return Document("unknown", "application/octet-stream", notes=(error.detail,))
    return Document.from_bytes(told)
