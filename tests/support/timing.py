"""How long something takes, on a machine that has other things to do."""

import math
import time
from collections.abc import Callable


def quickest_s(act: Callable[[], object], *, enough_s: float, tries: int = 5) -> float:
    """Return the seconds of the first `act` that takes less than `enough_s`, or of the quickest of all `tries`."""
    took_s = math.inf
    for _ in range(tries):
        began = time.monotonic()
        act()
        took_s = min(took_s, time.monotonic() - began)
        if took_s < enough_s:
            break
    return took_s
