"""One call to a model while it runs: when it began, when its first word came, what it took."""

import time
from datetime import UTC, datetime

from chatapp.backend.models.chat_model import TokenUsage
from chatapp.backend.store import FinalStatus, ModelCall


class CallRecord:
    """Notes what `ModelCall` will say of a call that begins now."""

    __slots__ = ("_began", "_created_at", "_first_token_at", "answered_model", "connection", "usage")

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self.answered_model: str | None = None
        self.usage: TokenUsage | None = None
        self._created_at = datetime.now(UTC)
        self._began = time.perf_counter()
        self._first_token_at: float | None = None

    def note_token(self) -> None:
        """Note that the model has said something; only the first time counts."""
        if self._first_token_at is None:
            self._first_token_at = time.perf_counter()

    def ended(self, *, owner: str, turn_id: str, model: str, status: FinalStatus, error_code: str | None) -> ModelCall:
        """Return what is known of the call, which has just ended."""
        first, usage = self._first_token_at, self.usage
        return ModelCall(
            owner=owner,
            turn_id=turn_id,
            connection=self.connection,
            model=model,
            answered_model=self.answered_model,
            status=status,
            error_code=error_code,
            created_at=self._created_at,
            duration_ms=_milliseconds(time.perf_counter() - self._began),
            first_token_ms=None if first is None else _milliseconds(first - self._began),
            prompt_tokens=usage.prompt_tokens if usage else None,
            cached_tokens=usage.cached_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            reasoning_tokens=usage.reasoning_tokens if usage else None,
        )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
