"""One of several connections: it is asked, and known by how it has done lately and what it was last seen to have."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from chatapp.backend.models.attempts import Destination
from chatapp.backend.models.chat_model import ModelRequest, ModelSource, ModelStream
from chatapp.backend.models.cooldown import CoolDown, pause_before_retry
from chatapp.errors import ChatappError, UpstreamError, UpstreamRateLimitedError, UpstreamTimeoutError
from chatapp.protocol.schemas.status import WAIT
from chatapp.providers.connection import Upstream

FRESH_S = 5.0
"""How long what was seen is taken for what is."""

WAIT_S = 1.5
WAIT_AGAIN_S = 0.3
"""How long to wait for what a connection has, and for one that has failed or is known to be slow: it is looked at all
the same, and the next who asks learns what came of it."""


class ModelConnection(ModelSource, Protocol):
    """A model server that can be asked; its models go by their own names."""

    upstream: Upstream

    @property
    def first_content_s(self) -> float:
        """How long its first word may take."""
        ...

    async def begin_answer(self, request: ModelRequest) -> ModelStream:
        """Return the stream of one answer once the server has accepted the question.

        Raises:
            UpstreamError: it refused or cannot be reached.
        """
        ...

    def offered(self) -> list[str]:
        """Return the models that can be asked, as far as is known."""
        ...

    def has(self, model: str) -> bool:
        """Return whether it is known to have `model`."""
        ...

    def window_told(self, model: str) -> int | None:
        """Return the tokens that `model` can read, as far as somebody has said so."""
        ...

    async def retire(self) -> None:
        """Close all connections, those of answers that are being made when they have come to their end."""
        ...


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of a connection: `error` if it did not answer, `note` what is worth telling although it did."""

    error: ChatappError | None = None
    note: str | None = None
    latency_ms: int = 0
    at: float = 0.0


class Member:
    """A connection among others. `prefix` stands before the names of its models; that of the first is empty."""

    def __init__(self, connection: ModelConnection) -> None:
        self.connection = connection
        self.prefix = ""
        self.cool_down = CoolDown()
        self._seen: Sighting | None = None
        self._looking: asyncio.Task[Sighting] | None = None
        self._looking_since = 0.0

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.upstream.name

    @property
    def upstream(self) -> Upstream:
        """What is connected."""
        return self.connection.upstream

    async def open_stream(self, request: ModelRequest, model: str, *, has_others: bool = False) -> ModelStream:
        """Return the stream of an answer by its `model`; one retry where it has not begun, unless `has_others` is so.

        Raises:
            UpstreamError: it refused or cannot be reached.
            BudgetExceededError: it may not be asked.
        """
        if request.model != model:
            request = replace(request, model=model)
        if request.admit is not None:
            request = await request.admit(request, Destination(self.name, model))
        request.attempts.name = f"{self.prefix}{model}"
        try:
            stream = await self._begun(request, has_others=has_others)
        except UpstreamError as error:
            self.name_its_settings(error)
            self.cool_down.note(error)
            raise
        stream.prefix = self.prefix
        return stream

    async def _begun(self, request: ModelRequest, *, has_others: bool) -> ModelStream:
        try:
            return await self.connection.begin_answer(request)
        except UpstreamError as error:
            pause_s = pause_before_retry(error)
            if pause_s is None or (has_others and not isinstance(error, UpstreamRateLimitedError)):
                raise
            request.attempts.fail(error)
        await asyncio.sleep(pause_s)
        return await self.connection.begin_answer(request)

    @contextmanager
    def its_settings(self) -> Iterator[None]:
        """Let hints name the settings that describe this connection."""
        try:
            yield
        except UpstreamError as error:
            self.name_its_settings(error)
            raise

    def name_its_settings(self, error: UpstreamError) -> None:
        """Let the hint of `error` name the settings that describe this connection."""
        error.hint = error.hint and self.upstream.in_its_settings(error.hint)

    async def look(self) -> Sighting:
        """Return what is seen of the connection, or what was seen last where it takes long to answer."""
        if self._seen is not None and time.monotonic() - self._seen.at < FRESH_S:
            return self._seen
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name=f"looks at {self.name}")
            self._looking_since = time.monotonic()
        has_failed = self._seen is not None and self._seen.error is not None
        is_slow = time.monotonic() - self._looking_since > WAIT_S
        await asyncio.wait([self._looking], timeout=WAIT_AGAIN_S if has_failed or is_slow else WAIT_S)
        if self._looking.done() and not self._looking.cancelled():  # as where the file has just left it out
            return self._looking.result()
        return self._seen or Sighting(UpstreamTimeoutError("the model server has not answered yet.", hint=WAIT))

    async def look_now(self) -> str | None:
        """Ask the connection for a sign of life, however long that takes, and return what is worth telling.

        Raises:
            UpstreamError: it gave none.
        """
        seen = await self._look()
        if seen.error is not None:
            raise seen.error.fresh()
        return seen.note

    def saw(self) -> None:
        """Note that it has just answered."""
        self._seen = Sighting(at=time.monotonic())

    def look_no_more(self) -> None:
        """End what is being looked at."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> Sighting:
        began = time.perf_counter()
        error: ChatappError | None = None
        note = None
        try:
            with self.its_settings():
                note = await self.connection.probe()
        except ChatappError as failure:
            error = failure.fresh()
        if isinstance(error, UpstreamError):
            self.cool_down.note(error)
        took_ms = round((time.perf_counter() - began) * 1000)
        self._seen = Sighting(error, note, took_ms, time.monotonic())
        return self._seen
