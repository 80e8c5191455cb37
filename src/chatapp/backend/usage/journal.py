"""Calls to models that are not in the store yet, in a file of this process: what a killed one has left is not lost.

A line is written before a server is asked, and another when the call has ended: a system call each, which outlives the
process, as nothing waits for the disk. A lock on the file, which ends with its process, tells whether it lives.
"""

import logging
import os
import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from chatapp.backend.store import ModelCall
from chatapp.backend.turns.call_record import BegunCall, CallRecord
from chatapp.backend.usage.pricing import is_plain

ENDING, PART = ".calls", ".part"
MOST_BYTES = 64 * 1024**2
"""How long a file gets while the store cannot be written; what comes then is in memory alone."""

_LONG = 256 * 1024
MOST_COUNT = 2**62

log = logging.getLogger(__name__)


class Entry(msgspec.Struct, omit_defaults=True):
    """A line: a call that has `begun`, or that has ended, or else what to write down if nobody lives to see its end.

    The price of one that `is_plain` follows from its tokens.
    """

    begun: BegunCall | None = None
    is_plain: bool = True
    calls: list[ModelCall] = []
    has_ended: bool = False


class Journal:
    """What this process writes into `folder`. Where it cannot, the log says so once, and calls go on without."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{uuid4().hex}{ENDING}"
        self._file: int | None = None
        self._size = 0
        self._open: dict[str, CallRecord] = {}
        self._said: dict[str, int | None] = {}  # what was written of calls last
        self._rests = self._has_warned = False

    def begin(self, call: CallRecord) -> None:
        """Write down a call that is made now, or which of its tries have come to nothing."""
        self._open[call.id] = call
        if call.tries:
            self._write(Entry(calls=call.so_far()))
        else:
            self._write(Entry(call.begun(), is_plain(call.request)))

    def end(self, call: ModelCall) -> None:
        """Write down what a call has taken."""
        self._open.pop(call.id, None)
        self._said.pop(call.id, None)
        self._write(Entry(calls=[call], has_ended=True))

    def follow(self) -> None:
        """Write down how far the calls have come that are being made."""
        for call in self._open.values():
            calls = call.so_far()
            if not calls:  # its only try has failed, and no other has begun: its end is told in a moment
                continue
            said = calls[-1].completion_tokens
            if self._said.get(call.id, -1) != said:
                self._said[call.id] = said
                self._write(Entry(calls=calls))

    def settle(self) -> None:
        """Forget all calls that have ended: they are in the store."""
        try:
            if self._rests or self._size > _LONG:
                self._begin_anew()
            elif self._file is not None and self._size and not self._open:
                os.ftruncate(self._file, 0)
                self._size = 0
            self._rests = False
        except OSError as error:
            self._rest(error)

    def close(self) -> None:
        """Let the file be; what is left in it is not in the store, and for the next process to write down."""
        if self._file is not None:
            if not self._size:
                self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _write(self, entry: Entry) -> None:
        if self._rests or self._size > MOST_BYTES:
            return
        try:
            if self._file is None:
                self._begin_anew()
            if self._file is not None:
                line = _line(entry)
                _append(self._file, line)
                self._size += len(line)
        except OSError as error:
            self._rest(error)

    def _begin_anew(self) -> None:
        """Put a file that has the calls which are being made in the place of the one there was.

        Raises:
            OSError: it cannot be made. The one there was stays, and is locked: what is in it is not in the store yet.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part, old = self._path.with_suffix(PART), self._file
        lines = b"".join([_line(Entry(calls=call.so_far())) for call in self._open.values()])
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            lock(file)
            _append(file, lines)
            part.replace(self._path)
        except OSError:
            with suppress(OSError):
                part.unlink()
            os.close(file)
            raise
        self._file, self._size = file, len(lines)
        if old is not None:
            os.close(old)

    def _rest(self, error: OSError) -> None:
        """Write nothing behind a line that may be cut, until the store has what there is and a file can be begun."""
        self._rests = True
        if not self._has_warned:
            self._has_warned = True
            log.warning("Calls to models of the last second are not on record if this process is killed: %s", error)


def _append(file: int, lines: bytes) -> None:
    if os.write(file, lines) < len(lines):
        raise OSError("the disk is full")


def _line(entry: Entry) -> bytes:
    try:
        return msgspec.json.encode(entry) + b"\n"
    except (UnicodeEncodeError, OverflowError):
        calls = list(map(writable_call, entry.calls))
        begun = BegunCall(*map(_writable, entry.begun)) if entry.begun else None
        return msgspec.json.encode(Entry(begun, entry.is_plain, calls, entry.has_ended)) + b"\n"


def writable_call(call: ModelCall) -> ModelCall:
    """Return a call with nothing in it that some store cannot hold."""
    return ModelCall(**{field.name: _writable(getattr(call, field.name)) for field in fields(call)})


def _writable(value: Any) -> Any:
    """Return what every store can hold in place of half characters, of none, and of counts that are nonsense."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", "?")
    return None if isinstance(value, int) and abs(value) > MOST_COUNT else value


if sys.platform == "win32":

    def lock(file: int) -> None:
        """Raise an error: nobody could tell there who has locked a file."""
        raise OSError("files cannot be locked")

else:
    import fcntl

    def lock(file: int) -> None:
        """Lock a file until it is closed or this process ends.

        Raises:
            OSError: another process has locked it, or it cannot be locked where it is.
        """
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
