"""Where fetched weights are kept: whole or not at all, and one process at a time fetches them."""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from chatapp.local_model.failures import failure

_POLL_S = 0.2
_MB = 1_000_000
_SCRATCH = "fetching-"


class Fetched(NamedTuple):
    """A file that has just been fetched, and the SHA-256 it must have."""

    path: Path
    sha256: str


class _Note(NamedTuple):
    """What is written down beside a file that was found whole; as long as it fits, the file is not hashed again."""

    sha256: str
    size_bytes: int
    mtime_ns: int


def cached(path: Path, fetch: Callable[[Path], Fetched], *, sha256: str | None = None) -> Path:
    """Return `path`; if there is no file, or a broken one, `fetch` puts it into the scratch folder it is given first.

    `sha256` is what the file must have where that is known before; else it is what it had when it was fetched.

    Raises:
        LocalModelError: the folder cannot be written to, or what was fetched is not what it should be.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_whole(path, sha256):
            with _alone_in(path.parent):
                if not _is_whole(path, sha256):  # nobody has fetched it while we waited
                    _fetch(path, fetch)
    except OSError as error:
        raise failure(
            f"The embedded model cannot be kept in {path.parent}: {error.strerror or error}.",
            hint="Make room there and let this user write to it.",
        ) from error
    return path


def distrust(path: Path) -> None:
    """Let the next start hash the whole file again."""
    _note_path(path).unlink(missing_ok=True)


def require_space(scratch: Path, needed_bytes: int) -> None:
    """Do nothing if the disk with the scratch folder can take so many bytes.

    Raises:
        LocalModelError: it cannot.
    """
    free_bytes = shutil.disk_usage(scratch).free
    if free_bytes < needed_bytes:
        raise failure(
            f"The embedded model needs {needed_bytes // _MB} MB in {scratch.parent} to be fetched; "
            f"{free_bytes // _MB} MB are free.",
            hint="Free some space.",
        )


def _fetch(path: Path, fetch: Callable[[Path], Fetched]) -> None:
    for left_behind in path.parent.glob(f"{_SCRATCH}*"):  # by one that was killed: we are alone here
        shutil.rmtree(left_behind)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=path.parent) as scratch:
        fetched = fetch(Path(scratch))
        if _sha256_of(fetched.path) != fetched.sha256:
            raise failure(
                f"What was fetched as {path.name} is not the file it should be.", hint="Start again to fetch it anew."
            )
        fetched.path.chmod(0o600)
        distrust(path)
        os.replace(fetched.path, path)
    _take_note(path, fetched.sha256)


def _is_whole(path: Path, sha256: str | None) -> bool:
    note = _note_of(path)
    expected = sha256 or (note and note.sha256)
    if expected is None or not path.is_file():
        return False
    stat = path.stat()
    if note == _Note(expected, stat.st_size, stat.st_mtime_ns):
        return True
    if _sha256_of(path) != expected:
        return False
    _take_note(path, expected)
    return True


def _note_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked")


def _note_of(path: Path) -> _Note | None:
    try:
        sha256, size_bytes, mtime_ns = _note_path(path).read_text(encoding="ascii").split()
        return _Note(sha256, int(size_bytes), int(mtime_ns))
    except (FileNotFoundError, ValueError):
        return None


def _take_note(path: Path, sha256: str) -> None:
    stat = path.stat()
    note = _note_path(path)
    note.touch(mode=0o600)
    note.write_text(f"{sha256} {stat.st_size} {stat.st_mtime_ns}\n", encoding="ascii")


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process fetches into `folder`. The system frees the lock with its holder, however it ends."""
    with open(folder / ".lock", "a", opener=lambda name, flags: os.open(name, flags, 0o600)) as lock:
        while not _is_taken(lock):
            time.sleep(_POLL_S)
        yield


if sys.platform == "win32":
    import msvcrt

    def _is_taken(lock: IO[str]) -> bool:
        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _is_taken(lock: IO[str]) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
