"""Where the API of a server is: at the address that was named, or at the other of the two with `/v1` and without."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.openai.dialect import Dialect
from chatapp.backend.models.openai.listed import ListedModels
from chatapp.backend.models.openai.server import ModelServer, NothingThereError
from chatapp.backend.models.transport.base import Response
from chatapp.config.settings import Settings
from chatapp.errors import UpstreamError
from chatapp.hosts import other_api_url
from chatapp.providers.connection import Upstream

log = logging.getLogger(__name__)


class Endpoint:
    """The server of one connection, connected when it is first needed."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._settings = settings
        self._connected: ModelServer | None = None
        self._is_located = False
        self._connecting = asyncio.Lock()
        self._trying = asyncio.Lock()

    async def server(self) -> ModelServer:
        """Return the way to the server.

        Raises:
            UpstreamUnavailableError: its connection cannot be set up.
        """
        if self._connected is not None:
            return self._connected
        async with self._connecting:
            if self._connected is None:
                self._connected = await ModelServer.connect(self._upstream, self._settings)
            return self._connected

    async def asked_elsewhere(
        self, server: ModelServer, error: UpstreamError, body: dict[str, Any], dialect: Dialect, attempts: Attempts
    ) -> Response:
        """Return the response to a question that `server` has nothing for, from where the API is.

        Raises:
            UpstreamError: `error` where there is none either, or what the other address said.
        """
        async with self._trying:
            if self._connected is server:
                return await self._ask_other(body, dialect, attempts, error)
        moved = await self.server()  # by another question, while this one was on its way or waited
        try:
            return await moved.ask(body, dialect, attempts)
        except NothingThereError:
            raise error from None

    async def models(self, *, asked_for: str) -> ListedModels:
        """Return the models that the server lists, wherever its API is.

        Raises:
            UpstreamError: it refused or cannot be reached.
        """
        server = await self.server()
        listed = await server.models(asked_for=asked_for)
        if listed.note and not self._is_located:
            async with self._trying:
                listed = (await self._listed_elsewhere(asked_for) or listed) if self._connected is server else listed
        return listed

    def note(self) -> str | None:
        """Return what to change in the address that was named, or None if it is right as far as is known."""
        if self._connected is None or self._connected.base_url == self._upstream.base_url:
            return None
        change = "Put /v1 behind" if self._connected.base_url.endswith("/v1") else "Leave /v1 out of"
        return f"{change} the address in {self._upstream.address_setting}: that is where the server's API is."

    async def retire(self) -> None:
        """Close what nobody uses now, and the rest when the answers that are being made have come to their end."""
        if self._connected is not None:
            await self._connected.retire()

    async def close(self) -> None:
        """Close all connections."""
        if self._connected is not None:
            await self._connected.close()

    async def _ask_other(
        self, body: dict[str, Any], dialect: Dialect, attempts: Attempts, error: UpstreamError
    ) -> Response:
        """Return the response from the other address; where that has none either, nobody looks there again.

        Raises:
            UpstreamError: `error`.
        """
        if self._is_located:
            raise error
        other = await self._other_server()
        try:
            response = await other.ask(body, dialect, attempts)
        except (NothingThereError, UpstreamError) as answer:
            self._is_located = isinstance(answer, NothingThereError)
            await other.close()
            raise error from None
        except BaseException:
            await other.close()
            raise
        await self._move_to(other)
        return response

    async def _listed_elsewhere(self, asked_for: str) -> ListedModels | None:
        other = await self._other_server()
        with suppress(UpstreamError):
            listed = await other.models(asked_for=asked_for)
            if listed.names:
                await self._move_to(other)
                return listed
        await other.close()
        return None

    async def _other_server(self) -> ModelServer:
        other = replace(self._upstream, base_url=other_api_url(self._upstream.base_url))
        return await ModelServer.connect(other, self._settings)

    async def _move_to(self, other: ModelServer) -> None:
        log.warning("the model server's API is at %s: set %s to that", other.base_url, self._upstream.address_setting)
        before, self._connected, self._is_located = self._connected, other, True
        if before is not None:
            await before.retire()
