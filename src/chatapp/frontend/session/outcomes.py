"""What became of what was tried in a dialog, until it is drawn."""

from typing import NamedTuple

from chatapp.errors import ChatappError


class UnsavedServer(NamedTuple):
    """A model server that was entered and does not answer: `fault` says why."""

    name: str
    url: str
    key: str
    fault: str


class RemovedPrompt(NamedTuple):
    """A saved prompt that was deleted, with what its file said: it can be had back."""

    name: str
    source: str


class FileDrop(NamedTuple):
    """What became of files that were dropped on a project, or of saving it: `problems` are what failed.

    `number` tells a drop from the last.
    """

    number: int = 0
    problems: tuple[ChatappError, ...] = ()
