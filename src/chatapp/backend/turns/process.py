"""Which process makes a turn, and whether it still runs."""

import os
import socket
from functools import cache
from uuid import uuid4

_TOKEN = uuid4().hex[:8]
"""Tells this process from an earlier one with the same number: in a container every first process has one."""


@cache
def this_machine() -> str:
    """Return the name of where process numbers are ours: the host, and on Linux also the container on it."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{namespace.replace(':', '')}"


def this_process() -> str:
    """Return the name under which this process makes turns: machine, process number, and what makes it unique."""
    return f"{this_machine()}:{os.getpid()}:{_TOKEN}"


def is_gone(process_id: str) -> bool:
    """Return whether `process_id` named a process of this machine that does not run any more; in doubt it does."""
    machine, _, rest = process_id.rpartition(":")[0].rpartition(":")
    if machine != this_machine() or os.name != "posix" or not rest.isdecimal():
        return False
    if int(rest) == os.getpid():
        return process_id != this_process()
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
