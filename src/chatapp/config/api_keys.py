"""API_KEYS as it is written: `name:key` pairs, or the lines of the file that it names."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class NamedKey:
    """One entry of API_KEYS. Name and key may be empty where it is not written well.

    `number` is its place, or its line in a file, from 1 on; `budgets` are what stands behind the key there, such as
    `5/day,100/month`.
    """

    name: str
    key: str
    budgets: str = ""
    number: int = field(default=0, compare=False)


def parse_keys(api_keys: str) -> list[NamedKey]:
    """Return the pairs in `api_keys`, in their order; blank ones are passed over."""
    entries = (entry for line in api_keys.splitlines() for entry in line.split(",") if entry.strip())
    return [_pair(entry, number) for number, entry in enumerate(entries, 1)]


def parse_key_file(text: str) -> list[NamedKey]:
    """Return the lines of a file of keys, in their order; blank ones are passed over."""
    return [_line(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _pair(entry: str, number: int) -> NamedKey:
    name, _, key = entry.partition(":")
    return NamedKey(name.strip(), key.strip(), number=number)


def _line(line: str, number: int) -> NamedKey:
    pair = _pair(line, number)
    key, _, budgets = pair.key.partition(" ")
    return replace(pair, key=key, budgets=budgets.strip())
