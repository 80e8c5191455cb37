"""What killed processes have left of calls to models is written into the store, once, by whoever finds it first."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from chatapp.backend.store import ModelCall, Reservations
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.backend.usage.journal import ENDING, PART, Entry, lock

_NEW_S = 60.0
"""How old a file is at least that nobody has finished to make."""

_AT_ONCE = 500

_decoder = msgspec.json.Decoder(Entry)


class Left(NamedTuple):
    """Calls that had `ended` when their process was killed, and what is known of those that it was making, by tries."""

    ended: list[ModelCall]
    lost: list[ModelCall]


def write_down_left(folder: Path, reservations: Reservations) -> list[ModelCall]:
    """Write down what is left in `folder`, which may be missing, and return the calls that nobody saw the end of.

    Who is killed on the way leaves it to the next, who finds what is written down already.

    Raises:
        StoreUnavailableError: it cannot be written; it waits in the folder.
    """
    lost: list[ModelCall] = []
    for path in folder.glob(f"*{ENDING}"):
        with suppress(OSError), _abandoned(path) as content:
            found = _written(left_in(content), reservations)
            path.unlink()
            lost += found
    for path in folder.glob(f"*{PART}"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _NEW_S:
                path.unlink()
    return lost


def left_in(content: bytes) -> Left:
    """Return the calls in a journal. What is no line of one, as its last when it was cut, is passed over."""
    ended: dict[str, ModelCall] = {}
    open_: dict[str, list[ModelCall]] = {}
    for line in content.splitlines():
        with suppress(msgspec.DecodeError, RecursionError):
            entry = _decoder.decode(line)
            if entry.has_ended:
                ended.update({call.id: call for call in entry.calls})
            elif entry.calls:
                open_[_question(entry.calls[-1])] = entry.calls
    lost = [call for question, calls in open_.items() if question not in ended for call in calls]
    return Left(list(ended.values()), lost)


def _written(left: Left, reservations: Reservations) -> list[ModelCall]:
    """Return the lost calls as they are on record now."""
    lost: list[ModelCall] = []
    for start in range(0, max(len(left.ended), len(left.lost)), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        with reservations.book(is_gone=is_gone, reader=this_process()) as book:
            lost += book.recover(left.ended[part], left.lost[part])
    return lost


def _question(call: ModelCall) -> str:
    """Return what the tries of a call have in common: what their ids have before the dot."""
    return call.id.partition(".")[0]


@contextmanager
def _abandoned(path: Path) -> Iterator[bytes]:
    """Return what is in a journal, which nobody else takes until the block ends.

    Raises:
        OSError: its process lives, or somebody else has taken it.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        lock(file)
        if os.fstat(file).st_ino != path.stat().st_ino:  # its process has put another in its place
            raise FileNotFoundError(str(path))
        with os.fdopen(os.dup(file), "rb") as opened:
            yield opened.read()
    finally:
        os.close(file)
