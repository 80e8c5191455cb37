"""Embeddings and completions of plain text: passed on to the model server, and counted."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.types import Receive, Scope

from chatapp.backend.api.responses import ClientTask
from chatapp.backend.gateway.chat_requests import SURFACE
from chatapp.backend.gateway.schemas import Json, object_in
from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import ANSWER_LIMITS, ChatModel, ModelRequest, RawAnswer, RawKind, TokenUsage
from chatapp.backend.store import FinalStatus
from chatapp.backend.store.identity import new_timed_id
from chatapp.backend.turns.admissions import CallGate
from chatapp.backend.turns.call_record import Asker, CallPricer, CallRecord, TurnObserver
from chatapp.backend.turns.estimate import likely_tokens
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, ShuttingDownError, UpstreamTimeoutError
from chatapp.protocol.messages import Message

_TEXTS = ("input", "prompt", "suffix")


class RawCall:
    """Passes a question on as `owner`, once, and writes down what the call takes."""

    def __init__(
        self,
        kind: RawKind,
        model: ChatModel,
        settings: Settings,
        turns: TurnRegistry,
        *,
        observers: Sequence[TurnObserver],
        pricer: CallPricer,
        gate: CallGate | None,
        owner: str,
    ) -> None:
        self._kind = kind
        self._model = model
        self._settings = settings
        self._turns = turns
        self._observers = observers
        self._gate = gate
        self._pricer = pricer
        self._owner = owner
        self._task: ClientTask[bytes]

    async def ask(self, body: Json, scope: Scope, receive: Receive) -> bytes:
        """Return the model server's answer to `body`, whose model is named, as it came.

        Raises:
            UpstreamError: it refused, cannot be reached, or took longer than TOTAL_TIMEOUT.
            BudgetExceededError: a budget has not enough left.
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many answers as allowed are being made.
            ClientDisconnect: nobody is there to answer.
        """
        with self._turns.counting(self._abort):
            self._task = ClientTask(self._ask(body), name=self._kind)
            return await self._task.result(scope, receive)

    def _abort(self, error: ChatappError) -> None:
        self._task.abort(error)

    async def _ask(self, body: Json) -> bytes:
        call_id = new_timed_id()
        try:
            return (await self._asked(call_id, await self._admitted(call_id, body))).body
        finally:
            if self._gate is not None:
                await self._gate.settle(call_id)

    async def _asked(self, call_id: str, body: Json) -> RawAnswer:
        """Return what the model server says, and note what the call took, however it ends."""
        attempts, record = self._record(call_id, body)
        timeouts = self._model.timeouts_for(body["model"])
        answer: RawAnswer | None = None
        failure: ChatappError | None = None
        try:
            async with asyncio.timeout(timeouts.over(self._settings).total_timeout):
                answer = await self._model.ask_raw(self._kind, body, attempts)
        except TimeoutError:
            hint = timeouts.in_their_words("Raise TOTAL_TIMEOUT.")
            failure = UpstreamTimeoutError(f"the {self._kind} took too long.", hint=hint)
            raise failure from None
        except ChatappError as error:
            failure = error
            raise
        finally:
            if self._gate is not None:
                self._gate.done(call_id)
            attempts.connection = attempts.connection or self._model.connection_for(body["model"])
            self._end(record, body, answer, failure)
        return answer

    def _record(self, call_id: str, body: Json) -> tuple[Attempts, CallRecord]:
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

    def _end(self, record: CallRecord, body: Json, answer: RawAnswer | None, failure: ChatappError | None) -> None:
        failure = None if answer else failure or self._task.error
        record.usage = answer.usage if answer else None
        if record.usage is None and (failure is None or isinstance(failure, ShuttingDownError)):
            # a server that was left in the middle has read it all the same
            record.estimate(_likely_usage(body, completed_text(answer.body) if answer else ""))
        record.end("complete" if answer else _status(failure), failure.code if failure else None)

    async def _admitted(self, call_id: str, body: Json) -> Json:
        """Return `body` as it may be asked: with a limit on its answers where there is a budget."""
        if self._gate is None:
            return body
        limits = {name: body[name] for name in ANSWER_LIMITS if name in body}
        is_answered = self._kind == "completions" and (not limits or any(limits.values()))
        told = [str(body[name]) for name in _TEXTS if name in body]
        parameters = {**limits, "n": _count(body.get("prompt"))} if is_answered else {}
        admitted = await self._gate.admit(
            call_id,
            ModelRequest([Message.of("user", "".join(told))], parameters=parameters),
            owner=self._owner,
            destination=self._model.destinations(body["model"])[0],
            model=body["model"],
            surface=SURFACE,
            answer_tokens=None if is_answered else 0,
        )
        kept = admitted.request.parameters if is_answered else {}
        return {**body, **{name: kept[name] for name in ANSWER_LIMITS if name in kept}}


def _status(failure: ChatappError | None) -> FinalStatus:
    if failure is None:
        return "stopped"
    return "interrupted" if isinstance(failure, ShuttingDownError) else "failed"


def _likely_usage(body: Mapping[str, Any], said: str = "") -> TokenUsage:
    tokens, answered = sum(_likely_tokens(body.get(name)) for name in _TEXTS), likely_tokens(said)
    return TokenUsage(tokens, answered, tokens + answered)


def _likely_tokens(value: Any) -> int:
    """Return about how many tokens an `input` or a `prompt` is: a text, tokens, or a list of either."""
    if isinstance(value, str):
        return likely_tokens(value)
    if not isinstance(value, list):
        return 0
    return sum(1 if isinstance(each, int) else _likely_tokens(each) for each in value)


def _count(prompt: Any) -> int:
    """Return how many questions a `prompt` is, each of which is answered; a list of tokens is one."""
    is_several = isinstance(prompt, list) and bool(prompt) and not isinstance(prompt[0], int)
    return len(prompt) if is_several else 1


def completed_text(answer: bytes) -> str:
    """Return the texts of all choices; where there are none, as in embeddings, it is empty."""
    _, choices = _read(answer)
    return "".join([text for choice in choices if isinstance(text := choice.get("text"), str)])


def with_listed_logprobs(answer: bytes) -> bytes:
    """Return `answer` with the lists that OpenAI has there: llama.cpp tells logprobs as a chat has them.

    `text_offset` counts from the beginning of `text`.
    https://platform.openai.com/docs/api-reference/completions/object
    """
    told, choices = _read(answer)
    is_changed = False
    for choice in choices:
        logprobs = choice.get("logprobs")
        content = logprobs.get("content") if isinstance(logprobs, dict) else None
        if isinstance(content, list) and all(isinstance(token, dict) for token in content):
            choice["logprobs"], is_changed = _listed(content), True
    return msgspec.json.encode(told) if is_changed else answer


def _read(answer: bytes) -> tuple[Json, list[Json]]:
    told = object_in(answer)
    choices = told.get("choices")
    return told, [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _listed(content: list[Json]) -> Json:
    tokens, offsets = [str(one.get("token") or "") for one in content], [0]
    for token in tokens[:-1]:
        offsets.append(offsets[-1] + len(token))
    return {
        "tokens": tokens,
        "token_logprobs": [one.get("logprob") for one in content],
        "top_logprobs": [_best(one.get("top_logprobs")) for one in content],
        "text_offset": offsets[: len(tokens)],
    }


def _best(told: Any) -> Json:
    best = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {str(one.get("token") or ""): one.get("logprob") for one in best}
