"""API_KEYS as it is written: `name:key` pairs, or the lines of the file that it names."""

from typing import NamedTuple


class NamedKey(NamedTuple):
    """One entry of API_KEYS. Name and key may be empty where it is not written well.

    `budgets` are what stands behind the key in a line of a file, such as `5/day,100/month`.
    """

    name: str
    key: str
    budgets: str = ""


def parse_keys(api_keys: str) -> list[NamedKey]:
    """Return the pairs in `api_keys`, in their order; blank ones are passed over."""
    return [_pair(entry) for line in api_keys.splitlines() for entry in line.split(",") if entry.strip()]


def parse_key_file(text: str) -> list[NamedKey]:
    """Return the lines of a file of keys, in their order; blank ones are passed over."""
    return [_line(line) for line in text.splitlines() if line.strip()]


def _pair(entry: str) -> NamedKey:
    name, _, key = entry.partition(":")
    return NamedKey(name.strip(), key.strip())


def _line(line: str) -> NamedKey:
    name, rest = _pair(line)[:2]
    key, _, budgets = rest.partition(" ")
    return NamedKey(name, key, budgets.strip())
