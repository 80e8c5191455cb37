"""Names and moments of new things."""

import os
import time
from datetime import UTC, datetime


def new_id() -> str:
    """Return an id that cannot be guessed: 32 hexadecimal digits. Its beginning alone tells it from others."""
    return os.urandom(16).hex()


def new_timed_id() -> str:
    """Return an id that cannot be guessed: 32 hexadecimal digits, of which the first 12 are the time in milliseconds.

    So what is new lies together in a table and its indexes. With ids by chance alone, each of 500 calls changed pages
    of its own: to write them down took half as long again in a table of 20,000, and longer in a larger one. It is
    nothing for what people name by the beginning of an id: those of one minute begin alike.
    """
    return ((time.time_ns() // 1_000_000).to_bytes(6) + os.urandom(10)).hex()


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
