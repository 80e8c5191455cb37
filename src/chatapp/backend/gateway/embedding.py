"""Embeddings: passed on to the model server, and counted."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chatapp.backend.api.responses import Meanwhile, watches
from chatapp.backend.gateway.chat_requests import SURFACE
from chatapp.backend.models.chat_model import ChatModel, EmbeddedText, ModelRequest, TokenUsage
from chatapp.backend.store import FinalStatus, ModelCall
from chatapp.backend.store.identity import new_timed_id
from chatapp.backend.turns.estimate import likely_tokens
from chatapp.backend.turns.observers import CallGate, CallPricer, TurnObserver
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, ShuttingDownError, UpstreamTimeoutError
from chatapp.protocol.messages import Message


class Embedder:
    """Asks for embeddings as `owner`, once, and writes down what the call takes."""

    def __init__(
        self,
        model: ChatModel,
        settings: Settings,
        turns: TurnRegistry,
        *,
        observers: Sequence[TurnObserver],
        pricer: CallPricer,
        gate: CallGate | None,
        owner: str,
    ) -> None:
        self._model = model
        self._settings = settings
        self._turns = turns
        self._observers = observers
        self._gate = gate
        self._pricer = pricer
        self._owner = owner
        self._asking: asyncio.Task[bytes] | None = None
        self._failure: ChatappError | None = None

    def leave(self) -> None:
        """Ask no longer: nobody is there to answer."""
        if self._asking is not None:
            self._asking.cancel()

    def abort(self, error: ChatappError) -> None:
        """Ask no longer; `error` is the answer."""
        self._failure = self._failure or error
        self.leave()

    async def embed(self, body: dict[str, Any]) -> bytes | None:
        """Return the model server's answer to `body`, whose model is named, as it came; None for who has left.

        Raises:
            UpstreamError: it refused, cannot be reached, or took longer than TOTAL_TIMEOUT.
            BudgetExceededError: a budget has not enough left.
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many answers as allowed are being made.
        """
        with self._turns.counting(self.abort):
            self._asking = asyncio.create_task(self._embed(body), name="embeddings")
            try:
                await asyncio.wait([self._asking])
            finally:
                self._asking.cancel()
        if not self._asking.cancelled():
            return self._asking.result()
        if self._failure is not None:
            raise self._failure.fresh()
        return None

    async def _embed(self, body: dict[str, Any]) -> bytes:
        call_id = new_timed_id()
        try:
            await self._admit(call_id, body)
            return (await self._asked(call_id, body)).body
        finally:
            if self._gate is not None:
                await self._gate.settle(call_id)

    async def _asked(self, call_id: str, body: dict[str, Any]) -> EmbeddedText:
        """Return what the model server says, and note what the call took, however it ends."""
        began, moment = time.perf_counter(), datetime.now(UTC)
        embedded: EmbeddedText | None = None
        try:
            async with asyncio.timeout(self._settings.total_timeout):
                embedded = await self._model.embed(body)
        except TimeoutError:
            self._failure = UpstreamTimeoutError("the embedding took too long.", hint="Raise TOTAL_TIMEOUT.")
            raise self._failure from None
        except ChatappError as error:
            self._failure = error
            raise
        finally:
            took_ms = round((time.perf_counter() - began) * 1000)
            if self._gate is not None:
                self._gate.done(call_id)
            call = self._call(call_id, body, embedded, moment, took_ms)
            for observer in self._observers:
                observer.model_called(call)
        return embedded

    async def _admit(self, call_id: str, body: dict[str, Any]) -> None:
        if self._gate is not None:
            model = body["model"]
            request = ModelRequest([Message.of("user", str(body.get("input", "")))])
            first = self._model.destinations(model)[0]
            await self._gate.admit(
                call_id,
                request,
                owner=self._owner,
                destination=first,
                model=model,
                surface=SURFACE,
                answer_tokens=0,
            )

    def _call(
        self, call_id: str, body: dict[str, Any], embedded: EmbeddedText | None, moment: datetime, took_ms: int
    ) -> ModelCall:
        model, failure = body["model"], None if embedded else self._failure
        connection, usage = self._model.connection_for(model), embedded.usage if embedded else None
        is_estimated = usage is None and (failure is None or isinstance(failure, ShuttingDownError))
        if is_estimated:  # a server that was left in the middle has read it all the same
            tokens = _likely_tokens(body.get("input"))
            usage = TokenUsage(tokens, 0, tokens)
        cost, source = (
            self._pricer.price(usage, connection=connection, models=(model,), when=moment) if usage else (0, None)
        )
        return ModelCall(
            id=call_id,
            owner=self._owner,
            surface=SURFACE,
            connection=connection,
            model=model,
            status="complete" if embedded else _status(failure),
            error_code=failure.code if failure else None,
            created_at=moment,
            duration_ms=took_ms,
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            is_estimated=is_estimated,
            cost_pico=cost,
            price_source=source,
        )


def _status(failure: ChatappError | None) -> FinalStatus:
    if failure is None:
        return "stopped"
    return "interrupted" if isinstance(failure, ShuttingDownError) else "failed"


def _likely_tokens(told: Any) -> int:
    """Return about how many tokens an `input` is: a text, tokens, or a list of either."""
    if isinstance(told, str):
        return likely_tokens(told)
    if not isinstance(told, list):
        return 0
    return sum(1 if isinstance(each, int) else _likely_tokens(each) for each in told)


class EmbeddingAnswer(Response):
    """What `embedder` gets for `body`; nothing is asked any more when its client has left."""

    def __init__(self, embedder: Embedder, body: dict[str, Any]) -> None:
        super().__init__()
        self._embedder = embedder
        self._wanted = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        with Meanwhile(*watches(scope, receive, self._embedder)):
            embedded = await self._embedder.embed(self._wanted)
        if embedded is not None:
            await Response(embedded, media_type="application/json")(scope, receive, send)
