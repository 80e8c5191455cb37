"""Whether a connection is alive, by what it does: asking would disturb some servers at work.

llama-cpp-python ends the answer it is making when anybody asks it for its models.
"""

import asyncio
import hashlib
import time
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

LASTING_S = 60.0
"""How long an answer is a sign of life."""

SHARED_AFTER_S = 0.2
"""How long an answer takes before other processes are told: most are over, and a file costs as much as many words."""

SHARED_EVERY_S = LASTING_S / 3


class SharedWork:
    """Which processes of this machine a server is making answers for: a file each in `folder`, by its age."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self._folder = folder
        self._server = hashlib.sha256(base_url.encode()).hexdigest()[:16]
        self._own = folder / f"{self._server}.{token_hex(4)}"

    def tell(self) -> None:
        """Let the others know of ours, for a minute; where the folder cannot be written they do not learn it."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._own.touch(mode=0o600)

    def tell_no_more(self) -> None:
        """Let the others know that ours is over."""
        with suppress(OSError):
            self._own.unlink(missing_ok=True)

    def is_elsewhere(self) -> bool:
        """Return whether another process has told of answers; what is left of those that were killed is removed."""
        is_found = False
        with suppress(OSError):
            for path in self._folder.glob(f"{self._server}.*"):
                age_s = time.time() - path.stat().st_mtime
                if age_s > LASTING_S:
                    path.unlink(missing_ok=True)
                elif path != self._own:
                    is_found = True
        return is_found


class Liveness:
    """The signs of life of one connection: what this process has seen, and whether others are at work with it."""

    def __init__(self, shared: SharedWork) -> None:
        self._shared = shared
        self._running = 0
        self._began_at = 0.0
        self._answered_at: float | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._has_told = False

    def begin(self) -> None:
        """Note that a question is on its way."""
        if not self._running:
            self._began_at = time.monotonic()
        self._running += 1
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(SHARED_AFTER_S, self._tell)

    def end(self, *, is_well: bool) -> None:
        """Note that an answer is over; one that failed makes us ask again."""
        self._running -= 1
        self._answered_at = time.monotonic() if is_well else None
        if not self._running and self._has_told:
            self.close()

    def close(self) -> None:
        """Let others know that no answer is made here."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        if self._has_told:
            self._has_told = False
            self._shared.tell_no_more()

    @property
    def is_at_work(self) -> bool:
        """Whether answers are being made, here or by another process of this machine."""
        return self._running > 0 or self._shared.is_elsewhere()

    @property
    def is_proven(self) -> bool:
        """Whether there is no need to ask."""
        is_recent = self._answered_at is not None and time.monotonic() - self._answered_at < LASTING_S
        return is_recent or self.is_at_work

    def _tell(self) -> None:
        """Tell others of answers that last. A timer for each short one would take as long as some of its words."""
        self._telling = None
        if not self._running:
            return
        wait_s = self._began_at + SHARED_AFTER_S - time.monotonic()
        if wait_s <= 0:
            self._has_told, wait_s = True, SHARED_EVERY_S
            self._shared.tell()
        self._telling = asyncio.get_running_loop().call_later(wait_s, self._tell)
