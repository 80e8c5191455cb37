"""API_KEYS as it is written: `name:key` pairs, separated by commas or line ends."""

from typing import NamedTuple


class NamedKey(NamedTuple):
    """One entry of API_KEYS. Either may be empty where it is not written well."""

    name: str
    key: str


def parse_keys(api_keys: str) -> list[NamedKey]:
    """Return the entries of `api_keys`, in their order; blank ones are passed over."""
    return [parse_key(entry) for line in api_keys.splitlines() for entry in line.split(",") if entry.strip()]


def parse_key(entry: str) -> NamedKey:
    """Return `name:key` in its two parts."""
    name, _, key = entry.partition(":")
    return NamedKey(name.strip(), key.strip())
