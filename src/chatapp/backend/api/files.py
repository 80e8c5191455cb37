"""A file as an HTTP response, sent while it is written."""

import asyncio
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chatapp.backend.api.responses import disconnected
from chatapp.backend.transfer.export_desk import ExportDesk
from chatapp.backend.transfer.exporters import ExportedFile
from chatapp.backend.turns.registry import shutting_down

LOOKED_AFTER_S = 0.25
"""How soon it is noticed that the backend stops."""


class WrittenFile(Response):
    """A file that `desk` writes. It breaks off, without the end that would make it look whole, when the backend stops.

    Its reader may be slow: then nothing is written. It takes a place of `whose`: of an owner, or of a link.
    """

    def __init__(
        self, file: ExportedFile, desk: ExportDesk, *, headers: dict[str, str], whose: str, is_shared: bool = False
    ) -> None:
        super().__init__(media_type=file.media_type, headers=headers)
        del self.headers["content-length"]
        self._file, self._desk = file, desk
        self._whose, self._is_shared = whose, is_shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response.

        Raises:
            OverloadedError: too many files are being sent.
            ShuttingDownError: the backend stops already.
        """
        if self._desk.is_closing():
            raise shutting_down()
        with self._desk.admitted(self._whose, is_shared=self._is_shared):
            await self._send_while_wanted(receive, send)

    async def _send_while_wanted(self, receive: Receive, send: Send) -> None:
        sending, leaving = asyncio.create_task(self._send(send)), asyncio.create_task(disconnected(receive))
        try:
            while not (sending.done() or leaving.done() or self._desk.is_closing()):
                await asyncio.wait([sending, leaving], timeout=LOOKED_AFTER_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait([sending, leaving])
        if not sending.cancelled():
            sending.result()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._desk.send(self._file, is_shared=self._is_shared)) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
