"""Child processes: start one, wait until it is ready, pass its output on, stop it; none outlives its parent.

Every child holds the read end of a pipe whose only write end is here. However this process ends, also by SIGKILL, the
system closes that end, the child reads the end of the file and stops itself: `parent_watch.py` is its side of it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from chatapp.config.environment import child_environment
from chatapp.errors import ProcessDiedError
from chatapp.processes import parent_watch

POLL_S = 0.05
_OWN_WORDS = "chatapp: "


class Child:
    """A running child process. `last_lines` is the end of its output, oldest line first, if `on_line` was given."""

    def __init__(
        self, name: str, popen: "subprocess.Popen[str]", life: int, on_line: Callable[[str], object] | None
    ) -> None:
        self.name = name
        self.last_lines: deque[str] = deque(maxlen=20)
        self._popen = popen
        self._life: int | None = life
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._pass_on, args=(on_line,), name=f"output of {name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, the negative signal number if a signal ended it, None while it runs."""
        return self._popen.poll()

    def is_running(self) -> bool:
        """Return whether the process has not ended yet."""
        return self.returncode is None

    def exit_description(self) -> str:
        """Return how it ended, as the end of a sentence about it."""
        code = self.returncode
        if code is None:
            return "is still running"
        return f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the process has ended and its output is passed on; False if `timeout_s` was too short."""
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        self._release()
        return True

    def stop(self, grace_s: float = 5.0) -> None:
        """Ask the process to end, kill it after `grace_s` seconds. Safe to call twice and after its end."""
        self.ask_to_stop()
        if not self.wait(grace_s):
            self.kill()

    def ask_to_stop(self) -> None:
        """Send the signal that lets the process clean up, without waiting."""
        self._popen.terminate()

    def kill(self) -> None:
        """End the process at once; what it started follows by itself."""
        self._popen.kill()
        self.wait()

    def _release(self) -> None:
        with self._lock:
            life, self._life = self._life, None
        if life is not None:
            os.close(life)
        if self._reader is not threading.current_thread():
            self._reader.join(timeout=1)  # a grandchild may hold the output open for longer

    def _pass_on(self, on_line: Callable[[str], object] | None) -> None:
        if self._popen.stdout is None or on_line is None:
            return
        with self._popen.stdout as lines:
            for line in lines:
                self.last_lines.append(line.rstrip("\n"))
                on_line(line.rstrip("\n"))


def start_child(
    name: str,
    module: str,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], object] | None = None,
) -> Child:
    """Start `python -m module arguments…` as a child that ends when this process does.

    `env` is what its environment has beside ours. `on_line` gets every line of its output and errors, without the
    newline and from a thread of its own; without it the child writes where we write.
    """
    read_end, write_end = os.pipe()
    try:
        popen = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "chatapp.processes.parent_watch",
                str(parent_watch.inheritable_handle(read_end)),
                module,
                *arguments,
            ],
            env=child_environment(**{"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **(env or {})}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if on_line else None,
            stderr=subprocess.STDOUT if on_line else None,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop the children in order
            **parent_watch.popen_options(read_end),
        )
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    return Child(name, popen, write_end, on_line)


def wait_until_ready(child: Child, is_ready: Callable[[], bool], *, deadline_s: float) -> None:
    """Return as soon as `is_ready()` says so; it is asked every few hundredths of a second.

    Raises:
        ProcessDiedError: the child ended first, or was not ready after `deadline_s` seconds.
    """
    deadline = time.monotonic() + deadline_s
    while not is_ready():
        if not child.is_running():
            raise died_error(child)
        if time.monotonic() > deadline:
            raise ProcessDiedError(f"The {child.name} was not ready after {deadline_s:g} seconds.")
        time.sleep(POLL_S)


def died_error(child: Child) -> ProcessDiedError:
    """Return the error that says which child ended and how."""
    child.wait(1)
    words = None if (child.returncode or 0) < 0 else _last_output(child)  # who is killed says nothing of it
    return ProcessDiedError(f"The {child.name} {child.exit_description()}.", hint=words and f"Last output: {words}")


def _last_output(child: Child) -> str | None:
    """Return what `chatapp` itself said about its end, else the last line there is."""
    lines = [line.strip() for line in reversed(child.last_lines) if line.strip()]
    ours = (line.removeprefix(_OWN_WORDS) for line in lines if line.startswith(_OWN_WORDS))
    return next(ours, lines[0] if lines else None)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
