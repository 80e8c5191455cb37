"""Turns: each is one question and its answer. The application owns them; HTTP responses only read along."""

import asyncio
import logging
import os
import socket
import traceback
import uuid
from collections import OrderedDict

from chatapp.backend.llm import ChatModel, ModelRequest
from chatapp.backend.store import BegunTurn, NewTurn, Store
from chatapp.backend.turns.following import follow, followed
from chatapp.backend.turns.making import CLOSING_S, TurnMaker
from chatapp.backend.turns.question import Question
from chatapp.backend.turns.record import TurnRecord
from chatapp.backend.turns.turn import Turn
from chatapp.errors import InternalError, NotFoundError, OverloadedError, ShuttingDownError, StoreUnavailableError
from chatapp.events import Message
from chatapp.settings import Settings

FINISHED_KEPT = 256
"""How many finished turns a reader can still come back to without the store."""

ORPHANS_EVERY_S = 5.0

log = logging.getLogger(__name__)


class Turns:
    """All turns of this process, and the way to those of others."""

    def __init__(self, model: ChatModel, settings: Settings, store: Store) -> None:
        self.process_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._model = model
        self._settings = settings
        self._store = store
        self._active: dict[str, Turn] = {}
        self._finished: OrderedDict[str, Turn] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def start(self, question: Question, *, owner: str = "", request_id: str | None = None) -> Turn:
        """Begin to answer; with an Idempotency-Key that was seen before, give the turn of then.

        Raises:
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many turns as allowed are active.
            NotFoundError: no such conversation or message.
            TurnActiveError: the conversation is still answering.
            IdempotencyConflictError: the key was used with another body.
            StoreUnavailableError: the question cannot be saved.
        """
        if self._is_closing:
            raise shutting_down()
        if len(self._active) >= self._settings.max_active_turns:
            raise OverloadedError("Too many answers are being made.", hint="Ask again in a moment.", retry_after=1)
        if not question.is_stored and question.key is None:
            turn = Turn(question.model or self._model.name, owner=owner, request_id=request_id)
            return self._make(turn, question, question.messages(), record=None)
        begun = await asyncio.to_thread(self._store.turns.begin, self._new_turn(question, owner))
        if begun.replayed:
            return await self.find(begun.turn_id, owner=owner)
        turn = Turn(
            begun.model,
            turn_id=begun.turn_id,
            owner=owner,
            conversation_id=begun.conversation_id,
            outlives_readers=True,
            request_id=request_id,
        )
        messages = _messages(begun) if question.is_stored else question.messages()
        return self._make(turn, question, messages, record=TurnRecord(self._store))

    async def find(self, turn_id: str, *, owner: str = "") -> Turn:
        """Give a turn, wherever it is made.

        Raises:
            NotFoundError: there is none with this id, or it is somebody else's.
        """
        turn = self._active.get(turn_id) or self._finished.get(turn_id)
        if turn is None:
            stored = await asyncio.to_thread(self._store.turns.get, turn_id, owner=owner)
            turn = followed(stored, owner=owner)
            self._own(turn, asyncio.create_task(follow(turn, self._store), name=f"turn {turn_id}, followed"))
        if turn.owner != owner:
            raise NotFoundError("There is no such turn.")
        return turn

    async def cancel(self, turn_id: str, *, owner: str = "") -> None:
        """Stop a turn, or ask the process that makes it to.

        Raises:
            NotFoundError: there is none with this id, or it is somebody else's.
        """
        turn = self._active.get(turn_id)
        if turn is not None and turn.owner == owner:
            turn.stop()
        elif turn_id not in self._finished:
            await asyncio.to_thread(self._store.turns.request_cancel, turn_id, owner=owner)

    async def tidy_up(self) -> None:
        """Again and again, end the turns whose process is gone."""
        while True:
            try:
                orphans = await asyncio.to_thread(self._store.turns.interrupt_orphans, is_gone=_is_gone)
            except StoreUnavailableError:
                orphans = []
            if orphans:
                log.warning("%d unfinished answers of a process that is gone are marked as interrupted", len(orphans))
            await asyncio.sleep(ORPHANS_EVERY_S)

    def begin_shutdown(self) -> None:
        """Take no more questions and end all answers with the error `shutting_down`."""
        self._is_closing = True
        for turn in list(self._active.values()):
            turn.stop(shutting_down())

    async def close(self) -> None:
        """End all answers and wait until they are saved and their connections closed."""
        self.begin_shutdown()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING_S)

    def _new_turn(self, question: Question, owner: str) -> NewTurn:
        return NewTurn(
            owner=owner,
            process_id=self.process_id,
            fallback_model=self._model.name,
            prompt=question.prompt,
            conversation_id=question.conversation_id,
            parent_id=question.parent_id,
            system=question.system,
            model=question.model,
            is_stored=question.is_stored,
            idempotency_key=question.key,
            body_hash=question.body_hash,
        )

    def _make(self, turn: Turn, question: Question, messages: list[Message], *, record: TurnRecord | None) -> Turn:
        request = ModelRequest(messages=messages, model=turn.model, parameters=question.parameters)
        maker = TurnMaker(turn, request, model=self._model, settings=self._settings, record=record)
        self._own(turn, asyncio.create_task(maker.run(), name=f"turn {turn.id}"))
        return turn

    def _own(self, turn: Turn, task: "asyncio.Task[None]") -> None:
        turn.task = task
        self._active[turn.id] = turn
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._retire(turn, task))

    def _retire(self, turn: Turn, task: "asyncio.Task[None]") -> None:
        """Keep a turn whose task is gone for a while; end it if the task did not."""
        self._tasks.discard(task)
        if not turn.is_over:  # stopped before its first step, or a defect
            turn.end(_defect_of(task) or turn.stop_error)
        self._active.pop(turn.id, None)
        self._finished[turn.id] = turn
        if len(self._finished) > FINISHED_KEPT:
            self._finished.popitem(last=False)


def _messages(begun: BegunTurn) -> list[Message]:
    system = [Message(role="system", content=begun.system)] if begun.system else []
    return [*system, *begun.history]


def _defect_of(task: "asyncio.Task[None]") -> InternalError | None:
    """Log what a task raised that it should not have, without its words: they may hold a prompt."""
    defect = None if task.cancelled() else task.exception()
    if defect is None:
        return None
    log.error("A turn failed with %s\n%s", type(defect).__name__, "".join(traceback.format_tb(defect.__traceback__)))
    return InternalError("Something went wrong in the backend.", hint="Its log says more.")


def _is_gone(process_id: str) -> bool:
    """Say whether `process_id` named a process of this machine that does not run any more."""
    host, pid, _ = process_id.rsplit(":", 2)
    if host != socket.gethostname() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def shutting_down() -> ShuttingDownError:
    """Give the error for questions that come, and answers that are cut, while the backend stops."""
    return ShuttingDownError("The backend is shutting down.", hint="Ask again in a moment.", retry_after=5)
