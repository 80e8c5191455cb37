"""How script runs that wait for an answer are woken: each has an event of its own, which is set when a bell rings."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


class Bell:
    """Sets the events of all who wait for it. Any thread may ring it."""

    def __init__(self) -> None:
        self._events: tuple[threading.Event, ...] = ()
        self._lock = threading.Lock()

    @contextmanager
    def heard_by(self, event: threading.Event) -> Iterator[None]:
        """Within this block, have `event` set whenever the bell rings."""
        with self._lock:
            self._events = (*self._events, event)
        try:
            yield
        finally:
            with self._lock:
                self._events = tuple(one for one in self._events if one is not event)

    def ring(self) -> None:
        """Set the events of all who wait."""
        for event in self._events:
            event.set()


@cache
def browsers() -> Bell:
    """Return the bell that rings when a browser, of whichever session, has said something."""
    return Bell()
