"""What one import may take of memory, disk and time, and who ends it before its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_ELEMENT_CHARS = 32 * 1024**2
"""Of one conversation as it stands in a file."""

MAX_VALUES = 1_000_000
"""Of one conversation: each costs a hundred bytes and more, however few it takes in the file."""

MAX_HELD = 512 * 1024**2
"""Of a file whose conversations are known at its end alone: characters, and `VALUE_COST` more for each value."""

VALUE_COST = 32

MAX_UNPACKED_BYTES = 4 * 1024**3
"""Of all that an upload unpacks to. What a file says about its size is never believed."""

MAX_SAVED_CHARS = 1024**3
"""Of all that an import saves: some formats say once what is saved many times."""

MAX_CPU_S = 30 * 60.0
"""Of one import's thread."""


class StoppedError(Exception):
    """An import ends here; the sentence says why. What was added before stays."""


@dataclass(slots=True)
class ImportBudget:
    """What is left for one import. `reason_to_stop` gives the sentence to end with, or nothing."""

    reason_to_stop: Callable[[], str | None] = lambda: None
    unpacked_bytes: int = MAX_UNPACKED_BYTES
    saved_chars: int = MAX_SAVED_CHARS
    deadline_s: float = field(default_factory=lambda: time.thread_time() + MAX_CPU_S)

    def unpack(self, size: int) -> None:
        """Take `size` bytes.

        Raises:
            StoppedError: there is no more, or somebody ends the import.
        """
        self.unpacked_bytes -= size
        if self.unpacked_bytes < 0:
            raise StoppedError(f"it unpacks to more than {MAX_UNPACKED_BYTES // 1024**3} GiB")
        self.check()

    def save(self, chars: int) -> None:
        """Take `chars` of text to be saved.

        Raises:
            StoppedError: there is no more.
        """
        self.saved_chars -= chars
        if self.saved_chars < 0:
            raise StoppedError("it holds more text than one import may save")

    def check(self) -> None:
        """Go on, unless there is a reason not to.

        Raises:
            StoppedError: the time is used up, or somebody ends the import.
        """
        why = self.reason_to_stop()
        if why is None and self.is_late():
            why = "reading it takes too long"
        if why is not None:
            raise StoppedError(why)

    def is_late(self) -> bool:
        """Return whether the time is used up."""
        return time.thread_time() > self.deadline_s
