"""Files that are sent to us: written down while they arrive, never held in memory."""

import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from fastapi import Request

from chatapp.backend.http.bodies import arriving
from chatapp.backend.http.multipart import file_in_form
from chatapp.errors import BodyTooLargeError, StoreUnavailableError

MAX_UPLOAD_BYTES = 1024**3
"""Exports with pictures in them are large; the pictures are left out later. Of a form, all of it counts."""

ABANDONED_S = 24 * 60 * 60
"""No upload takes that long: a file as old was left by a process that was killed."""

_PREFIX, _SUFFIX = "import-", ".part"


@asynccontextmanager
async def received_file(request: Request) -> AsyncIterator[Path]:
    """Return the request's body, or the one file of the form that it is, for as long as the block lasts.

    Raises:
        InvalidRequestError: it is a form without a file, or with several.
        BodyTooLargeError: it is larger than `MAX_UPLOAD_BYTES`.
        HTTPException: with status 408, it comes in too slowly.
        StoreUnavailableError: there is no room for it.
    """
    file, path = _new_file(request.app.state.settings.data_dir)
    try:
        await _write(_content(request), file)
        yield path
    finally:
        path.unlink(missing_ok=True)


def remove_abandoned_files(folder: Path) -> None:
    """Remove from `folder`, which may be missing, what killed processes have left of uploads."""
    for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - ABANDONED_S:
                path.unlink()


def _content(request: Request) -> AsyncIterator[bytes]:
    content_type = request.headers.get("content-type", "")
    is_form = content_type.lower().startswith("multipart/form-data")
    return file_in_form(content_type, _bounded(request)) if is_form else _bounded(request)


async def _bounded(request: Request) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in arriving(request):
        size += len(chunk)
        if size > MAX_UPLOAD_BYTES:
            raise BodyTooLargeError(f"The upload is larger than {MAX_UPLOAD_BYTES // 1024**2} MiB.")
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
    """Write it down and close the file: Windows lets nobody read it before."""
    try:
        with file:
            async for chunk in content:
                file.write(chunk)
    except OSError as error:
        raise _no_room() from error


def _no_room() -> StoreUnavailableError:
    return StoreUnavailableError("The file cannot be written down to be read: the disk is full or read-only.")
