"""What the HTTP API tells of imports, as a client holds it: named tuples, as in `resources`."""

from datetime import datetime
from typing import NamedTuple


class SkippedInfo(NamedTuple):
    """Something an import left out: `count` times the `why` in `what`."""

    what: str
    why: str
    count: int = 1  # type: ignore[assignment] # hides a method of tuples


class RunningImportInfo(NamedTuple):
    """An import that is going on; `state` is receiving, waiting or reading."""

    id: str
    state: str
    started_at: datetime
    bytes_total: int | None = None
    bytes_received: int = 0
    bytes_read: int = 0
    conversations_read: int = 0
    conversations_added: int = 0
    messages_added: int = 0


class ImportInfo(NamedTuple):
    """The receipt of an import. What was read and not added was here before, or is among the skipped."""

    conversations_read: int
    messages_read: int
    conversations_added: int
    messages_added: int
    sources: tuple[str, ...] = ()
    skipped: tuple[SkippedInfo, ...] = ()
    skipped_more: int = 0
    projects_added: int = 0
