"""Turns in the store as the backend saves them, for tests that have no event loop."""

import asyncio
from functools import partial
from typing import Any, TypeVar

from chatapp.backend.store import BegunTurn, Job, Store
from chatapp.backend.turns.rounds import Rounds
from chatapp.protocol.question import Question

T = TypeVar("T")


def begin_turn(store: Store, question: Question, *, process_id: str, fallback_model: str) -> BegunTurn:
    """Begin the turn that answers `question`."""
    if question.held is None:
        return store.turns.begin(question, process_id=process_id, fallback_model=fallback_model)
    maker: dict[str, Any] = {"process_id": process_id, "fallback_model": fallback_model, "turn_id": None}
    return asyncio.run(Rounds(store).begin(partial(store.turns.beginning_held, question, question.held, **maker)))


def save_turn(store: Store, turn_id: str, **so_far: Any) -> bool:
    """Save the answer so far and return whether its maker should stop."""
    return _done(store, store.turns.saving(turn_id, **so_far))


def finish_turn(store: Store, turn_id: str, **ending: Any) -> None:
    """Save how the turn ended."""
    _done(store, store.turns.finishing(turn_id, **ending))


def _done(store: Store, job: Job[T]) -> T:
    store.database.do_all([job])
    return job.result()
