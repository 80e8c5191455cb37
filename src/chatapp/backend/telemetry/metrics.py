"""Metrics: counted from the first request on, kept by a library that is loaded behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from chatapp.backend.store import ModelCall
from chatapp.config import environment
from chatapp.errors import ChatappError

if TYPE_CHECKING:
    from chatapp.backend.telemetry.meters import Meters

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names where workers count together; `prometheus_client` reads it when it is imported."""

LOOK_EVERY_S = 2.0


class Metrics:
    """A `TurnObserver` that counts calls, and requests beside.

    `active_turns` tells how many answers are being made, and `ask_store` returns if the store gives a sign of life.
    A process by itself counts when it is asked, and now and then before: one after the other, calls take a third of
    what they take each by itself. Of several, another may be asked, so that each counts at once.
    """

    def __init__(self, *, active_turns: Callable[[], int], ask_store: Callable[[], Awaitable[None]]) -> None:
        self._active_turns = active_turns
        self._ask_store = ask_store
        self._meters: Meters | None = None
        self._shared_folder = environment.value(SHARED_FOLDER)
        self._calls: list[ModelCall] = []
        self._requests: list[tuple[str, str, int]] = []

    def model_asked(self, call: object) -> None:
        """Count nothing: what a call takes is known at its end."""

    def model_called(self, call: ModelCall) -> None:
        """Count a call."""
        self._calls.append(call)
        if self._shared_folder is not None:
            self._count()

    def request_served(self, method: str, route: str, status: int) -> None:
        """Count a request."""
        self._requests.append((method, route, status))
        if self._shared_folder is not None:
            self._count()

    async def watch(self) -> None:
        """Again and again, note how many answers this process makes: another worker may be asked. Never returns.

        A process by itself begins a while later: to load the library at once would hold up the first answer.
        """
        if self._shared_folder is None:
            await asyncio.sleep(LOOK_EVERY_S)
        while True:
            (await self._loaded()).set_active_turns(self._active_turns())
            self._count()
            await asyncio.sleep(LOOK_EVERY_S)

    async def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        meters = await self._loaded()
        meters.set_active_turns(self._active_turns())
        self._count()
        is_up = False
        with suppress(ChatappError):
            await self._ask_store()
            is_up = True
        meters.set_store_up(is_up=is_up)
        return await asyncio.to_thread(meters.exposition)

    async def _loaded(self) -> "Meters":
        if self._meters is None:
            made = await asyncio.to_thread(_made, self._shared_folder)
            self._meters = self._meters or made  # somebody else may have waited too
        return self._meters

    def _count(self) -> None:
        """Count what has come up to now, as soon as there is something to count with."""
        if self._meters is None:
            return
        self._meters.count_calls(self._calls)
        self._meters.count_requests(self._requests)
        self._calls.clear()
        self._requests.clear()


def _made(shared_folder: str | None) -> "Meters":
    from chatapp.backend.telemetry.meters import Meters  # noqa: PLC0415 - 0.1 s that the start need not wait for

    return Meters(shared_folder)
