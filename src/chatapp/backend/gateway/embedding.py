"""Embeddings: passed on to the model server, and counted."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Receive, Scope

from chatapp.backend.api.responses import ClientTask
from chatapp.backend.gateway.chat_requests import SURFACE
from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import ChatModel, EmbeddedText, ModelRequest, TokenUsage
from chatapp.backend.store import FinalStatus
from chatapp.backend.store.identity import new_timed_id
from chatapp.backend.turns.admissions import CallGate
from chatapp.backend.turns.call_record import Asker, CallPricer, CallRecord, TurnObserver
from chatapp.backend.turns.estimate import likely_tokens
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
        self._task: ClientTask[bytes]

    async def embed(self, body: dict[str, Any], scope: Scope, receive: Receive) -> bytes:
        """Return the model server's answer to `body`, whose model is named, as it came.

        Raises:
            UpstreamError: it refused, cannot be reached, or took longer than TOTAL_TIMEOUT.
            BudgetExceededError: a budget has not enough left.
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many answers as allowed are being made.
            ClientDisconnect: nobody is there to answer.
        """
        with self._turns.counting(self._abort):
            self._task = ClientTask(self._embed(body), name="embeddings")
            return await self._task.result(scope, receive)

    def _abort(self, error: ChatappError) -> None:
        self._task.abort(error)

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
        attempts, record = self._record(call_id, body)
        timeouts = self._model.timeouts_for(body["model"])
        embedded: EmbeddedText | None = None
        failure: ChatappError | None = None
        try:
            async with asyncio.timeout(timeouts.over(self._settings).total_timeout):
                embedded = await self._model.embed(body, attempts)
        except TimeoutError:
            hint = timeouts.in_their_words("Raise TOTAL_TIMEOUT.")
            failure = UpstreamTimeoutError("the embedding took too long.", hint=hint)
            raise failure from None
        except ChatappError as error:
            failure = error
            raise
        finally:
            if self._gate is not None:
                self._gate.done(call_id)
            attempts.connection = attempts.connection or self._model.connection_for(body["model"])
            self._end(record, body, embedded, failure)
        return embedded

    def _record(self, call_id: str, body: dict[str, Any]) -> tuple[Attempts, CallRecord]:
        attempts = Attempts()
        record = CallRecord(
            attempts,
            Asker(self._owner, surface=SURFACE),
            model=body["model"],
            guess=lambda: _likely_usage(body),
            call_id=call_id,
            pricer=self._pricer,
            observers=self._observers,
        )
        return attempts, record

    def _end(
        self, record: CallRecord, body: dict[str, Any], embedded: EmbeddedText | None, failure: ChatappError | None
    ) -> None:
        failure = None if embedded else failure or self._task.error
        record.usage = embedded.usage if embedded else None
        if record.usage is None and (failure is None or isinstance(failure, ShuttingDownError)):
            record.estimate(_likely_usage(body))  # a server that was left in the middle has read it all the same
        record.end("complete" if embedded else _status(failure), failure.code if failure else None)

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


def _status(failure: ChatappError | None) -> FinalStatus:
    if failure is None:
        return "stopped"
    return "interrupted" if isinstance(failure, ShuttingDownError) else "failed"


def _likely_usage(body: Mapping[str, Any]) -> TokenUsage:
    tokens = _likely_tokens(body.get("input"))
    return TokenUsage(tokens, 0, tokens)


def _likely_tokens(told: Any) -> int:
    """Return about how many tokens an `input` is: a text, tokens, or a list of either."""
    if isinstance(told, str):
        return likely_tokens(told)
    if not isinstance(told, list):
        return 0
    return sum(1 if isinstance(each, int) else _likely_tokens(each) for each in told)
