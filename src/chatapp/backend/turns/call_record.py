"""One call to a model while it runs: when it began, when its first word came, what it took."""

import time
from datetime import UTC, datetime, timedelta

from chatapp.backend.models.attempts import Attempts, FailedAttempt
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.backend.store import FinalStatus, ModelCall
from chatapp.backend.store.identity import new_timed_id
from chatapp.backend.turns.observers import CallPricer
from chatapp.backend.turns.turn import Turn


class CallRecord:
    """Notes what `ModelCall`s will say of a request that begins now.

    Of its `attempts` each is a call: those that came to nothing, and the one that all the rest is about. `is_accepted`:
    the server has begun to answer that one, so that it took tokens although nobody may have counted them. It `thinks`
    from its first token on, as far as is known, until `note_said`.
    """

    __slots__ = (
        "_attempts",
        "_first_token_at",
        "_said_at",
        "answered_model",
        "id",
        "is_accepted",
        "is_estimated",
        "thinks",
        "usage",
    )

    def __init__(self, attempts: Attempts, *, call_id: str | None = None) -> None:
        self.answered_model: str | None = None
        self.usage: TokenUsage | None = None
        self.id = call_id or new_timed_id()
        self.is_accepted = False
        self.is_estimated = False
        self._attempts = attempts
        self._first_token_at: float | None = None
        self._said_at: float | None = None
        self.thinks = False
        attempts.begin("")

    def note_token(self) -> None:
        """Note that the model has said something; only the first time counts."""
        if self._first_token_at is None:
            self._first_token_at = time.perf_counter()

    def note_said(self) -> None:
        """Note that the model, which thought, says something; only the first time counts."""
        self._said_at = self._said_at or time.perf_counter()

    @property
    def thinking_ms(self) -> int | None:
        """Milliseconds from the first thought to the first word, or until now; None where nothing was thought."""
        if not self.thinks or self._first_token_at is None:
            return None
        return _milliseconds((self._said_at or time.perf_counter()) - self._first_token_at)

    def estimate(self, usage: TokenUsage) -> None:
        """Take `usage` for what the server has not told."""
        self.usage, self.is_estimated = usage, True

    def ended(
        self,
        turn: Turn,
        *,
        model: str,
        status: FinalStatus,
        error_code: str | None,
        pricer: CallPricer | None = None,
        request: ModelRequest | None = None,
    ) -> list[ModelCall]:
        """Return what is known of the calls, oldest first, of which the last has just ended."""
        attempts, first, usage = self._attempts, self._first_token_at, self.usage
        now, clock = datetime.now(UTC), time.perf_counter()
        created_at = now - timedelta(seconds=clock - attempts.began)
        cost_pico, price_source = self._priced(pricer, attempts.model or model, created_at, request)
        call = ModelCall(
            id=self.id,
            owner=turn.owner,
            turn_id=turn.id,
            surface=turn.surface,
            connection=attempts.connection,
            model=attempts.name or model,
            answered_model=self.answered_model,
            status=status,
            error_code=error_code,
            created_at=created_at,
            duration_ms=_milliseconds(clock - attempts.began),
            first_token_ms=None if first is None else _milliseconds(first - attempts.began),
            prompt_tokens=usage.prompt_tokens if usage else None,
            cached_tokens=usage.cached_tokens if usage else None,
            completion_tokens=usage.billed_completion_tokens if usage else None,
            reasoning_tokens=usage.billed_reasoning_tokens if usage else None,
            is_estimated=self.is_estimated,
            cost_pico=cost_pico,
            price_source=price_source,
        )
        return [*(_failed(attempt, call, clock=clock, now=now) for attempt in attempts.failed), call]

    def _priced(
        self, pricer: CallPricer | None, model: str, when: datetime, request: ModelRequest | None
    ) -> tuple[int | None, str | None]:
        """Return the picodollars of the call, None where nobody knows them, and who does."""
        if self.usage is None:
            return 0, None
        if pricer is None:
            return None, None
        models = (self.answered_model, model)
        connection = self._attempts.connection
        return pricer.price(self.usage, connection=connection, models=models, when=when, request=request)


def _failed(attempt: FailedAttempt, call: ModelCall, *, clock: float, now: datetime) -> ModelCall:
    """Return the call that `call` was made in place of. It took no tokens: that is free everywhere."""
    return ModelCall(
        owner=call.owner,
        turn_id=call.turn_id,
        surface=call.surface,
        connection=attempt.connection,
        model=attempt.name or call.model,
        status="failed",
        error_code=attempt.error_code,
        created_at=now - timedelta(seconds=clock - attempt.began),
        duration_ms=_milliseconds(attempt.ended - attempt.began),
        cost_pico=0,
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
