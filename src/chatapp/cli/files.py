"""Files that commands read as text, and those that they write: for their user alone, and named only when whole."""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from chatapp.cli.attachments import STDIN, is_there
from chatapp.client.bounded import Bounded
from chatapp.errors import SettingsError, StoreUnavailableError


def text_in(name: str) -> str:
    """Return the text in a file, or that is piped in where its name is `-`.

    Raises:
        SettingsError: it cannot be read, is no text, or has no end.
    """
    try:
        if name == STDIN:
            return b"".join(Bounded(sys.stdin.buffer)).decode("utf-8-sig")
        with Path(name).open("rb") as file:
            return b"".join(Bounded(file)).decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{name} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{name} holds no text.") from error


def new_file(name: str) -> Path:
    """Return the path of a file that is to be made.

    Raises:
        SettingsError: it is there already, or cannot be made there.
    """
    path = Path(name)
    if is_there(name):
        raise SettingsError(f"{path} exists already.", hint="Choose another name.")
    if not path.parent.is_dir():
        raise SettingsError(f"There is no folder {path.parent}.")
    return path


def write_whole(path: Path, chunks: Iterable[bytes]) -> int:
    """Write a file and return its size in bytes; when `chunks` fail, there is none.

    Raises:
        StoreUnavailableError: it cannot be written.
    """
    part: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=".chatapp-", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            size = file.tell()
        part.replace(path)
    except OSError as error:
        raise StoreUnavailableError(f"{path} cannot be written ({error.strerror}).") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return size
