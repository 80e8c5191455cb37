"""Files that are sent to us: written down while they arrive, never held in memory."""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from fastapi import Request

from chatapp.backend.http.bodies import Arriving
from chatapp.backend.http.context import context_of
from chatapp.backend.http.multipart import file_in_form
from chatapp.errors import BodyTooLargeError, OverloadedError, StoreUnavailableError

MAX_UPLOAD_BYTES = 1024**3
"""Exports with pictures in them are large; the pictures are left out later. Of a form, all of it counts."""

MOST_BYTES_OF_ONE, MOST_BYTES_OF_ALL = MAX_UPLOAD_BYTES, 4 * MAX_UPLOAD_BYTES
"""How much may be written down at a time of all that one owner sends, and of all that everybody does."""

RETRY_AFTER_S = 30

_PIECE_BYTES = 1024**2
"""How much is written at a time: each piece is a way to another thread and back."""

NEW_S = 60
"""Until then a file may be one that is about to be locked. Later one without a lock was left by a process that died."""

_CONTENT = {"type": "string", "format": "binary"}
FILE_IN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": _CONTENT},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": _CONTENT}, "required": ["file"]},
            },
        },
    }
}
"""What OpenAPI says of a request that `received_file` takes."""

_PREFIX, _SUFFIX = "import-", ".part"


class ReceivedFile(NamedTuple):
    """A file that was sent; `name` is what a form calls it."""

    path: Path
    name: str | None


@asynccontextmanager
async def received_file(
    request: Request, *, on_piece: Callable[[int], None] | None = None, most_bytes: int | None = None
) -> AsyncIterator[ReceivedFile]:
    """Return the request's body, or the one file of the form that it is, for as long as the block lasts.

    `on_piece` gets the number of bytes of each piece that arrives. `most_bytes` is `MAX_UPLOAD_BYTES` unless given.

    Raises:
        InvalidRequestError: it is a form without a file, or with several.
        BodyTooLargeError: it is larger than `most_bytes`.
        OverloadedError: with the other uploads that are going on it is larger than may be written down.
        HTTPException: with status 408, it comes in too slowly.
        StoreUnavailableError: there is no room for it.
    """
    owner, sizes = context_of(request.scope).principal.name, request.app.state.upload_sizes
    with sizes.counting(owner, most_bytes or MAX_UPLOAD_BYTES) as count:
        file, path = await asyncio.to_thread(_new_file, request.app.state.settings.data_dir)
        held = path.open("rb")
        try:
            _lock(held)
            names: list[str] = []
            told = [count, on_piece] if on_piece else [count]
            await _write(_content(request, told, names.append), file)
            yield ReceivedFile(path, names[0] if names else None)
        finally:
            held.close()
            await _off_the_loop(partial(path.unlink, missing_ok=True))


class UploadSizes:
    """How much is written down of the uploads that are going on: each owner's, and all. They fill one disk."""

    def __init__(self) -> None:
        self._by_owner: Counter[str] = Counter()

    @contextmanager
    def counting(self, owner: str, most_bytes: int) -> Iterator[Callable[[int], None]]:
        """Return what counts the bytes of one upload of `owner`, for as long as the block lasts.

        Raises:
            BodyTooLargeError: it is larger than one may be; from what counts.
            OverloadedError: all at once are too large.
        """
        counted = 0

        def count(size: int) -> None:
            nonlocal counted
            counted += size
            self._by_owner[owner] += size
            if counted > most_bytes:
                raise BodyTooLargeError(f"The upload is larger than {_mebibytes(most_bytes)}.")
            if self._by_owner[owner] > MOST_BYTES_OF_ONE:
                raise _too_much(f"Your uploads that are going on are larger than {_mebibytes(MOST_BYTES_OF_ONE)}.")
            if self._by_owner.total() > MOST_BYTES_OF_ALL:
                raise _too_much(f"All uploads that are going on are larger than {_mebibytes(MOST_BYTES_OF_ALL)}.")

        try:
            yield count
        finally:
            self._by_owner[owner] -= counted
            self._by_owner += Counter()  # without those of whom nothing is left


def _mebibytes(size: int) -> str:
    return f"{size // 1024**2} MiB" if size >= 1024**2 else f"{size} bytes"


def _too_much(what: str) -> OverloadedError:
    return OverloadedError(what, hint="Send one after the other.", retry_after=RETRY_AFTER_S)


def declared_size(request: Request) -> int | None:
    """Return how many bytes the sender says will come; it is never relied on."""
    declared = request.headers.get("content-length", "")
    return min(int(declared[:20]), 2**62) if declared.isdecimal() and declared.isascii() else None


def remove_abandoned_files(folder: Path) -> None:
    """Remove from `folder`, which may be missing, what killed processes have left of uploads."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - NEW_S:
                with path.open("rb") as file:
                    _lock(file)
                path.unlink()


if sys.platform == "win32":

    def _lock(file: IO[bytes]) -> None:
        """Nobody can remove a file that is open."""

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        """Lock the file until it is closed or this process ends.

        Raises:
            OSError: another process has locked it.
        """
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _content(
    request: Request, on_piece: Iterable[Callable[[int], None]], on_name: Callable[[str], None]
) -> AsyncIterator[bytes]:
    content_type = request.headers.get("content-type", "")
    is_form = content_type.lower().startswith("multipart/form-data")
    body = _counted(request, on_piece)
    return file_in_form(content_type, body, on_name) if is_form else body


async def _counted(request: Request, on_piece: Iterable[Callable[[int], None]]) -> AsyncIterator[bytes]:
    arriving = Arriving(request)
    while chunk := await arriving.read():
        for count in on_piece:
            count(len(chunk))
        yield chunk


def _new_file(folder: Path) -> tuple[IO[bytes], Path]:
    """Return a new file that only its user can read, in our folder: the system's may be no disk but memory."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
    except OSError as error:
        raise _no_room() from error
    return os.fdopen(descriptor, "wb"), Path(name)


async def _write(content: AsyncIterator[bytes], file: IO[bytes]) -> None:
    """Write it down and close the file: Windows lets nobody read it before. A disk may be slow, nobody waits for it."""
    try:
        try:
            async for piece in _in_pieces(content):
                await _off_the_loop(partial(file.write, piece))
        finally:
            await _off_the_loop(file.close)
    except OSError as error:
        raise _no_room() from error


async def _in_pieces(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for chunk in content:
        gathered += chunk
        if len(gathered) >= _PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def _off_the_loop(work: Callable[[], object]) -> None:
    """Have a thread do `work`, to its end even where nobody waits any more: what comes next must not begin before."""
    doing = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise


def _no_room() -> StoreUnavailableError:
    return StoreUnavailableError("The file cannot be written down to be read: the disk is full or read-only.")
