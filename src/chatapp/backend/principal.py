"""Who asks: the name that conversations belong to, and the key that was shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request is from.

    `name` owns what is kept: the name of the key, empty where this backend has no keys. `key_id` tells one key of the
    same name from another, None without keys; it says nothing of the key itself.
    """

    name: str
    key_id: str | None = None


ANYONE = Principal("")
"""Everybody, where there are no keys."""
