"""The way of a question to one of the connections: by the model it names, and once more where nothing has begun."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from chatapp.backend.models.chat_model import ChatModel, EmbeddedText, ModelRequest, ModelStream
from chatapp.errors import UpstreamError, UpstreamRateLimitedError, UpstreamUnavailableError
from chatapp.providers.connection import Timeouts, Upstream

RETRY_PAUSE_S = 0.25
RETRY_AFTER_AT_MOST_S = 2


class ModelConnection(ChatModel, Protocol):
    """A model server that can be asked; its models go by their own names."""

    upstream: Upstream


class Router:
    """All connections as one `ChatModel`.

    The first is the one that is asked by default. The models of a further one go by its name, a slash and theirs.
    """

    def __init__(self, connections: Sequence[ModelConnection]) -> None:
        self._connections = connections

    @property
    def name(self) -> str:
        """The model that is asked by default."""
        return self._connections[0].name

    def connection_for(self, model: str) -> str:
        """Return the name of the connection that `model` is asked over."""
        connection, _ = self._route(model)
        return connection.upstream.name

    def timeouts_for(self, model: str) -> Timeouts:
        """Return those of the connection that `model` is asked over."""
        connection, _ = self._route(model)
        return connection.upstream.timeouts

    async def prepare(self) -> None:
        """Prepare every connection."""
        await asyncio.gather(*(connection.prepare() for connection in self._connections))

    async def default_model(self) -> str:
        """Return the model that the default connection is asked for where nobody names one."""
        return await self._connections[0].default_model()

    async def open(self, request: ModelRequest) -> ModelStream:
        """Return the stream of one answer; one retry where the model server has not begun to answer."""
        connection, model = self._route(request.model or self.name)
        request = request if model == request.model else replace(request, model=model)
        with _its_settings(connection):
            try:
                return await connection.open(request)
            except UpstreamError as error:
                if (pause_s := _pause_before_retry(error)) is None:
                    raise
                request.attempts.fail(error)
                await asyncio.sleep(pause_s)
            return await connection.open(request)

    async def embed(self, body: dict[str, Any]) -> EmbeddedText:
        """Return the embeddings that `body` asks for."""
        connection, model = self._route(body["model"])
        with _its_settings(connection):
            return await connection.embed({**body, "model": model})

    async def window(self, model: str) -> int | None:
        """Return the tokens that `model` can read."""
        connection, name = self._route(model)
        return await connection.window(name)

    async def models(self) -> list[str]:
        """Return the names of the models of all connections, in their order."""
        first, *others = await asyncio.gather(*map(_listed, self._connections))
        named = zip(self._connections[1:], others, strict=True)
        return [*first, *(f"{connection.upstream.name}/{name}" for connection, names in named for name in names)]

    async def probe(self) -> str | None:
        """Ask the default connection for a sign of life."""
        with _its_settings(self._connections[0]):
            return await self._connections[0].probe()

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(connection.close() for connection in self._connections))

    def _route(self, model: str) -> tuple[ModelConnection, str]:
        """Return the connection that has `model`, and its own name for it."""
        for connection in self._connections[1:]:
            beginning = f"{connection.upstream.name}/"
            if model.startswith(beginning):
                return connection, model.removeprefix(beginning)
        return self._connections[0], model


async def _listed(connection: ModelConnection) -> list[str]:
    with _its_settings(connection):
        return await connection.models()


@contextmanager
def _its_settings(connection: ModelConnection) -> Iterator[None]:
    """Let hints name the settings that describe `connection`."""
    try:
        yield
    except UpstreamError as error:
        error.hint = error.hint and connection.upstream.in_its_settings(error.hint)
        raise


def _pause_before_retry(error: UpstreamError) -> float | None:
    """Return the seconds to wait before the one retry, or None where another try would fail the same way."""
    if isinstance(error, UpstreamUnavailableError):
        return RETRY_PAUSE_S
    if isinstance(error, UpstreamRateLimitedError) and (error.retry_after or 0) <= RETRY_AFTER_AT_MOST_S:
        return float(error.retry_after or RETRY_PAUSE_S)
    return None
