"""A terminal for a command to run in."""

import os
import select
import struct
import subprocess
import time
from collections.abc import Callable, Sequence

import pytest

pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")


class Terminal:
    """A command on a terminal of 80 columns and 24 lines; `output` is all that was written to it so far."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.output = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            arguments,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - so that Ctrl-C reaches it
        )
        os.close(theirs)

    def type(self, keys: bytes) -> None:
        """Press keys, b"\\x03" for Ctrl-C."""
        os.write(self._ours, keys)

    def read_until(self, is_enough: Callable[[bytes], bool], *, within_s: float = 60) -> None:
        """Read until `is_enough` says so of all output so far, or the terminal is closed."""
        deadline = time.monotonic() + within_s
        while not is_enough(self.output):
            assert time.monotonic() < deadline, self.output
            if select.select([self._ours], [], [], 0.1)[0] and not self._read():
                return

    def close(self) -> None:
        """Close the window."""
        os.close(self._ours)

    def exit_code(self) -> int:
        """Read to the end and give the command's exit code."""
        self.read_until(lambda _: False)
        self.close()
        return self.process.wait(timeout=30)

    def _read(self) -> bool:
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.output += data
        return bool(data)
