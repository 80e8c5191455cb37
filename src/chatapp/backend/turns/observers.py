"""Who wants to know what turns do: the ledger of model calls today, metrics and tracing tomorrow."""

from datetime import datetime
from typing import Protocol

from chatapp.backend.models.chat_model import TokenUsage
from chatapp.backend.store import ModelCall


class CallPricer(Protocol):
    """Knows what calls cost."""

    def price(
        self, usage: TokenUsage, *, connection: str, models: tuple[str | None, ...], when: datetime
    ) -> tuple[int | None, str | None]:
        """Return the picodollars of a call, and who knows them; None is what nobody knows.

        `models` are the names of its model, the one that tells most first.
        """
        ...


class TurnObserver(Protocol):
    """Learns of every call to a model, once it has ended: whole, failed, stopped or left. Called on the event loop.

    An observer must neither wait nor raise: an answer's next word comes after it.
    """

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call."""
        ...
