"""Children that live and end together."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from chatapp.processes.child import POLL_S, Child, died_error, wait_until_ready


class ChildGroup:
    """Children that live together: the group ends with the first that dies, and leaving it stops all."""

    def __init__(self, *, grace_s: float = 5.0) -> None:
        self.children: list[Child] = []
        self._grace_s = grace_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def add(self, child: Child) -> Child:
        """Take `child` in and give it back."""
        self.children.append(child)
        return child

    def check(self) -> None:
        """Do nothing while all run.

        Raises:
            ProcessDiedError: one has ended.
        """
        for child in self.children:
            if not child.is_running():
                raise died_error(child)

    def wait_until_ready(self, child: Child, is_ready: Callable[[], bool], *, deadline_s: float) -> None:
        """Do as `wait_until_ready` does, and notice when another child of the group ends meanwhile."""

        def all_run_and_it_is_ready() -> bool:
            self.check()
            return is_ready()

        wait_until_ready(child, all_run_and_it_is_ready, deadline_s=deadline_s)

    def watch(self) -> None:
        """Wait for ever.

        Raises:
            ProcessDiedError: one child has ended; it is the first that did.
        """
        while True:
            self.check()
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Ask all to end, the newest first, and kill what is left after the grace; a second Ctrl-C kills at once."""
        deadline = time.monotonic() + self._grace_s
        try:
            for child in reversed(self.children):
                child.ask_to_stop()
            for child in self.children:
                child.wait(max(0.0, deadline - time.monotonic()))
        finally:
            for child in self.children:
                child.kill()
