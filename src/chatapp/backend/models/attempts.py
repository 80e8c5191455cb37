"""The calls that one request takes, and where they go."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from chatapp.errors import ChatappError


class Destination(NamedTuple):
    """Where a question goes: a connection, and its own name for the model."""

    connection: str
    model: str


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A call that came to nothing, and behind which another was made. Times are those of `time.perf_counter`.

    `name` is what its model goes by here, empty where that is not known.
    """

    connection: str
    error_code: str
    began: float
    ended: float
    name: str = ""


class Attempts:
    """The calls that one request takes: those that came to nothing in `failed`, oldest first, and the last.

    `connection`, its name for the `model` and `began` are the last one's, and so is `name`, which its model goes by
    here. Whoever asks once more notes it here, be it another wording, another try or another connection: each of these
    calls is billed by itself. `is_asked`: a server has been asked the last one. `on_change` learns of each question
    before it is sent, and of each that came to nothing.
    """

    __slots__ = ("began", "connection", "failed", "is_asked", "model", "name", "on_change")

    def __init__(self) -> None:
        self.failed: list[FailedAttempt] = []
        self.name = ""
        self.on_change: Callable[[], None] | None = None
        self.begin("")

    def begin(self, connection: str, model: str = "") -> None:
        """Note that a call over `connection` begins."""
        self.connection, self.model = connection, model
        self.began = time.perf_counter()
        self.is_asked = False

    def ask(self) -> None:
        """Note that a server is asked now."""
        self.is_asked = True
        if self.on_change is not None:
            self.on_change()

    def fail(self, error: ChatappError) -> None:
        """Note that the call came to nothing, and that another begins in its place."""
        ended = time.perf_counter()
        self.failed.append(FailedAttempt(self.connection, error.code, self.began, ended, self.name))
        self.began = ended
        self.is_asked = False
        if self.on_change is not None:
            self.on_change()

    def take_back(self) -> None:
        """Note that no other call has begun in place of the one that failed last."""
        self.began = self.failed.pop().began
