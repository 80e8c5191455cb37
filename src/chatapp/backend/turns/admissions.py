"""What has to let a call to a model pass, and the calls of one turn as it does."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

from chatapp.backend.models.attempts import Destination
from chatapp.backend.models.chat_model import Admit, ModelRequest
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.events import Notice


class Admission(NamedTuple):
    """A call that may be made: how it is to be asked, and what its readers are to know."""

    request: ModelRequest
    notices: Sequence[Notice] = ()


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
    ) -> Admission:
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


class Admissions:
    """Asks `gate` before each call of `turn`.

    `is_made`: the call that began last was let pass, be it for one of the connections that were tried.
    """

    def __init__(self, gate: CallGate, turn: Turn) -> None:
        self._gate = gate
        self._turn = turn
        self._ids: list[str] = []
        self.is_made = False

    def admit(self, call_id: str, *, model: str) -> Admit:
        """Return what a call that begins now, for `model`, has to ask before each connection."""
        self.is_made = False
        self._ids.append(call_id)
        return partial(self._admit, call_id, model)

    def done(self, call_id: str) -> None:
        """Note that the call has ended; its record follows."""
        self._gate.done(call_id)

    async def settle(self) -> None:
        """Give back what the calls did not need."""
        while self._ids:
            await self._gate.settle(self._ids.pop())

    async def _admit(self, call_id: str, model: str, request: ModelRequest, destination: Destination) -> ModelRequest:
        turn = self._turn
        admitted = await self._gate.admit(
            call_id,
            request,
            owner=turn.owner,
            destination=destination,
            model=model,
            turn_id=turn.id,
            surface=turn.surface,
        )
        self.is_made = True
        for notice in admitted.notices:
            if notice not in turn.entries:
                turn.append(notice)
        return admitted.request
