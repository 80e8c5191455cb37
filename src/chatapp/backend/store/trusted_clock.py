"""A clock for what cannot be undone: it goes by what this machine's clock showed a day ago and has stood by since."""

import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatapp.backend.store.identity import now

FILE_NAME = "trusted-clock.json"
TRUSTED_AFTER = timedelta(days=1)


class TrustedClock:
    """Remembers in `folder` what the clock showed; what it shows by mistake for less than a day has no effect.

    Two moments are enough: one that can be trusted, and one that may be soon. Those that lie ahead were a mistake.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._seen: list[datetime] = []
        self._began_at, self._began_s = now(), time.monotonic()

    def since_the_start(self) -> datetime:
        """Return what the clock would show now had nobody set it since this process began."""
        return self._began_at + timedelta(seconds=time.monotonic() - self._began_s)

    def look(self) -> datetime | None:
        """Return the latest moment that can be trusted, and note what the clock shows; None before there is one."""
        present = now()
        seen = [moment for moment in self._read() if moment <= present]
        if not seen or seen[-1] <= present - TRUSTED_AFTER:
            seen = [*seen[-1:], present]
        self._write(seen)
        return seen[0] if seen[0] <= present - TRUSTED_AFTER else None

    def _read(self) -> list[datetime]:
        with suppress(OSError, ValueError, TypeError, OverflowError):
            self._seen = sorted(datetime.fromtimestamp(moment, UTC) for moment in json.loads(self._path.read_text()))
        return self._seen

    def _write(self, seen: list[datetime]) -> None:
        """Remember `seen`, where the folder can be written beyond the end of this process."""
        self._seen = seen
        new = self._path.with_suffix(f".{os.getpid()}.new")
        with suppress(OSError):
            new.touch(mode=0o600)
            new.write_text(json.dumps([moment.timestamp() for moment in seen]))
            new.replace(self._path)
