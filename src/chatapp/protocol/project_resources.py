"""What the HTTP API tells of projects, as a client holds it."""

from datetime import datetime
from typing import NamedTuple

MOST_NAME_CHARS = 200
"""Of a project's name, and of the name of its model."""

MOST_INSTRUCTIONS_CHARS = 100_000


class ProjectInfo(NamedTuple):
    """Conversations that belong together: what the model is told in all of them, and which is asked by default.

    `conversations` counts those that are neither archived nor deleted, `files` those that go along with each of them.
    """

    id: str
    name: str
    instructions: str | None = None
    model: str | None = None
    conversations: int = 0
    files: int = 0
    talked_at: datetime | None = None
    deleted_at: datetime | None = None


class ProjectFileInfo(NamedTuple):
    """A file that goes along with each conversation of a project; `tokens` are about how many it is read as."""

    id: str
    name: str
    size: int
    tokens: int
    pages: int | None = None
    notes: tuple[str, ...] = ()
