"""Folders for as long as a process lives, and what becomes of those whose process was killed."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_LOCK = ".lock"


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Return a new folder in the system's for temporary files, that is gone when the block ends.

    A process that is killed leaves its own behind. The next that wants one of the same `prefix` removes it.
    """
    _remove_abandoned(Path(tempfile.gettempdir()), prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name, _held(Path(name)):
        yield Path(name)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`; the system frees it with this process, however it ends, and wherever it runs."""
    with (folder / f"{_LOCK}.new").open("w") as lock:
        _take(lock)
        if sys.platform != "win32":
            (folder / f"{_LOCK}.new").rename(folder / _LOCK)  # so that nobody finds one that is not held yet
        yield


def _remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove the folders that only their lock is left of; others' folders of that name have none that we could take."""
    if sys.platform == "win32":
        return  # an open file cannot be renamed there: no folder has a lock by that name
    for folder in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            with open(folder / _LOCK, opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW)) as lock:
                _take(lock)
                shutil.rmtree(folder)


if sys.platform == "win32":

    def _take(lock: IO[str]) -> None:
        """Nobody looks for it."""

else:
    import fcntl

    def _take(lock: IO[str]) -> None:
        """Take the lock, or raise OSError where another process has it."""
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
