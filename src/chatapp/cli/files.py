"""Files that commands write: new ones, for their user alone, under their name only when they are whole."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from chatapp.errors import SettingsError, StoreUnavailableError


def new_file(name: str) -> Path:
    """Return the path of a file that is to be made.

    Raises:
        SettingsError: it is there already, or cannot be made there.
    """
    path = Path(name)
    if path.exists():
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
