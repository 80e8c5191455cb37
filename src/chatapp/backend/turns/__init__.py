"""Turns: each is one question and its answer. The application owns them; HTTP responses only read along."""

import asyncio
import logging
import traceback
from collections import OrderedDict

from chatapp.backend.llm import ChatModel
from chatapp.backend.turns.turn import CLOSING_S, Question, Turn
from chatapp.errors import InternalError, NotFoundError, OverloadedError, ShuttingDownError
from chatapp.settings import Settings

FINISHED_KEPT = 256
"""How many finished turns a reader can still come back to."""

log = logging.getLogger(__name__)


class Turns:
    """All turns of this process."""

    def __init__(self, model: ChatModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        self._active: dict[str, Turn] = {}
        self._finished: OrderedDict[str, Turn] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    def start(self, question: Question, *, owner: str = "", request_id: str | None = None) -> Turn:
        """Begin to answer.

        Raises:
            ShuttingDownError: the backend is stopping.
            OverloadedError: as many turns as allowed are active.
        """
        if self._is_closing:
            raise shutting_down()
        if len(self._active) >= self._settings.max_active_turns:
            raise OverloadedError("Too many answers are being made.", hint="Ask again in a moment.", retry_after=1)
        turn = Turn(question, model=self._model, settings=self._settings, owner=owner, request_id=request_id)
        self._active[turn.id] = turn
        task = turn.begin()
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._retire(turn, task))
        return turn

    def find(self, turn_id: str, *, owner: str = "") -> Turn:
        """Give an active or recently finished turn.

        Raises:
            NotFoundError: there is none with this id, or it is somebody else's.
        """
        turn = self._active.get(turn_id) or self._finished.get(turn_id)
        if turn is None or turn.owner != owner:
            raise NotFoundError("There is no such turn.")
        return turn

    def begin_shutdown(self) -> None:
        """Take no more questions and end all answers with the error `shutting_down`."""
        self._is_closing = True
        for turn in list(self._active.values()):
            turn.stop(shutting_down())

    async def close(self) -> None:
        """End all answers and wait until their connections are closed."""
        self.begin_shutdown()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING_S)

    def _retire(self, turn: Turn, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        turn.settle(_defect_of(task))
        self._active.pop(turn.id, None)
        self._finished[turn.id] = turn
        if len(self._finished) > FINISHED_KEPT:
            self._finished.popitem(last=False)


def _defect_of(task: "asyncio.Task[None]") -> InternalError | None:
    """Log what a task raised that it should not have, without its words: they may hold a prompt."""
    defect = None if task.cancelled() else task.exception()
    if defect is None:
        return None
    log.error("A turn failed with %s\n%s", type(defect).__name__, "".join(traceback.format_tb(defect.__traceback__)))
    return InternalError("Something went wrong in the backend.", hint="Its log says more.")


def shutting_down() -> ShuttingDownError:
    """Give the error for questions that come, and answers that are cut, while the backend stops."""
    return ShuttingDownError("The backend is shutting down.", hint="Ask again in a moment.", retry_after=5)
