"""What is told of a value that is wrong: what is allowed, and never a key."""

import re

_LEAST_KEY = 20


def allowed_by(message: str) -> str:
    """Return what is allowed, from Pydantic's sentence."""
    return message.removeprefix("Value error, ").removeprefix("Input should be ").partition(", unable to")[0]


def may_hold_secret(text: str) -> bool:
    """Return whether a value may be a key that stands in the wrong place, or an address with one or a password."""
    return "@" in text or any(map(_may_be_key, re.split("[?&=#]", text)))


def _may_be_key(text: str) -> bool:
    """Return whether a text looks like a key: those of vendors begin in many ways."""
    is_one_word = text.replace("-", "").replace("_", "").isalnum() and not text.isalpha()
    return (is_one_word and len(text) >= _LEAST_KEY) or text.strip("\"' ").startswith(("sk-", "Bearer ", "eyJ"))
