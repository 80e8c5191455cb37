"""One reader of a turn: an offset into its events."""

import asyncio
from bisect import bisect_right
from types import TracebackType
from typing import Self

from chatapp.backend.turns.turn import Turn, settle
from chatapp.errors import ChatappError
from chatapp.protocol.events import DELTAS, Event, Failed


class Reader:
    """Somebody who reads along from a position; takes all that has gathered at once, so being slow costs nothing."""

    def __init__(self, turn: Turn, *, after: int = 0, wants_deltas: bool = True) -> None:
        self.turn = turn
        self._wants_deltas = wants_deltas
        self._after = after
        self._next = 0
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self.has_left = False
        self._abort_error: ChatappError | None = None
        self.is_idle = False

    def __enter__(self) -> Self:
        self.turn.join(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.leave()

    def leave(self) -> None:
        """Read no further."""
        self.has_left = True
        self.turn.leave(self)
        self.wake()

    def abort(self, error: ChatappError) -> None:
        """Let the next event be `error`, and the last."""
        self._abort_error = error
        self.wake()

    def wake_idle(self) -> None:
        """Let `wait` return once although nothing has come."""
        self.is_idle = True
        self.wake()

    def is_at_end(self) -> bool:
        """Return whether this reader has everything, or has left."""
        return self.has_left or (self.turn.is_over and self._next >= len(self.turn.entries))

    def take(self) -> list[tuple[Event, int]]:
        """Return all events behind this reader's position, each with where it ends, neighbouring pieces of text as one.

        May be empty: then somebody woke this reader.
        """
        if self._abort_error is not None:
            self.leave()
            told = Failed(self._abort_error.as_dict(self.turn.request_id))
            return [(told, max(self._after, self.turn.ends[max(self._next - 1, 0)]))]
        known = self._skip_to_start() if self._after else 0
        entries, ends = self.turn.entries, self.turn.ends
        if self._next == len(entries) - 1 and not known:  # as almost always: there is nothing to join
            self._next += 1
            return [(entries[-1], ends[-1])]
        taken: list[tuple[Event, int]] = []
        at, size = self._next, len(entries)
        while at < size:
            event, kind = entries[at], type(entries[at])
            first, at = at, at + 1
            if isinstance(event, DELTAS):
                while at < size and type(entries[at]) is kind:
                    at += 1
                if known or at > first + 1:
                    pieces = [piece.text for piece in entries[first:at] if isinstance(piece, DELTAS)]
                    event = type(event)("".join(pieces)[known:])
            taken.append((event, ends[at - 1]))
            known = 0
        self._next = at
        return taken

    def wait(self) -> asyncio.Future[None]:
        """Return what is done when there is something to take, or when woken."""
        self.is_idle = False
        self._waiting = self._loop.create_future()
        if self._next < len(self.turn.entries) or self._abort_error is not None:
            self._waiting.set_result(None)
        return self._waiting

    async def gather(self, seconds: float) -> None:
        """Let words gather for `seconds`; return sooner when the answer is whole, or this reader is not to wait."""
        if self.turn.is_over or self.has_left or self._abort_error is not None:
            return
        self._wants_deltas, self._waiting = False, self._loop.create_future()
        timer = self._loop.call_later(seconds, settle, self._waiting)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._wants_deltas = True

    async def end(self) -> None:
        """Wait until the answer is whole, or this reader has left.

        Raises:
            ChatappError: it ended early, or this reader was sent away.
        """
        while not (self.turn.is_over or self.has_left or self._abort_error):
            self._waiting = self._loop.create_future()
            await self._waiting
        if error := self._abort_error or self.turn.failure:
            raise error.fresh()

    def wake(self) -> None:
        """Let `wait` return, or `end` look again."""
        is_due = self._wants_deltas or self.turn.is_over or self.has_left or self._abort_error
        if is_due and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _skip_to_start(self) -> int:
        """Move on to where this reader begins; return how many characters of the next event it knows already.

        A turn that is followed through the store may not be there yet. One that was cut may never get there: then what
        is left to tell is how it ended.
        """
        ends, after = self.turn.ends, self._after
        self._next = bisect_right(ends, after, lo=self._next)
        if self._next < len(ends):
            self._after = 0
            return after - ends[self._next - 1] if self._next else after
        if self.turn.is_over and after > ends[-1]:
            self._next -= 1
        return 0
