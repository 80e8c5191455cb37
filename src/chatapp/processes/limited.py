"""Runs a program on an untrusted file, with an end to its time, memory and output."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from chatapp.config.environment import child_environment
from chatapp.errors import ProcessDiedError

_LOOK_S = 0.25
_NICE = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may take: seconds by the clock and of the processor, bytes of memory and of output."""

    seconds: int = 30
    memory_bytes: int = 1 << 30
    output_bytes: int = 64 << 20


def output_of(command: Sequence[str], limits: Limits, *, stopping: Event | None = None) -> bytes:
    """Return what `command` writes to stdout. It is expected to `confine` itself; its time is kept here as well.

    Raises:
        ProcessDiedError: it did not end well, or `stopping` was set before it ended.
    """
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            start_new_session=True,
        )
        try:
            code = _code_of(process, limits.seconds, stopping)
        finally:
            process.kill()
            process.wait()
        if code != 0:
            raise ProcessDiedError("Reading it takes more than a file may, or it is damaged.")
        out.seek(0)
        return out.read(limits.output_bytes)


def _code_of(process: subprocess.Popen[bytes], seconds: float, stopping: Event | None) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK_S)
        if stopping is not None and stopping.is_set():
            raise ProcessDiedError("The backend is stopping.")
    raise ProcessDiedError(f"Reading it takes more than {seconds} seconds.")


if sys.platform == "win32":

    def confine(limits: Limits) -> None:
        """Windows has no such limits: who has started this process ends it in time."""

else:
    import resource

    def confine(limits: Limits) -> None:
        """Hold this process to `limits`, for good, and let whoever answers people go before it."""
        os.nice(_NICE)
        for kind, most in (
            (resource.RLIMIT_AS, limits.memory_bytes),
            (resource.RLIMIT_CPU, limits.seconds),
            (resource.RLIMIT_FSIZE, limits.output_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            _, hard = resource.getrlimit(kind)
            limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with suppress(ValueError):  # macOS knows no limit on addresses
                resource.setrlimit(kind, (limit, limit))
