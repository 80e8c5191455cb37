"""The place where a page ends, as a word that a client hands back."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from chatapp.errors import InvalidRequestError


def encode_cursor(*values: Any) -> str:
    """Return `values` as one word that is safe in an address."""
    return urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[Any]:
    """Return the values again, one of each kind.

    Raises:
        InvalidRequestError: `cursor` is not one of ours.
    """
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise _not_ours()
    return values


def moment_in(word: str) -> datetime:
    """Return the time that a cursor holds.

    Raises:
        InvalidRequestError: it holds none.
    """
    try:
        return datetime.fromisoformat(word).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _not_ours() from None


def _not_ours() -> InvalidRequestError:
    return InvalidRequestError("The cursor is not one that this list gave.")
