"""The models behind one connection to an OpenAI-compatible server."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chatapp.backend.models.chat_model import Attempts, ModelRequest
from chatapp.backend.models.openai.answer import Answer
from chatapp.backend.models.openai.dialect import Dialects
from chatapp.backend.models.openai.errors import model_not_found
from chatapp.backend.models.openai.listed import ListedModels
from chatapp.backend.models.openai.liveness import Liveness
from chatapp.backend.models.openai.server import ModelServer, NothingThereError
from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.backend.models.openai.windows import Windows
from chatapp.backend.models.openai.wire import messages_as_json
from chatapp.backend.models.transport.sdk import Response
from chatapp.config.settings import Settings
from chatapp.errors import ContextLengthExceededError, UpstreamError, UpstreamModelNotFoundError
from chatapp.hosts import other_api_url
from chatapp.providers.connection import Upstream

log = logging.getLogger(__name__)


class OpenAIModel:
    """The models of the connection that an `Upstream` describes."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self.upstream = upstream
        self._settings = settings
        self._connected: ModelServer | None = None
        self._has_tried_other = False
        self._found_name: str | None = None
        self._dialects = Dialects()
        self._liveness = Liveness()
        self._windows = Windows(upstream.base_url)
        self._lock = asyncio.Lock()
        self._asking = asyncio.Lock()

    @property
    def name(self) -> str:
        """The model that is asked by default: the one that was named, or else the first that the server lists."""
        return self._found_name or self.upstream.model

    def connection_for(self, model: str) -> str:
        """Return the name of the one connection there is."""
        return self.upstream.name

    async def prepare(self) -> None:
        """Import the package and make its client. A failure is reported to the first who asks."""
        with suppress(UpstreamError):
            await self._server()
        await self.default_model()

    async def default_model(self) -> str:
        """Return `name`, once the server has been asked for one where nobody has named it."""
        if not self.upstream.is_model_named and self._found_name is None:
            await self._ask_for_listing()
        return self.name

    async def open(self, request: ModelRequest) -> Answer:
        """Return the stream of one answer."""
        model = request.model or self.name
        if self.upstream.has_one_model and model != self.name:  # llama.cpp answers to any name
            raise model_not_found(model, hint=f"The embedded one is {self.name}. BASE_URL connects others.")
        request.attempts.begin(self.upstream.name)
        self._liveness.begin()
        try:
            return await self._open(request, model)
        except BaseException as error:
            self._liveness.end(is_well=False)
            if isinstance(error, ContextLengthExceededError) and error.window:
                self._windows.learn(model, error.window)
            if isinstance(error, UpstreamModelNotFoundError) and model == self._found_name:
                self._found_name = None
            raise

    async def window(self, model: str) -> int | None:
        """Return CONTEXT_TOKENS, or what the server tells of the model, or what is known of it."""
        if self._settings.context_tokens:
            return self._settings.context_tokens
        if self._windows.told(model) is None:
            await self._ask_for_listing()
        return self._windows.told(model) or await self._windows.known(model)

    async def models(self) -> list[str]:
        """Return the one that is asked by default, and behind it those that the server lists and that can chat."""
        if self.upstream.has_one_model:
            return [self.name]
        listed = self._windows.listed
        if not self._liveness.is_at_work and not (listed and self._liveness.is_proven):
            listed = await self._listing()
        return list(dict.fromkeys([self.name, *(listed.names if listed else [])]))

    async def probe(self) -> str | None:
        """Ask for the list of models, which servers give without charge, unless answers say that all is well.

        What is returned is worth telling although all is well; None for nothing.
        """
        if not self._liveness.is_proven:
            await self._listing()
        remarks = [self._address_remark(), self._windows.listed.remark if self._windows.listed else None]
        return " ".join(filter(None, remarks)) or None

    async def close(self) -> None:
        """Close all connections."""
        if self._connected is not None:
            await self._connected.close()

    async def _open(self, request: ModelRequest, model: str) -> Answer:
        body = {
            "model": model,
            "messages": messages_as_json(request.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            **request.parameters,
        }
        if (limit := self._windows.told(model)) and body.get("max_tokens", 0) > limit:
            body["max_tokens"] = limit  # no answer is longer, and vLLM refuses more

        async def ask_whole() -> OpenAIStream:
            whole = {name: value for name, value in body.items() if name != "stream_options"}
            return await self._stream({**whole, "stream": False}, request.attempts)

        stream = await self._stream(body, request.attempts)
        return Answer(
            stream,
            connection=self.upstream.name,
            asked_for=model,
            notices=self._dialects.of(model).notices(body),
            liveness=self._liveness,
            attempts=request.attempts,
            ask_whole=ask_whole,
        )

    async def _stream(self, body: dict[str, Any], attempts: Attempts) -> OpenAIStream:
        stop = body.get("stop") or ()
        stops = [stop] if isinstance(stop, str) else stop
        response = await self._response(body, attempts)
        return await OpenAIStream.open(response, max_event_bytes=self._settings.max_event_bytes, stop=stops)

    async def _response(self, body: dict[str, Any], attempts: Attempts) -> Response:
        server = await self._server()
        dialect = self._dialects.of(body["model"])
        try:
            return await server.ask(body, dialect, attempts)
        except NothingThereError as nothing:
            if self._has_tried_other:
                raise nothing.error from None
            error = nothing.error
        self._has_tried_other = True
        other = await self._other_server()
        try:
            response = await other.ask(body, dialect, attempts)
        except (NothingThereError, UpstreamError):
            await other.close()
            raise error from None
        await self._move_to(other)
        return response

    async def _ask_for_listing(self) -> None:
        """Ask for the list of models where it is only of use: not again and again, one at a time.

        Nor while answers are made, which it would disturb.
        """
        async with self._asking:
            if self._windows.is_worth_asking() and not self._liveness.is_at_work:
                with suppress(UpstreamError):
                    await self._listing()

    async def _listing(self) -> ListedModels:
        with self._windows.asking():
            server = await self._server()
            listed = await server.models(asked_for=self.name)
            if listed.remark and not self._has_tried_other:
                listed = await self._listing_elsewhere() or listed
        self._windows.listed = listed
        if not self.upstream.is_model_named and listed.names:
            self._found_name = self.upstream.model if self.upstream.model in listed.names else listed.names[0]
        return listed

    async def _listing_elsewhere(self) -> ListedModels | None:
        other = await self._other_server()
        with suppress(UpstreamError):
            listed = await other.models(asked_for=self.name)
            if listed.names:
                self._has_tried_other = True
                await self._move_to(other)
                return listed
        await other.close()
        return None

    async def _other_server(self) -> ModelServer:
        """Return the way to the address with `/v1` behind it, or without: the one of the two that was not named."""
        other = replace(self.upstream, base_url=other_api_url(self.upstream.base_url))
        return await ModelServer.connect(other, self._settings)

    async def _move_to(self, other: ModelServer) -> None:
        log.warning("the model server's API is at %s: set BASE_URL to that", other.base_url)
        before, self._connected = self._connected, other
        if before is not None:
            await before.close()

    def _address_remark(self) -> str | None:
        if self._connected is None or self._connected.base_url == self.upstream.base_url:
            return None
        change = "Put /v1 behind" if self._connected.base_url.endswith("/v1") else "Leave /v1 out of"
        return f"{change} the address in {self.upstream.address_setting}: that is where the server's API is."

    async def _server(self) -> ModelServer:
        async with self._lock:
            if self._connected is None:
                self._connected = await ModelServer.connect(self.upstream, self._settings)
            return self._connected
