"""Embeddings: passed on to the model server, and counted."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from chatapp.backend.gateway.chat_requests import SURFACE
from chatapp.backend.models.chat_model import ChatModel, EmbeddedText, ModelRequest, TokenUsage
from chatapp.backend.store import ModelCall
from chatapp.backend.store.identity import new_id
from chatapp.backend.turns.observers import CallGate, CallPricer, TurnObserver
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, UpstreamTimeoutError
from chatapp.protocol.messages import Message


class Embedder:
    """Asks for embeddings as `owner`, and writes down what each call takes."""

    def __init__(
        self,
        model: ChatModel,
        settings: Settings,
        *,
        observers: Sequence[TurnObserver],
        pricer: CallPricer,
        gate: CallGate | None,
        owner: str,
    ) -> None:
        self._model = model
        self._settings = settings
        self._observers = observers
        self._gate = gate
        self._pricer = pricer
        self._owner = owner

    async def embed(self, body: dict[str, Any]) -> bytes:
        """Return the model server's answer to `body`, whose model is named, as it came.

        Raises:
            UpstreamError: it refused, cannot be reached, or took longer than TOTAL_TIMEOUT.
            BudgetExceededError: a budget has not enough left.
        """
        call_id = new_id()
        await self._admit(call_id, body)
        began, moment, error_code = time.perf_counter(), datetime.now(UTC), None
        embedded: EmbeddedText | None = None
        try:
            async with asyncio.timeout(self._settings.total_timeout):
                embedded = await self._model.embed(body)
        except TimeoutError:
            error_code = UpstreamTimeoutError.code
            raise UpstreamTimeoutError("the embedding took too long.", hint="Raise TOTAL_TIMEOUT.") from None
        except ChatappError as error:
            error_code = error.code
            raise
        finally:
            took_ms = round((time.perf_counter() - began) * 1000)
            usage = embedded.usage if embedded else None
            call = self._call(call_id, body["model"], usage, moment, took_ms, error_code)
            if self._gate is not None:
                self._gate.done(call_id)
            for observer in self._observers:
                observer.model_called(call)
        if self._gate is not None:
            await self._gate.settle(call_id)
        return embedded.body

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

    def _call(  # noqa: PLR0917 - what there is to say of a call
        self, call_id: str, model: str, usage: TokenUsage | None, moment: datetime, took_ms: int, error_code: str | None
    ) -> ModelCall:
        connection = self._model.connection_for(model)
        cost, source = (None if error_code is None else 0), None
        if usage is not None:
            cost, source = self._pricer.price(usage, connection=connection, models=(model,), when=moment)
        return ModelCall(
            id=call_id,
            owner=self._owner,
            surface=SURFACE,
            connection=connection,
            model=model,
            status="failed" if error_code else "complete",
            error_code=error_code,
            created_at=moment,
            duration_ms=took_ms,
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            cost_pico=cost,
            price_source=source,
        )
