"""Wrong keys: counted for each address, so that nobody can try many."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST = 20
WINDOW_S = 60.0
_ADDRESSES = 10_000
"""How many addresses are remembered; more would be a way to fill the memory."""


class WrongKeys:
    """What came from each address in the last minute. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, address: str) -> None:
        """Count a wrong key."""
        moments = self._of.setdefault(address, deque(maxlen=MOST))
        moments.append(self._clock())
        self._of.move_to_end(address)
        if len(self._of) > _ADDRESSES:
            self._of.popitem(last=False)

    def wait_s(self, address: str) -> int:
        """Return for how many seconds no key from `address` is looked at, 0 if they are."""
        moments = self._of.get(address)
        if moments is None or len(moments) < MOST:
            return 0
        return max(0, math.ceil(moments[0] + WINDOW_S - self._clock()))
