"""Who wants to know what turns do: the ledger of model calls today, metrics and tracing tomorrow."""

from typing import Protocol

from chatapp.backend.store import ModelCall


class TurnObserver(Protocol):
    """Learns of every call to a model, once it has ended: whole, failed, stopped or left. Called on the event loop.

    An observer must neither wait nor raise: an answer's next word comes after it.
    """

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call."""
        ...
