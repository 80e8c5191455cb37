"""Files of the user's own that are written in one step, so that nobody reads half of one."""

import errno
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

_FAULTS = {
    errno.EACCES: "this user may not.",
    errno.EPERM: "this user may not.",
    errno.EROFS: "the disk can only be read.",
    errno.ENOSPC: "the disk is full.",
    errno.EDQUOT: "the disk is full.",
    errno.ENOTDIR: "its folder is a file.",
    errno.EEXIST: "its folder is a file.",
    errno.EISDIR: "it is a folder.",
    errno.ENAMETOOLONG: "its name is too long.",
}


def why_not(error: OSError) -> str:
    """Return why a file could not be changed, as a part of a sentence that the page has in its languages too."""
    return _FAULTS.get(error.errno or 0) or f"{error.strerror}."


def replace_file(path: Path, text: str) -> None:
    """Write a file, readable by its owner alone, in place of the one that is there.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = NamedTemporaryFile(  # noqa: SIM115 - closed below, where a failure takes the file away
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.stem}-", delete=False
    )
    try:
        with file:
            file.write(text)  # made with mode 0600
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
    except OSError:  # a full disk must leave no keys behind
        Path(file.name).unlink(missing_ok=True)
        raise
