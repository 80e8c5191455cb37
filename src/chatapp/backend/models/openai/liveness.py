"""Whether a connection is alive, by what it does: asking would disturb some servers at work.

llama-cpp-python ends the answer it is making when anybody asks it for its models.
"""

import time

LASTING_S = 60.0
"""How long an answer is a sign of life."""


class Liveness:
    """The signs of life of one connection."""

    def __init__(self) -> None:
        self._running = 0
        self._answered_at: float | None = None

    def begin(self) -> None:
        """Note that a question is on its way."""
        self._running += 1

    def end(self, *, is_well: bool) -> None:
        """Note that an answer is over; one that failed makes us ask again."""
        self._running -= 1
        self._answered_at = time.monotonic() if is_well else None

    @property
    def is_at_work(self) -> bool:
        """Whether answers are being made."""
        return self._running > 0

    @property
    def is_proven(self) -> bool:
        """Whether there is no need to ask."""
        return self.is_at_work or (self._answered_at is not None and time.monotonic() - self._answered_at < LASTING_S)
