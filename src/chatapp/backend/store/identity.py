"""Names and moments of new things."""

from datetime import UTC, datetime
from uuid import uuid4


def new_id() -> str:
    """Return an id that cannot be guessed: 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
