"""Finished turns that only memory holds, for a reader who comes back to them."""

from collections import OrderedDict

from chatapp.backend.turns.turn import Turn

MOST_TURNS = 256
MOST_CHARACTERS = 16 * 1024**2
MANY_EVENTS = 500
"""Of a turn; with more it is worth the time to hold them as few."""


class FinishedTurns:
    """The last turns that ended, as many as fit `MOST_TURNS` and, with all their text, `MOST_CHARACTERS`."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._characters = 0

    def get(self, turn_id: str) -> Turn | None:
        """Return the turn, or None where it is not held any more."""
        return self._turns.get(turn_id)

    def add(self, turn: Turn) -> None:
        """Hold `turn`, and let go of the oldest that do not fit beside it."""
        self._turns[turn.id] = turn.compact() if len(turn.entries) > MANY_EVENTS else turn
        self._characters += turn.ends[-1]
        while len(self._turns) > MOST_TURNS or self._characters > MOST_CHARACTERS:
            _, oldest = self._turns.popitem(last=False)
            self._characters -= oldest.ends[-1]
