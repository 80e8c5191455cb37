"""Where in a TOML file something stands: `tomllib` does not tell."""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the line, counted from 1, that sets what `keys` lead to, or else the nearest table around it.

    `text` is TOML. Lines within a text or a list of several lines are taken for what they look like.
    """
    found: int | None = None
    depth = 0
    for number, path in _lines(text):
        matched = _common(path, keys)
        if matched > depth and matched == min(len(path), len(keys)):
            found, depth = number, matched
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that set something, each with the keys that lead there."""
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            if keys := _keys(stripped):
                table = keys
                yield number, table
        elif "=" in stripped and (keys := _keys(f"{_left_side(stripped)} = 0")):
            yield number, [*table, *keys]


def _left_side(line: str) -> str:
    """Return what stands before the `=`, which may be in quotes with one in them."""
    for quote in ('"', "'"):
        if line.startswith(quote) and (end := line.find(quote, 1)) > 0:
            return line[: end + 1] + line[end + 1 :].partition("=")[0]
    return line.partition("=")[0]


def _keys(line: str) -> list[str]:
    """Return the keys that a line of TOML names, outermost first; none if it is something else."""
    try:
        value: Any = tomllib.loads(line)
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    keys = []
    while isinstance(value, list | dict) and value:
        if isinstance(value, dict):
            keys.append(next(iter(value)))
            value = value[keys[-1]]
        else:
            value = value[0]
    return keys


def _common(path: Sequence[str], keys: Sequence[str]) -> int:
    count = 0
    for one, other in zip(path, keys, strict=False):
        if one != other:
            break
        count += 1
    return count
