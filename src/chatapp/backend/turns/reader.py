"""One reader of a turn: an offset into its events."""

import asyncio
from bisect import bisect_right
from types import TracebackType
from typing import Self

from chatapp import sse
from chatapp.backend.turns.turn import Turn
from chatapp.events import Reasoning, Text


class Reader:
    """Somebody who reads along from a position; takes all that has gathered at once, so being slow costs nothing."""

    def __init__(self, turn: Turn, *, after: int = 0) -> None:
        self.turn = turn
        self._next = bisect_right(turn.ends, after)
        self._skip = after - turn.ends[self._next - 1] if self._next else after
        self._waiting: asyncio.Future[None] | None = None
        self._has_left = False
        self.was_knocked = False

    def __enter__(self) -> Self:
        self.turn.join(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.leave()

    def leave(self) -> None:
        """Read no further."""
        self._has_left = True
        self.turn.leave(self)
        self.wake()

    def knock(self) -> None:
        """Let `wait` return once although nothing has come."""
        self.was_knocked = True
        self.wake()

    def is_at_end(self) -> bool:
        """Say whether this reader has everything, or has left."""
        return self._has_left or (self.turn.is_over and self._next >= len(self.turn.entries))

    def take(self) -> bytes:
        """Give all events behind this reader's position as server-sent events, neighbouring pieces of text as one."""
        entries, ends = self.turn.entries, self.turn.ends
        frames = []
        while self._next < len(entries):
            event = entries[self._next]
            self._next += 1
            if isinstance(event, Text | Reasoning):
                event = self._with_following(event)
            frames.append(sse.encode(event, ends[self._next - 1]))
        return frames[0] if len(frames) == 1 else b"".join(frames)

    async def wait(self) -> None:
        """Return when there is something to take, or when woken."""
        self.was_knocked = False
        if self._next >= len(self.turn.entries):
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting

    def wake(self) -> None:
        """Let `wait` return."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _with_following(self, event: Text | Reasoning) -> Text | Reasoning:
        kind, entries, texts = type(event), self.turn.entries, [event.text]
        while self._next < len(entries) and type(following := entries[self._next]) is kind:
            texts.append(following.text)
            self._next += 1
        if len(texts) == 1 and not self._skip:
            return event
        text, self._skip = "".join(texts)[self._skip :], 0
        return kind(text)
