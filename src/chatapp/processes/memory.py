"""What a process takes of memory beside what it holds."""

import ctypes
import sys
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""https://man7.org/linux/man-pages/man3/mallopt.3.html"""

FEW = 2
LARGE_BYTES = 512 * 1024
"""More than one read from a socket takes: those are made and freed all the time."""


def give_memory_back() -> None:
    """Let threads that begin from now on share their memory, and large pieces go back, where that is glibc's.

    By default glibc gives each thread an arena, up to eight a processor, and keeps in each what was freed there. A
    backend's threads wait for the store most of the time: 20 MB less were measured under load, with as many answers.
    It also takes what is as large as the largest piece that was ever freed, up to 32 MB, from where small pieces lie
    that hold it there for good: under twenty minutes of load that was 10 MB an hour, and is none.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # no C library to be asked, or another one
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_ARENA_MAX, FEW)
            mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
            mallopt(_M_TRIM_THRESHOLD, 2 * LARGE_BYTES)


def give_back_what_is_free() -> None:
    """Let whole pages that are free between what is held go back, where memory is glibc's; that takes half a ms.

    By itself glibc gives back only what is free behind all that is held. Under load holes grow between what stays:
    seven minutes of it made 149 MB, and 143 where it was asked for them all along, with as much held in both.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
