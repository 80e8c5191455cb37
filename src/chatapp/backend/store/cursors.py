"""The place where a page ends, as a word that a client hands back."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from chatapp.errors import InvalidRequestError


def encode_cursor(*values: Any) -> str:
    """Give `values` as one word that is safe in an address."""
    return urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[Any]:
    """Give the values again, one of each kind.

    Raises:
        InvalidRequestError: `cursor` is not one of ours.
    """
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise InvalidRequestError("The cursor is not one that this list gave.")
    return values
