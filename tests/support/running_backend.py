"""The real backend on a real port, in a thread of the test."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import uvicorn
from fastapi import FastAPI

from chatapp.backend.app import create_app
from chatapp.cli.http_protocol import HttpProtocol
from chatapp.client import BackendClient
from chatapp.config.settings import Settings
from chatapp.processes.ports import bound_socket
from support.empty_stores import put_empty_store
from support.stub_model import KEY, StubModel


def backend_before(stub: StubModel, data_dir: Path, **settings: Any) -> "RunningBackend":
    """Return the backend that asks `stub`, to be entered; `settings` as `Settings.load` takes them."""
    defaults = {"base_url": stub.url, "openai_api_key": KEY, "model_name": "stub-model", "data_dir": data_dir}
    if "database_url" not in settings:
        put_empty_store(data_dir)
    return RunningBackend(create_app(Settings.load(**{**defaults, **settings})))


class RunningBackend:
    """`app` behind uvicorn at `url`. Leave the block to stop it the way SIGTERM does."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._socket = bound_socket("127.0.0.1", 0, setting="PORT")
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app, http=HttpProtocol, log_config=None, timeout_graceful_shutdown=5, proxy_headers=False
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="backend", daemon=True)

    @cached_property
    def client(self) -> BackendClient:
        """A client of this backend, closed with it."""
        return BackendClient(self.url, timeout_s=10)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that the backend runs on."""
        return self._server.loop

    def run(self, awaited: Coroutine[Any, Any, Any]) -> Any:
        """Return what `awaited` gives on the backend's event loop."""
        return asyncio.run_coroutine_threadsafe(awaited, self.loop).result(60)

    def begin_stop(self) -> None:
        """Do what SIGTERM does to `chatapp serve`, and return at once."""
        self.loop.call_soon_threadsafe(self.app.state.turns.begin_shutdown)
        self._server.should_exit = True

    def stop(self) -> None:
        """Do what SIGTERM does, and wait for the end. Safe to call twice."""
        if self._thread.is_alive():
            self.begin_stop()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the backend does not stop"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._server.has_begun.wait(60), "the backend does not start"
        self.run(self.app.state.model.prepare())  # importing the SDK takes longer than the deadlines of tests
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


class _Server(uvicorn.Server):
    """Uvicorn that notices the wish to stop in a hundredth of a second instead of a tenth."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_begun = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.has_begun.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - a flag, set from another thread
            await asyncio.sleep(0.01)
