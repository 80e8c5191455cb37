"""A summary in the making: it is waited for by a thread of its own, since a click ends whatever the page does."""

import threading
from collections.abc import Callable
from typing import Self

from chatapp.errors import ChatappError, InternalError


class Summarising:
    """A summary that is being made. `error` is why nothing came of it."""

    def __init__(self) -> None:
        self.error: ChatappError | None = None
        self._ended = threading.Event()

    @classmethod
    def start(cls, make: Callable[[], object]) -> Self:
        """Return at once; `make` asks for the summary and returns when it is there."""
        summarising = cls()
        threading.Thread(target=summarising._run, args=(make,), name="summary", daemon=True).start()
        return summarising

    @property
    def is_going(self) -> bool:
        """Whether it is not there yet."""
        return not self._ended.is_set()

    def wait(self, timeout_s: float) -> None:
        """Wait for its end, at most `timeout_s` seconds."""
        self._ended.wait(timeout_s)

    def _run(self, make: Callable[[], object]) -> None:
        self.error = InternalError("The page could not have the messages summarised.", hint="Its log says more.")
        try:
            make()
            self.error = None
        except ChatappError as error:
            self.error = error
        finally:
            self._ended.set()
