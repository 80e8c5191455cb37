"""The file of connections while the backend runs: read again when it changes."""

import time
from pathlib import Path

from chatapp.config.connections import ConnectionsFile, read_connections
from chatapp.config.file_state import state_of
from chatapp.errors import SettingsError

LOOK_EVERY_S = 1.0
"""How often the file's time of change is looked at, at most."""


class ConnectionsWatch:
    """Tells when the file has changed. `fault` is what is wrong with it now; what it said before goes on to hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault: SettingsError | None = None
        self._seen: tuple[int, ...] | None = None
        self._look_at = 0.0

    def news(self) -> ConnectionsFile | None:
        """Return what the file says if that has changed since the last call, None otherwise; no file says nothing."""
        now = time.monotonic()
        if now < self._look_at:
            return None
        self._look_at = now + LOOK_EVERY_S
        seen = state_of(self.path)
        before = self.fault
        if seen == self._seen and before is None:  # what is wrong may be a file that it names
            return None
        self._seen, self.fault = seen, None
        try:
            return read_connections(self.path) if seen else ConnectionsFile()
        except SettingsError as error:
            self.fault = before if before and before.detail == error.detail else error
            return None
