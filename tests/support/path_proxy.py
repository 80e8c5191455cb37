"""A proxy that serves others below a path of its own, which it takes off, as nginx does with `proxy_pass http://…/;`."""

import asyncio
import threading
from typing import Self

_CLOSE = b"Connection: close\r\n"


class PathProxy:
    """Passes `http://127.0.0.1:port{path}/…` on to `http://127.0.0.1:target/…`, websockets too."""

    def __init__(self, path: str, target: int) -> None:
        self.port = 0
        self.astray: list[str] = []
        self._path = path.encode()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="path proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._has_begun.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._has_begun.set()
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        server.close()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line, _, headers = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            method, place, version = line.split(b" ")
            if not place.startswith(self._path + b"/"):
                self.astray.append(place.decode())
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + _CLOSE + b"\r\n")
                return
            theirs, ours = await asyncio.open_connection("127.0.0.1", self._target)
            if b"\r\nupgrade:" not in b"\r\n" + headers.lower():
                kept = [one for one in headers.split(b"\r\n") if not one.lower().startswith(b"connection:")]
                headers = _CLOSE + b"\r\n".join(kept)
            ours.write(b" ".join([method, place.removeprefix(self._path), version]) + b"\r\n" + headers)
            await asyncio.gather(_pass_on(reader, ours), _pass_on(theirs, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # somebody hung up
        finally:
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
