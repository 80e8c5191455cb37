"""Turns: each is one question and its answer. The application owns them; HTTP responses only read along."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from weakref import WeakSet

from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.models.chat_model import ChatModel, ModelRequest
from chatapp.backend.store import BegunTurn, Store, TrustedClock
from chatapp.backend.tasks import defect_of
from chatapp.backend.turns.admissions import CallGate
from chatapp.backend.turns.call_record import CallPricer, TurnObserver
from chatapp.backend.turns.context_fitter import TokenScales, conversation
from chatapp.backend.turns.finished import FinishedTurns
from chatapp.backend.turns.held_record import HeldTurnRecord
from chatapp.backend.turns.keeper import Keeper
from chatapp.backend.turns.preview import Preview, preview
from chatapp.backend.turns.process import this_process
from chatapp.backend.turns.record import TurnRecord
from chatapp.backend.turns.recovery import end_orphans, run_maintenance
from chatapp.backend.turns.remote import RemoteTurn
from chatapp.backend.turns.rounds import Rounds
from chatapp.backend.turns.runner import TurnRunner
from chatapp.backend.turns.turn import Turn
from chatapp.config.settings import Settings
from chatapp.errors import ChatappError, NotFoundError, OverloadedError, ShuttingDownError
from chatapp.protocol.question import HeldConversation, Question

DISMISS_S = 1.0
"""How long readers wait for their answers to be saved when the process ends: they are told why before they are cut."""

SAVING_S = 2.0
"""How long answers that are cut by the end of the process may take to be saved."""


class TurnRegistry:
    """All turns of this process, and the way to those of others."""

    def __init__(
        self,
        model: ChatModel,
        settings: Settings,
        store: Store,
        *,
        observers: Sequence[TurnObserver] = (),
        pricer: CallPricer | None = None,
        gate: CallGate | None = None,
        wording: AttachmentWording | None = None,
        on_end: Callable[[Turn], None] | None = None,
    ) -> None:
        self._model = model
        self._settings = settings
        self._store = store
        self._observers = observers
        self._pricer = pricer
        self._scales = TokenScales()
        self._gate = gate
        self._wording = wording
        self._on_end = on_end
        self._active: dict[str, Turn] = {}
        self._finished = FinishedTurns()
        self._keeper = Keeper(store, has_others=lambda: len(self._active) > self._keeper.count)
        self._rounds = Rounds(store)
        self._followed: WeakSet[RemoteTurn] = WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._beginning = 0
        self._others: set[Callable[[ChatappError], None]] = set()
        self._is_closing = False

    async def start(self, question: Question, *, request_id: str | None = None) -> Turn:
        """Begin to answer; with an Idempotency-Key that was seen before, give the turn of then.

        Raises:
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many turns as allowed are active.
            NotFoundError: no such conversation or message.
            TurnActiveError: the conversation is still answering.
            IdempotencyConflictError: the key was used with another body.
            StoreUnavailableError: the question cannot be saved.
        """
        default = await self._model.default_model()
        self._require_room()
        if question.held is not None or (not question.store and question.idempotency_key is None):
            return await self._start_unsaved(question, default, request_id)
        self._beginning += 1
        try:
            begun = await asyncio.to_thread(
                self._store.turns.begin, question, process_id=this_process(), fallback_model=default
            )
        finally:
            self._beginning -= 1
        if begun.replayed:
            return await self.find(begun.turn_id, owner=question.owner)
        turn = Turn(
            begun.model,
            turn_id=begun.turn_id,
            owner=question.owner,
            conversation_id=begun.conversation_id,
            outlives_readers=question.outlives_readers,
            request_id=request_id,
            surface=question.surface,
        )
        turn.project_id = begun.project_id
        question.parameters = {**(begun.sampling or {}), **question.parameters}
        return self._make(
            turn, question, begun if question.store else None, record=TurnRecord(self._store, self._rounds)
        )

    async def _start_unsaved(self, question: Question, default: str, request_id: str | None) -> Turn:
        """Begin a turn of which nothing is saved yet: its client holds the conversation, or nobody keeps it."""
        held = question.held
        turn = Turn(
            question.model or default,
            owner=question.owner,
            outlives_readers=held is not None and question.outlives_readers,
            request_id=request_id,
            surface=question.surface,
        )
        record = await self._held_record(turn, question, held, default) if held is not None else None
        return self._make(turn, question, None, record=record)

    async def _held_record(
        self, turn: Turn, question: Question, held: HeldConversation, fallback_model: str
    ) -> HeldTurnRecord:
        """Return the record of a turn: begun where its client may leave, and look for the answer elsewhere."""
        record = HeldTurnRecord(
            self._store, self._keeper, question, held, fallback_model=fallback_model, rounds=self._rounds
        )
        if question.outlives_readers:
            self._beginning += 1
            try:
                await record.begin(turn)
            finally:
                self._beginning -= 1
        return record

    async def preview(self, question: Question) -> Preview:
        """Return what `question` would be asked with, without asking it.

        Raises:
            NotFoundError: no such conversation or message.
            StoreUnavailableError: it cannot be read.
        """
        return await preview(question, model=self._model, store=self._store, scales=self._scales, wording=self._wording)

    def _require_room(self) -> None:
        if self._is_closing:
            raise shutting_down()
        if len(self._active) + len(self._others) + self._beginning >= self._settings.max_active_turns:
            raise OverloadedError("Too many answers are being made.", hint="Ask again in a moment.", retry_after=1)

    @contextmanager
    def counting(self, stop: Callable[[ChatappError], None]) -> Iterator[None]:
        """Count what the block asks a model for among the turns; `stop` is called with why when the backend stops.

        Raises:
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many turns as allowed are active.
        """
        self._require_room()
        self._others.add(stop)
        try:
            yield
        finally:
            self._others.discard(stop)

    async def find(self, turn_id: str, *, owner: str = "") -> Turn:
        """Return a turn, wherever it is made.

        Raises:
            NotFoundError: there is none with this id, or it is somebody else's.
        """
        turn = self._made_here(turn_id, owner)
        if turn is not None:
            return turn
        stored = await asyncio.to_thread(self._store.turns.get, turn_id, owner=owner)
        followed = RemoteTurn(stored, self._store, owner=owner)
        self._followed.add(followed)
        if self._is_closing:
            followed.stop(shutting_down())
        return followed

    async def cancel(self, turn_id: str, *, owner: str = "") -> None:
        """Stop a turn, or ask the process that makes it to.

        Raises:
            NotFoundError: there is none with this id, or it is somebody else's.
        """
        turn = self._made_here(turn_id, owner)
        if turn is not None:
            turn.stop()
        else:
            await asyncio.to_thread(self._store.turns.request_cancel, turn_id, owner=owner)

    async def end_orphans(self) -> None:
        """End the turns whose process is gone, as far as their text was saved."""
        await end_orphans(self._store, active_ids=list(self._active))

    async def run_maintenance(self) -> None:
        """Again and again, end the turns whose process is gone, and remove what has been kept for long enough."""
        clock = TrustedClock(self._settings.data_dir)
        await run_maintenance(self._store, active_ids=lambda: list(self._active), clock=clock)

    @property
    def active_count(self) -> int:
        """How many answers are being made."""
        return len(self._active)

    @property
    def is_closing(self) -> bool:
        """Return whether the backend is stopping."""
        return self._is_closing

    def begin_shutdown(self) -> None:
        """Take no more questions and end all answers with the error `shutting_down`."""
        self._is_closing = True
        for turn in [*self._active.values(), *self._followed]:
            turn.stop(shutting_down())
        for stop in list(self._others):
            stop(shutting_down())
        asyncio.get_running_loop().call_later(DISMISS_S, self._dismiss_readers)

    def _dismiss_readers(self) -> None:
        for turn in self._active.values():
            turn.dismiss(shutting_down())

    async def close(self) -> None:
        """End all answers and wait until they are saved and their connections closed."""
        self.begin_shutdown()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=SAVING_S)

    def _make(self, turn: Turn, question: Question, saved: BegunTurn | None, *, record: TurnRecord | None) -> Turn:
        settings = self._model.timeouts_for(turn.model).over(self._settings)
        request = ModelRequest(
            messages=[] if question.wire_messages is not None else conversation(question, saved),
            model=turn.model,
            parameters=question.parameters,
            wire_messages=question.wire_messages,
        )
        maker = TurnRunner(
            turn,
            request,
            model=self._model,
            settings=settings,
            record=record,
            observers=self._observers,
            pricer=self._pricer,
            scales=self._scales,
            gate=self._gate,
            wording=self._wording,
        )
        task = asyncio.create_task(maker.run(), name=f"turn {turn.id}")
        self._active[turn.id] = turn
        self._tasks.add(task)
        task.add_done_callback(partial(self._retire, turn, is_saved=record is not None))
        if self._is_closing:
            turn.stop(shutting_down())
        return turn

    def _made_here(self, turn_id: str, owner: str) -> Turn | None:
        turn = self._active.get(turn_id) or self._finished.get(turn_id)
        if turn is not None and turn.owner != owner:
            raise NotFoundError("There is no such turn.")
        return turn

    def _retire(self, turn: Turn, task: "asyncio.Task[None]", *, is_saved: bool) -> None:
        """Keep a turn whose task is gone for a while, unless the store does; end it if the task did not."""
        self._tasks.discard(task)
        if not turn.is_over:
            is_saved = False
            turn.end(defect_of(task, what="A turn") or shutting_down())
        self._active.pop(turn.id, None)
        if not is_saved:
            self._finished.add(turn)
        if self._on_end is not None:
            self._on_end(turn)


def shutting_down() -> ShuttingDownError:
    """Return the error for questions that come, and answers that are cut, while the backend stops."""
    return ShuttingDownError("The backend is shutting down.", hint="Ask again in a moment.", retry_after=5)
