"""One call to a model while it runs: when it began, when its first word came, what it took, and who learns of it."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from chatapp.backend.models.attempts import Attempts, FailedAttempt
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.backend.store import FinalStatus, ModelCall
from chatapp.backend.store.identity import new_timed_id


class CallPricer(Protocol):
    """Knows what calls cost."""

    def price(
        self,
        usage: TokenUsage,
        *,
        connection: str,
        models: tuple[str | None, ...],
        when: datetime,
        request: ModelRequest | None = None,
    ) -> tuple[int | None, str | None]:
        """Return the picodollars of a call, and who knows them; None is what nobody knows.

        `models` are the names of its model, the one that tells most first. `request` is what was asked, where it can
        have asked for more than tokens.
        """
        ...


class TurnObserver(Protocol):
    """Learns of every call to a model: before it is made and once it has ended, whole, failed, stopped or left.

    Called on the event loop. An observer must neither wait nor raise: an answer's next word comes after it.
    """

    def model_asked(self, call: "CallRecord") -> None:
        """Take note that a call is made now, or that one of its tries has come to nothing."""
        ...

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call."""
        ...


class BegunCall(NamedTuple):
    """What is known of a call before its server is asked; `began_at` is seconds since 1970, the prompt an estimate."""

    id: str
    owner: str
    turn_id: str | None
    surface: str | None
    connection: str
    model: str
    began_at: float
    prompt_tokens: int


class Asker(NamedTuple):
    """Who asks a model: an owner, for which turn if for any, and what the question came in by."""

    owner: str
    turn_id: str | None = None
    surface: str | None = None


class CallRecord:
    """Notes what `ModelCall`s will say of a request that begins now, and tells the observers.

    Of its `attempts` each is a call: those that came to nothing, and the one that all the rest is about. `is_accepted`:
    the server has begun to answer that one, so that it took tokens although nobody may have counted them. `is_told`:
    observers know that it was begun, and are to learn its end. It `thinks` from its first token on, as far as is known,
    until `note_said`. `guess` returns about what it has taken up to now. `request` is what was asked, None where it is
    text alone.
    """

    __slots__ = (
        "_asker", "_attempts", "_first_token_at", "_guess", "_model", "_observers", "_pricer", "_said_at",
        "answered_model", "id", "is_accepted", "is_estimated", "is_told", "request", "thinks", "turn_id", "usage",
    )  # fmt: skip

    def __init__(
        self,
        attempts: Attempts,
        asker: Asker,
        *,
        model: str,
        guess: Callable[[], TokenUsage],
        call_id: str | None = None,
        request: ModelRequest | None = None,
        pricer: CallPricer | None = None,
        observers: Sequence[TurnObserver] = (),
    ) -> None:
        self.answered_model: str | None = None
        self.usage: TokenUsage | None = None
        self.id = call_id or new_timed_id()
        self.turn_id = asker.turn_id
        self.is_accepted = self.is_estimated = self.is_told = self.thinks = False
        self._asker = asker
        self._attempts = attempts
        self._guess = guess
        self._model = model
        self._observers = observers
        self._pricer = pricer
        self.request = request
        self._first_token_at: float | None = None
        self._said_at: float | None = None
        attempts.begin("")
        attempts.on_change = self._tell_asked

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

    @property
    def tries(self) -> int:
        """How many attempts have come to nothing."""
        return len(self._attempts.failed)

    @property
    def is_asked(self) -> bool:
        """Whether a server is asked now."""
        return self._attempts.is_asked

    @property
    def began(self) -> float:
        """When the last attempt began, by `time.perf_counter`."""
        return self._attempts.began

    def estimate(self, usage: TokenUsage) -> None:
        """Take `usage` for what the server has not told."""
        self.usage, self.is_estimated = usage, True

    def begun(self) -> BegunCall:
        """Return what is known before the server is asked, at a fifth of the cost of `so_far`."""
        owner, turn_id, surface = self._asker
        attempts = self._attempts
        model, prompt = attempts.name or self._model, self._guess().prompt_tokens
        return BegunCall(self.id, owner, turn_id, surface, attempts.connection, model, time.time(), prompt)

    def so_far(self) -> list[ModelCall]:
        """Return what to write down if nobody lives to see the end of the calls: those there are by now.

        The last one goes by `id`, a try before it by `id`, a dot and its number.
        """
        calls = self._calls("interrupted", None, self._guess() if self.is_asked else None, is_estimated=True)
        return calls if self.is_asked else calls[:-1]

    def end(self, status: FinalStatus, error_code: str | None) -> list[ModelCall]:
        """Return what is known of the calls, oldest first, of which the last has just ended; observers learn it too."""
        self._attempts.on_change = None  # who knows each other is freed later
        calls = self._calls(status, error_code, self.usage, is_estimated=self.is_estimated)
        for observer in self._observers:
            for call in calls:
                observer.model_called(call)
        self._guess = TokenUsage
        return calls

    def _tell_asked(self) -> None:
        self.is_told = True
        for observer in self._observers:
            observer.model_asked(self)

    def _calls(
        self, status: FinalStatus, error_code: str | None, usage: TokenUsage | None, *, is_estimated: bool
    ) -> list[ModelCall]:
        attempts, first = self._attempts, self._first_token_at
        clock = time.perf_counter()
        zero_at = time.time() - clock
        created_at = datetime.fromtimestamp(zero_at + attempts.began, UTC)
        cost_pico, price_source = self._priced(usage, created_at)
        call = ModelCall(
            id=self.id,
            owner=self._asker.owner,
            turn_id=self.turn_id,
            surface=self._asker.surface,
            connection=attempts.connection,
            model=attempts.name or self._model,
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
            is_estimated=is_estimated,
            cost_pico=cost_pico,
            price_source=price_source,
        )
        if not attempts.failed:
            return [call]
        failed = [_failed(it, f"{self.id}.{n}", call, zero_at=zero_at) for n, it in enumerate(attempts.failed)]
        return [*failed, call]

    def _priced(self, usage: TokenUsage | None, when: datetime) -> tuple[int | None, str | None]:
        """Return the picodollars of the call, None where nobody knows them, and who does."""
        if usage is None:
            return 0, None
        if self._pricer is None:
            return None, None
        models = (self.answered_model, self._attempts.model or self._model)
        connection = self._attempts.connection
        return self._pricer.price(usage, connection=connection, models=models, when=when, request=self.request)


def _failed(attempt: FailedAttempt, call_id: str, call: ModelCall, *, zero_at: float) -> ModelCall:
    """Return the call that `call` was made in place of. It took no tokens: that is free everywhere.

    `zero_at` is when `time.perf_counter` was zero, in seconds since 1970.
    """
    return ModelCall(
        id=call_id,
        owner=call.owner,
        turn_id=call.turn_id,
        surface=call.surface,
        connection=attempt.connection,
        model=attempt.name or call.model,
        status="failed",
        error_code=attempt.error_code,
        created_at=datetime.fromtimestamp(zero_at + attempt.began, UTC),
        duration_ms=_milliseconds(attempt.ended - attempt.began),
        cost_pico=0,
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
