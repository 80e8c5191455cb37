"""What the workers of one backend tell each other of the imports that they receive and read."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from chatapp.backend.store.identity import new_id

_PREFIX, _SUFFIX = "imports-", ".json"
_CANCELLED = "cancelled-import-"


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is. `bytes_total` is None where its sender did not say."""

    id: str
    owner: str
    state: Literal["receiving", "waiting", "reading"]
    started_at: datetime
    bytes_total: int | None
    bytes_received: int
    bytes_read: int
    conversations_read: int
    conversations_added: int
    messages_added: int


@dataclass(frozen=True, slots=True)
class ImportBoard:
    """A file for each worker in `folder`, which only they can read, None where there is one process.

    A folder that cannot be used hides the imports of others, and ends none.
    """

    folder: Path | None
    _name: str = field(default_factory=lambda: f"{_PREFIX}{os.getpid()}-{new_id()}{_SUFFIX}")

    def tell(self, states: list[ImportState]) -> None:
        """Tell the others how far the imports of this process are."""
        if self.folder is None:
            return
        own = self.folder / self._name
        with suppress(OSError):
            if not states:
                own.unlink(missing_ok=True)
                return
            new = own.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(states))
            new.replace(own)

    def others(self) -> list[ImportState]:
        """Return the imports of all other processes."""
        return [state for path in self._living() for state in _read(path)]

    def cancel(self, import_id: str) -> None:
        """Ask the process whose import it is to end it."""
        if self.folder is not None:
            with suppress(OSError):
                (self.folder / f"{_CANCELLED}{import_id}").touch()

    def is_cancelled(self, import_id: str) -> bool:
        """Return whether another process was told to end this import; it is asked for once."""
        if self.folder is None:
            return False
        with suppress(OSError):
            (self.folder / f"{_CANCELLED}{import_id}").unlink()
            return True
        return False

    def _living(self) -> Iterator[Path]:
        for path in self.folder.glob(f"{_PREFIX}*{_SUFFIX}") if self.folder else ():
            pid = path.name.removeprefix(_PREFIX).partition("-")[0]
            if path.name != self._name and pid.isdecimal() and _is_running(int(pid)):
                yield path


def _read(path: Path) -> list[ImportState]:
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=list[ImportState])
    return []


def _is_running(pid: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True
