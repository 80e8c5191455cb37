"""What the store keeps of a turn whose client holds the conversation: most of them are saved once, when they end."""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from chatapp.backend.store import BegunTurn, Ending, Store, WholeTurn
from chatapp.backend.store.failures import DEFECTS
from chatapp.backend.tasks import described
from chatapp.backend.turns.keeper import Keeper
from chatapp.backend.turns.process import this_process
from chatapp.backend.turns.record import TurnRecord, ending_of, said_alone
from chatapp.backend.turns.rounds import Rounds
from chatapp.backend.turns.turn import Turn, final_status
from chatapp.errors import ChatappError, StoreUnavailableError
from chatapp.protocol.messages import Message, TextPart, ToolCallPart
from chatapp.protocol.question import HeldConversation, Question

log = logging.getLogger(__name__)


class HeldTurnRecord(TurnRecord):
    """The rows of one turn, begun when it is saved for the first time or, if it ends before, saved as it ended.

    Until then nobody can know of the turn: its client learns of it with the answer, and brings the question again
    where that never came. To save it twice costs as much again as all the rest of a short answer. One to which nothing
    was said is not kept at all.
    """

    def __init__(
        self,
        store: Store,
        keeper: Keeper,
        question: Question,
        held: HeldConversation,
        *,
        fallback_model: str,
        rounds: Rounds | None = None,
    ) -> None:
        super().__init__(store, rounds)
        self._keeper = keeper
        self._question = question
        self._held = held
        self._fallback_model = fallback_model
        self._beginning: asyncio.Task[BegunTurn] | None = None
        self._is_ending = False

    async def begin(self, turn: Turn) -> None:
        """Save the question, if that can be done now."""
        self._beginning = asyncio.create_task(self._begun(turn, is_urgent=True))
        await self._has_begun()

    async def save(self, turn: Turn) -> bool:
        """Save the answer so far, with the question where that is not saved yet; return whether to stop.

        Raises:
            StoreUnavailableError: it cannot be saved now.
        """
        if not await self._has_begun():
            if not turn.has_content:
                return False
            self._beginning = asyncio.create_task(self._begun(turn))
            await asyncio.shield(self._beginning)  # whoever ends the turn meanwhile waits for it
        return await super().save(turn)

    async def finish(self, turn: Turn, failure: ChatappError | None, *, latency_ms: int) -> None:
        """Save how the turn ends. One of which nothing could be saved before is not kept if that fails.

        Raises:
            StoreUnavailableError: it cannot be saved, but its beginning was.
        """
        self._is_ending = True
        self._rounds.hurry()  # the end is not to wait for others that save what they have got to
        if await self._has_begun():
            await super().finish(turn, failure, latency_ms=latency_ms)
            return
        if not turn.has_content and final_status(turn, failure) != "complete":
            return
        try:
            await self._keep(turn, failure, latency_ms)
        except StoreUnavailableError as error:
            log.warning("%s: this answer is not kept. %s", turn.request_id, error.detail)
        except DEFECTS as defect:  # of ours, which the answer is not to be lost by
            log.error("%s: this answer is not kept. %s", turn.request_id, described(defect))

    async def _has_begun(self) -> bool:
        if self._beginning is not None:
            with suppress(StoreUnavailableError, *DEFECTS):  # nothing of it is saved: `finish` tries once more
                await asyncio.shield(self._beginning)
                return True
        return False

    async def _begun(self, turn: Turn, *, is_urgent: bool = False) -> BegunTurn:
        beginning = partial(
            self._store.turns.beginning_held,
            self._question,
            self._held,
            process_id=this_process(),
            fallback_model=self._fallback_model,
            turn_id=turn.id,
        )
        begun = await self._rounds.begin(beginning, is_urgent=is_urgent or self._is_ending)
        self._kept_in(turn, begun.conversation_id)
        return begun

    async def _keep(self, turn: Turn, failure: ChatappError | None, latency_ms: int) -> None:
        """Save the turn as it ended; where something beside its text cannot be stored, without all that."""
        ending = ending_of(turn, failure, latency_ms=latency_ms)
        try:
            conversation_id = await self._keeper.keep(self._whole(turn, ending))
        except DEFECTS as defect:  # which would cost the client an answer that is there
            log.error("turn %s is saved without what stands beside its text: %s", turn.id, type(defect).__name__)
            conversation_id = await self._keeper.keep(self._whole(turn, said_alone(ending)))
        self._kept_in(turn, conversation_id)

    def _whole(self, turn: Turn, ending: Ending) -> WholeTurn:
        return WholeTurn(
            id=turn.id,
            question=self._question,
            held=self._held,
            asked_at=turn.asked_at,
            process_id=this_process(),
            model=turn.model,
            ending=ending,
            said=_said(ending["text"], turn.tool_calls),
        )

    def _kept_in(self, turn: Turn, conversation_id: str | None) -> None:
        turn.conversation_id = conversation_id
        self._held.kept()

    def _answer_hash(self, turn: Turn) -> str | None:
        said = _said(turn.text, turn.tool_calls)
        return self._held.hash_behind(said) if said else None


def _said(text: str, calls: list[ToolCallPart]) -> Message | None:
    """Return the answer, by which the conversation is found again; one that says nothing never comes back."""
    return Message("assistant", (TextPart(text), *calls)) if text or calls else None
