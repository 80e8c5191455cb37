"""Changes to the file of connections that keep all else in it as it was written, comments too."""

import json
import os
import tomllib
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic import ValidationError

from chatapp.config.connections import FILE_NAME, ConnectionsFile, read_connections
from chatapp.config.environment import user_file
from chatapp.config.settings import Settings
from chatapp.errors import SettingsError

_KEYS = ("api_key", "api_key_variable", "api_key_file")
"""What says which key is sent: a new key takes the place of all of them."""


def writable_file(settings: Settings) -> Path:
    """Return the file that CONNECTIONS names, or else the user's own, be it there or not."""
    return settings.connections or user_file(FILE_NAME)


def save_connection(path: Path, name: str, *, base_url: str, api_key: str | None) -> None:
    """Write a connection, or the address and key of one that is there; without `api_key` it keeps the one it has.

    Raises:
        SettingsError: the file would say what cannot be, or cannot be written; it is as it was then.
    """
    text = _text(path)
    data = tomllib.loads(text)
    table = data.get("connections", {}).get(name, {})
    given = {"base_url": base_url, **({"api_key": api_key} if api_key else {})}
    replaced = {"base_url", *(_KEYS if api_key else ())}
    wanted = {**given, **{key: value for key, value in table.items() if key not in replaced}}
    lines = [f"[connections.{name}]\n", *(f"{key} = {json.dumps(value)}\n" for key, value in given.items())]
    before, block, after = _cut(text, name)
    kept = [line for line in block[1:] if line.partition("=")[0].strip() not in replaced]
    gap = "" if block or not before or before[-1] == "\n" else "\n"
    _write(path, [*before, gap, *lines, *kept, *after], _changed(data, name, wanted))


def remove_connection(path: Path, name: str) -> None:
    """Take a connection out of the file.

    Raises:
        SettingsError: the file would say what cannot be, or cannot be written; it is as it was then.
    """
    text = _text(path)
    before, _, after = _cut(text, name)
    _write(path, [*before, *after], _changed(tomllib.loads(text), name, None))


def _text(path: Path) -> str:
    if not path.exists():
        return ""
    read_connections(path)  # what is wrong already is told with its line
    text = path.read_text(encoding="utf-8-sig")
    return text if not text or text.endswith("\n") else f"{text}\n"


def _changed(data: dict[str, Any], name: str, table: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the file is to say: `data`, but `table` for the connection `name`."""
    wanted = deepcopy(data)
    connections = wanted.setdefault("connections", {})
    connections.pop(name, None)
    if table is not None:
        connections[name] = table
    return wanted


def _cut(text: str, name: str) -> tuple[list[str], list[str], list[str]]:
    """Return the lines before the tables of a connection, theirs, and those behind."""
    lines = text.splitlines(keepends=True)
    is_ours, places = False, []
    for place, line in enumerate(lines):
        if line.startswith("["):
            is_ours = _names(line, name)
        if is_ours:
            places.append(place)
    if not places:
        return lines, [], []
    return lines[: places[0]], [lines[place] for place in places], lines[places[-1] + 1 :]


def _names(line: str, name: str) -> bool:
    """Return whether a line begins a table of the connection `name`."""
    try:
        return name in tomllib.loads(line).get("connections", {})
    except (ValueError, AttributeError, TypeError):
        return False


def _write(path: Path, lines: Iterable[str], wanted: dict[str, Any]) -> None:
    """Replace the file in one step, readable by its owner alone, if the lines say what is wanted and nothing else."""
    text = "".join(lines)
    try:
        said = tomllib.loads(text)
        said.setdefault("connections", {})
        ConnectionsFile.model_validate(said)
    except ValidationError as error:
        raise SettingsError(_sentence(error), hint="Nothing was changed.") from None
    except ValueError:
        said = {}
    if said != wanted:
        raise SettingsError(f"{path} is written in a way that the page does not change.", hint="Change it by hand.")
    try:
        _replace(path.resolve(), text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from None


def _sentence(error: ValidationError) -> str:
    """Return what is wrong, without what was written: it may be a key."""
    fault = error.errors(include_url=False, include_input=False)[0]
    key = next((str(part) for part in reversed(fault["loc"]) if isinstance(part, str) and part != "[key]"), "The name")
    return f"{key} must be {fault['msg'].removeprefix('Value error, ').removeprefix('Input should be ')}."


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".connections-", delete=False) as file:
        file.write(text)  # made with mode 0600
        file.flush()
        os.fsync(file.fileno())
    try:
        os.replace(file.name, path)
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise
