"""Who wants to know what turns do: the ledger of model calls, metrics, tracing."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from chatapp.backend.models.attempts import Destination
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.backend.store import ModelCall
from chatapp.protocol.events import Notice


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


class AdmittedCall(Protocol):
    """A call that may be made."""

    @property
    def request(self) -> ModelRequest:
        """How it is to be asked."""
        ...

    @property
    def notices(self) -> Sequence[Notice]:
        """What the readers are to know."""
        ...


class CallGate(Protocol):
    """Decides before each call whether it may be made."""

    def concerns(self, owner: str) -> bool:
        """Return whether it could hold back any call of this key now; the calls of others need not be admitted."""
        ...

    async def admit(
        self,
        call_id: str,
        request: ModelRequest,
        *,
        owner: str,
        destination: Destination,
        model: str,
        turn_id: str | None = None,
        surface: str | None = None,
        answer_tokens: int | None = None,
    ) -> AdmittedCall:
        """Return how the call may be made there; it is not made any more where it was admitted to before.

        `model` is what was asked for, for the record. `answer_tokens` is how long its answer is at most, None for what
        it says.

        Raises:
            ChatappError: it may not.
        """
        ...

    def done(self, call_id: str) -> None:
        """Note that the call has ended, however it did; its record follows."""
        ...

    async def settle(self, call_id: str) -> None:
        """Give back what a call did not need that is on record by now. Whoever learns that it ended may ask again."""
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


class OpenCall(Protocol):
    """A call to a model that is being made.

    `tries` of it have come to nothing; a server `is_asked` the next one, or will be in a moment. It `began` so by
    `time.perf_counter`. A call without a `turn_id` is for embeddings.
    """

    id: str
    turn_id: str | None
    request: ModelRequest | None

    @property
    def tries(self) -> int:
        """How many have come to nothing."""
        ...

    @property
    def is_asked(self) -> bool:
        """Whether a server is asked now."""
        ...

    @property
    def began(self) -> float:
        """When the try began."""
        ...

    def begun(self) -> BegunCall:
        """Return what is known of the try that is made now, at a fifth of the cost of `so_far`."""
        ...

    def so_far(self) -> list[ModelCall]:
        """Return what to write down should nobody live to see its end: each try that failed, and the one under way.

        The last one goes by `id`, a try before it by `id`, a dot and its number.
        """
        ...


class TurnObserver(Protocol):
    """Learns of every call to a model: before it is made and once it has ended, whole, failed, stopped or left.

    Called on the event loop. An observer must neither wait nor raise: an answer's next word comes after it.
    """

    def model_asked(self, call: OpenCall) -> None:
        """Take note that a call is made now, or that one of its tries has come to nothing."""
        ...

    def model_called(self, call: ModelCall) -> None:
        """Take note of a call."""
        ...
