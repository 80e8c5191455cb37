"""The models behind one connection to an OpenAI-compatible server."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import ModelRequest, RawAnswer, RawKind
from chatapp.backend.models.openai.answer import Ask, OpenAIAnswer
from chatapp.backend.models.openai.dialect import Dialect, Dialects
from chatapp.backend.models.openai.endpoint import Endpoint
from chatapp.backend.models.openai.known_calls import KnownCalls
from chatapp.backend.models.openai.listed import ListedModels
from chatapp.backend.models.openai.liveness import Liveness, SharedWork
from chatapp.backend.models.openai.media import MediaTaken
from chatapp.backend.models.openai.message_forms import messages_as_json
from chatapp.backend.models.openai.refused_content import medium_refused
from chatapp.backend.models.openai.server import NothingThereError
from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.backend.models.openai.too_long import perhaps_too_long, surely_too_long
from chatapp.backend.models.openai.unknown_model import model_not_found
from chatapp.backend.models.openai.windows import Windows
from chatapp.config.settings import Settings
from chatapp.errors import (
    ContextLengthExceededError,
    UpstreamError,
    UpstreamModelNotFoundError,
    UpstreamParameterRefusedError,
)
from chatapp.providers.connection import Upstream
from chatapp.providers.context_windows import is_own_server
from chatapp.providers.modalities import MEDIA, media_in


class OpenAIModel:
    """The models of the connection that an `Upstream` describes."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self.upstream = upstream
        self._settings = settings
        self._endpoint = Endpoint(upstream, settings)
        self._found_name: str | None = None
        self._dialects = Dialects(upstream.without)
        self._media = MediaTaken(upstream.without)
        self._liveness = Liveness(SharedWork(settings.data_dir / "at-work", upstream.base_url))
        self._windows = Windows(upstream.base_url)
        self._is_free = is_own_server(upstream.base_url)
        self._calls = KnownCalls()
        self._asking = asyncio.Lock()

    @property
    def name(self) -> str:
        """The model that is asked by default: the one that was named, or else the first that the server lists."""
        return self._found_name or self.upstream.model

    @property
    def first_content_s(self) -> float:
        """How long the first word may take."""
        return self.upstream.timeouts.over(self._settings).first_content_timeout

    async def prepare(self) -> None:
        """Import the package and make its client. A failure is reported to the first who asks."""
        with suppress(UpstreamError):
            await self._endpoint.server()
        await self.default_model()

    async def default_model(self) -> str:
        """Return `name`, once the server has been asked for one where nobody has named it."""
        if not self.upstream.is_model_named and self._found_name is None:
            await self._ask_for_listing()
        return self.name

    async def begin_answer(self, request: ModelRequest) -> OpenAIAnswer:
        """Return the stream of one answer once the server has accepted the question."""
        model = request.model or self.name or await self._first_listed()
        self._require(model)
        request.attempts.begin(self.upstream.name, model)
        media = sorted(media_in(request.media.values())) if request.media else []
        for medium in filter(self._media.is_ruled_out, media):
            raise medium_refused(medium)
        self._liveness.begin()
        try:
            answer = await self._open(request, model)
        except BaseException as error:
            self._liveness.end(is_well=False)
            self._learn(error, model)
            raise
        if media:
            self._media.accept(self.upstream.name_of(model), media)
        return answer

    def _learn(self, error: BaseException, model: str) -> None:
        """Note what a failure says of `model`, and say where the cause may be that the server does not list it."""
        name, listed = self.upstream.name_of(model), self._windows.listed
        is_unlisted = listed is not None and bool(listed.names) and name not in listed.names
        if is_unlisted and isinstance(error, UpstreamError) and error.is_unexplained:
            error.hint = f"It does not list the model {model[:100]!r}: choose one that it does. {error.hint}"
        if isinstance(error, ContextLengthExceededError) and error.window:
            self._windows.learn(name, error.window)
        if isinstance(error, UpstreamModelNotFoundError) and model == self._found_name:
            self._found_name = None
        if isinstance(error, UpstreamParameterRefusedError) and error.parameter in MEDIA:
            self._media.refuse(name, error.parameter)

    async def ask_raw(self, kind: RawKind, body: dict[str, Any], attempts: Attempts) -> RawAnswer:
        """Return the answer to `body`, as it came."""
        self._require(body["model"])
        attempts.begin(self.upstream.name, body["model"])
        server = await self._endpoint.server()
        return await server.ask_raw(kind, {**body, "model": self.upstream.name_of(body["model"])}, attempts)

    async def window(self, model: str) -> int | None:
        """Return CONTEXT_TOKENS, or what the server tells of the model, or what is known of it."""
        if self.window_told(model) is None:
            await self._ask_for_listing()
        return self.window_told(model) or await self._windows.known(self.upstream.name_of(model))

    async def models(self) -> list[str]:
        """Return the one that is asked by default, and behind it those that the server lists and that can chat."""
        is_told = self.upstream.has_one_model or self.upstream.models is not None
        if not is_told and not self._liveness.is_at_work and not (self._windows.listed and self._liveness.is_proven):
            await self._listing()
        return self.offered()

    def offered(self) -> list[str]:
        """Return the models that can be asked, as far as is known: those that were named, or else were listed last."""
        if self.upstream.has_one_model:
            return [self.name]
        if self.upstream.models is not None:
            return list(self.upstream.models)
        listed = self._windows.listed.names if self._windows.listed else []
        is_guess = not self.upstream.is_model_named and self._found_name is None and bool(listed)
        return list(dict.fromkeys([*filter(None, [] if is_guess else [self.name]), *listed]))

    def has(self, model: str) -> bool:
        """Return whether it is known to have `model`."""
        if self.upstream.models is not None:
            return model in self.upstream.models
        listed = self._windows.listed
        return model == self.name or (listed is not None and model in listed.names)

    def window_told(self, model: str) -> int | None:
        """Return the tokens that `model` can read, as far as somebody has said so."""
        traits = self.upstream.traits_of(model)
        return traits.window or self._settings.context_tokens or self._windows.told(traits.name)

    def takes(self, model: str, medium: str) -> bool | None:
        """Return whether `model` takes "images" or "audio", None where nobody knows."""
        name, listed = self.upstream.name_of(model), self._windows.listed
        return self._media.takes(name, medium, listed.modalities.get(name) if listed else None)

    async def probe(self) -> str | None:
        """Ask for the list of models, which servers give without charge, unless answers say that all is well.

        What is returned is worth telling although all is well; None for nothing.
        """
        if not self._liveness.is_proven:
            await self._listing()
        notes = [self._endpoint.note(), self._windows.listed.note if self._windows.listed else None]
        return " ".join(filter(None, notes)) or None

    async def close(self) -> None:
        """Close all connections."""
        self._liveness.close()
        await self._endpoint.close()

    async def retire(self) -> None:
        """Close all connections, those of answers that are being made when they have come to their end."""
        await self._endpoint.retire()

    def _require(self, model: str) -> None:
        """Refuse a model that this connection does not offer.

        Raises:
            UpstreamModelNotFoundError: as it says.
        """
        if self.upstream.has_one_model and model != self.name:  # llama.cpp answers to any name
            raise model_not_found(model, hint=f"The embedded one is {self.name}. BASE_URL connects others.")
        if self.upstream.models is not None and model not in self.upstream.models:
            raise model_not_found(model, hint=f"Add it to {self.upstream.model_setting}, or ask another.")

    async def _first_listed(self) -> str:
        """Return the model to ask where nobody has named one.

        Raises:
            UpstreamError: the server lists none, or cannot be reached.
        """
        await self._listing()
        if not self.name:
            raise model_not_found("", hint="Name one in MODEL_NAME.")
        return self.name

    async def _open(self, request: ModelRequest, model: str) -> OpenAIAnswer:
        name = self.upstream.name_of(model)
        body, dialect = self._body(request, name), self._dialects.of(name)

        async def ask_whole() -> OpenAIStream:
            whole = {name: value for name, value in body.items() if name != "stream_options"}
            return await self._stream({**whole, "stream": False}, dialect, request.attempts)

        async def reword(refused: UpstreamParameterRefusedError) -> OpenAIStream | None:
            if not dialect.adapt(refused, body):
                return None
            request.attempts.fail(refused)
            return await ask()

        whole = "streaming" in self.upstream.without
        ask: Ask = ask_whole if whole else partial(self._stream, body, dialect, request.attempts)
        explained = partial(self._explained, body)
        try:
            stream = await ask()
        except UpstreamError as error:
            raise explained(error) from None
        return OpenAIAnswer(
            stream,
            connection=self.upstream.name,
            asked_for=name,
            goes_by=model,
            tell=partial(dialect.notices, body),
            liveness=self._liveness,
            attempts=request.attempts,
            ask_whole=ask_whole,
            ask_again=ask,
            reword=reword,
            is_free=self._is_free,
            explained=explained,
        )

    def _explained(self, body: dict[str, Any], error: UpstreamError) -> UpstreamError:
        """Return `error`, or what it can only be where the server does not say: a question beyond the window."""
        if not error.is_unexplained:
            return error
        messages = body["messages"]
        return surely_too_long(messages, self._windows.told(body["model"])) or perhaps_too_long(messages, error)

    def _body(self, request: ModelRequest, name: str) -> dict[str, Any]:
        wire = request.wire_messages  # calls of tools are in those alone that a client has worded
        body = {
            "model": name,
            "messages": messages_as_json(request.messages, request.media) if wire is None else self._calls.told(wire),
            "stream": True,
            "stream_options": {"include_usage": True},
            **request.parameters,
        }
        if self.upstream.has_one_model:  # llama.cpp: a slow machine reads a long conversation for minutes
            body["return_progress"] = True
        if "max_tokens" in body and (limit := self._windows.told(name)) and body["max_tokens"] > limit:
            body["max_tokens"] = limit  # no answer is longer, and vLLM refuses more
        return body

    async def _stream(self, body: dict[str, Any], dialect: Dialect, attempts: Attempts) -> OpenAIStream:
        stop = body.get("stop") or ()
        stops = [stop] if isinstance(stop, str) else stop
        server = await self._endpoint.server()
        try:
            response = await server.ask(body, dialect, attempts)
        except NothingThereError as nothing:
            response = await self._endpoint.asked_elsewhere(server, nothing.error, body, dialect, attempts)
        stream = await OpenAIStream.open(response, max_event_bytes=self._settings.max_event_bytes, stop=stops)
        if body.get("tools"):
            stream.answer.calls.known = self._calls
        return stream

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
            listed = await self._endpoint.models(asked_for=self.name)
        self._windows.listed = listed
        if not self.upstream.is_model_named and listed.names:
            self._found_name = self.upstream.model if self.upstream.model in listed.names else listed.names[0]
        return listed
