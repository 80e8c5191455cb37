"""A model behind an OpenAI-compatible server."""

import asyncio
from contextlib import suppress

from chatapp.backend.models.chat_model import ModelRequest
from chatapp.backend.models.openai.answer import Answer
from chatapp.backend.models.openai.dialect import Dialects
from chatapp.backend.models.openai.errors import model_not_found
from chatapp.backend.models.openai.server import ModelServer
from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.backend.models.openai.wire import messages_as_json
from chatapp.config.settings import Settings
from chatapp.errors import UpstreamError
from chatapp.providers.connection import Upstream
from chatapp.providers.context_windows import known_window, windows_in
from chatapp.providers.listing import can_chat, names_in


class OpenAIModel:
    """The model that an `Upstream` names."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self.name = upstream.model
        self.upstream = upstream
        self._settings = settings
        self._connected: ModelServer | None = None
        self._dialects = Dialects()
        self._lock = asyncio.Lock()
        self._windows: dict[str, int] | None = None

    def connection_for(self, model: str) -> str:
        """Return the name of the one connection there is."""
        return "default"

    async def prepare(self) -> None:
        """Import the package and make its client. A failure is reported to the first who asks."""
        with suppress(UpstreamError):
            await self._server()

    async def open(self, request: ModelRequest) -> Answer:
        """Return the stream of one answer."""
        server = await self._server()
        model = request.model or self.name
        if self.upstream.has_one_model and model != self.name:  # llama.cpp answers to any name
            raise model_not_found(model, hint=f"The embedded one is {self.name}. BASE_URL connects others.")
        body = {
            "model": model,
            "messages": messages_as_json(request.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            **request.parameters,
        }
        dialect = self._dialects.of(model)
        response = await server.ask(body, dialect)
        stop = request.parameters.get("stop") or ()
        stops = [stop] if isinstance(stop, str) else stop
        stream = await OpenAIStream.open(response, max_event_bytes=self._settings.max_event_bytes, stop=stops)
        return Answer(stream, connection=self.upstream.name, asked_for=model, notices=dialect.notices(body))

    async def window(self, model: str) -> int | None:
        """Return CONTEXT_TOKENS, or what is known of the model, or what its server tells; the server is asked once."""
        tokens = self._settings.context_tokens or known_window(model)
        if tokens is None and self._windows is None:
            self._windows = {}
            with suppress(UpstreamError):
                await self.probe()
        return tokens or (self._windows or {}).get(model)

    async def models(self) -> list[str]:
        """Return the one that is asked by default, and behind it those that the server lists and that can chat."""
        if self.upstream.has_one_model:
            return [self.name]
        return list(dict.fromkeys([self.name, *filter(can_chat, names_in(await self._listing()))]))

    async def probe(self) -> None:
        """List the models, which every OpenAI-compatible server does without charge."""
        await self._listing()

    async def close(self) -> None:
        """Close all connections."""
        if self._connected is not None:
            await self._connected.close()

    async def _listing(self) -> object:
        server = await self._server()
        listing = await server.models(asked_for=self.name)
        self._windows = windows_in(listing)
        return listing

    async def _server(self) -> ModelServer:
        async with self._lock:
            if self._connected is None:
                self._connected = await ModelServer.connect(self.upstream, self._settings)
            return self._connected
