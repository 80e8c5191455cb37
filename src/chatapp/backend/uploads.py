"""Files that are sent to us: written down while they arrive, never held in memory."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from fastapi import Request

from chatapp.errors import BodyTooLargeError, StoreUnavailableError, UnsupportedMediaTypeError

MAX_UPLOAD_BYTES = 1024**3
"""Exports with pictures in them are large; the pictures are left out later."""


@asynccontextmanager
async def received_file(request: Request) -> AsyncIterator[Path]:
    """Give the request's body as a file, for as long as the block lasts.

    Raises:
        UnsupportedMediaTypeError: it is a form.
        BodyTooLargeError: it is larger than `MAX_UPLOAD_BYTES`.
        StoreUnavailableError: there is no room for it.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        raise UnsupportedMediaTypeError(
            "The file has to be the body itself, not a part of a form.", hint="Send it with: curl --data-binary @FILE"
        )
    try:
        file = tempfile.NamedTemporaryFile(prefix="chatapp-")  # noqa: SIM115 - closed below, before an error is told
    except OSError as error:
        raise _no_room() from error
    with file:
        await _write(request, file)
        yield Path(file.name)


async def _write(request: Request, file: IO[bytes]) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_UPLOAD_BYTES:
            raise BodyTooLargeError(f"The file is larger than {MAX_UPLOAD_BYTES // 1024**2} MiB.")
        try:
            file.write(chunk)
        except OSError as error:
            raise _no_room() from error
    try:
        file.flush()
    except OSError as error:
        raise _no_room() from error


def _no_room() -> StoreUnavailableError:
    return StoreUnavailableError("The file cannot be written down to be read: the disk is full or read-only.")
