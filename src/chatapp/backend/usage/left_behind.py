"""What killed processes have left of calls to models is written into the store, once, by whoever finds it first."""

import logging
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from chatapp.backend.models.chat_model import TokenUsage
from chatapp.backend.store import ModelCall, Reservations
from chatapp.backend.store.failures import DEFECTS
from chatapp.backend.turns.call_record import BegunCall, CallPricer
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.backend.usage.journal import ENDING, MOST_BYTES, MOST_COUNT, PART, Entry, lock, writable_call
from chatapp.errors import StoreUnavailableError

_NEW_S = 60.0
"""How old a file is at least that nobody has finished to make."""

_AT_ONCE = 500

log = logging.getLogger(__name__)

_decoder = msgspec.json.Decoder(Entry)


class Left(NamedTuple):
    """Calls that had `ended` when their process was killed, and what is known of those that it was making, by tries.

    Of the latter nobody has said what those cost that are to be `priced`.
    """

    ended: list[ModelCall]
    lost: list[ModelCall]
    priced: frozenset[str]


class LeftBehind:
    """What killed processes have left in `folder`, which may be missing."""

    def __init__(self, folder: Path, reservations: Reservations, pricer: CallPricer) -> None:
        self._folder = folder
        self._reservations = reservations
        self._pricer = pricer

    def write_down(self) -> list[ModelCall]:
        """Write it into the store, and return the calls that nobody saw the end of.

        Who is killed on the way leaves it to the next, who finds what is written down already.

        Raises:
            StoreUnavailableError: it cannot be written; it waits in the folder.
        """
        lost: list[ModelCall] = []
        for path in self._folder.glob(f"*{ENDING}"):
            try:
                with suppress(OSError), _abandoned(path) as content:
                    found = self._written(left_in(content))
                    path.unlink()
                    lost += found
            except StoreUnavailableError:
                if not lost:
                    raise
                break  # nobody would tell again of those whose file is gone
        for path in self._folder.glob(f"*{PART}"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - _NEW_S:
                    path.unlink()
        return lost

    def _written(self, left: Left) -> list[ModelCall]:
        """Return the lost calls as they are on record now."""
        found: list[ModelCall] = []
        lost = [self._priced(call) if call.id in left.priced else call for call in left.lost]
        for start in range(0, max(len(left.ended), len(lost)), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            found += self._recovered(left.ended[part], lost[part])
        return found

    def _recovered(self, ended: Sequence[ModelCall], lost: Sequence[ModelCall]) -> list[ModelCall]:
        """Return the lost calls as they are on record now; one that can never be stored holds no other back."""
        try:
            with self._reservations.book(is_gone=is_gone, reader=this_process()) as book:
                return book.recover(ended, lost)
        except DEFECTS as defect:
            if len(ended) + len(lost) == 1:
                log.error("a call to a model could not be written down: %s", type(defect).__name__)
                return []
        found = [self._recovered([call], []) for call in ended]
        found += [self._recovered([], [call]) for call in lost]
        return [call for calls in found for call in calls]

    def _priced(self, call: ModelCall) -> ModelCall:
        usage = TokenUsage(call.prompt_tokens or 0, 0, call.prompt_tokens or 0)
        cost, source = self._pricer.price(usage, connection=call.connection, models=(call.model,), when=call.created_at)
        return replace(call, cost_pico=cost, price_source=source)


def left_in(content: bytes) -> Left:
    """Return the calls in a journal. What is no line of one, as its last when it was cut, is passed over."""
    ended: dict[str, ModelCall] = {}
    made: dict[str, tuple[Entry, list[ModelCall]]] = {}
    for line in content.splitlines():
        with suppress(msgspec.DecodeError, RecursionError, ValueError, OverflowError, OSError):
            entry = _decoder.decode(line)
            calls = list(map(_storable, [_lost(entry.begun)] if entry.begun is not None else entry.calls))
            if entry.has_ended:
                ended.update({call.id: call for call in calls})
            elif calls:  # the tries of a call have in common what their ids have before the dot
                made[calls[-1].id.partition(".")[0]] = entry, calls
    lost = [told for question, told in made.items() if question not in ended]
    priced = [entry.begun.id for entry, _ in lost if entry.begun is not None and entry.is_plain]
    return Left(list(ended.values()), [call for _, calls in lost for call in calls], frozenset(priced))


def _storable(call: ModelCall) -> ModelCall:
    """Return a call as every store can hold it: one that none can would keep the others out, and us from starting.

    Raises:
        ValueError: it is nonsense.
        OverflowError: its time is.
    """
    call.created_at.astimezone(UTC)
    if abs(call.duration_ms) > MOST_COUNT:
        raise ValueError(call.duration_ms)
    return writable_call(call)


def _lost(begun: BegunCall) -> ModelCall:
    """Return a call of which nobody knows more than that it was made."""
    told = begun._asdict()
    began = datetime.fromtimestamp(told.pop("began_at"), UTC)
    end: dict[str, Any] = {"status": "interrupted", "duration_ms": 0, "completion_tokens": 0, "is_estimated": True}
    return ModelCall(**told, created_at=began, **end)


def _opened(path: Path) -> int:
    """Return a handle on a journal, for writing where that may be: over NFS no other can be locked."""
    for access in (os.O_RDWR, os.O_RDONLY):
        with suppress(OSError):
            return os.open(path, access | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe of that name would never open
    raise FileNotFoundError(str(path))


@contextmanager
def _abandoned(path: Path) -> Iterator[bytes]:
    """Return what is in a journal, which nobody else takes until the block ends.

    Raises:
        OSError: its process lives, somebody else has taken it, or it is no file.
    """
    file = _opened(path)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError("it is no file")
        lock(file)
        if os.fstat(file).st_ino != path.stat().st_ino:  # its process has put another in its place
            raise FileNotFoundError(str(path))
        with os.fdopen(os.dup(file), "rb") as opened:
            yield opened.read(2 * MOST_BYTES)
    finally:
        os.close(file)
