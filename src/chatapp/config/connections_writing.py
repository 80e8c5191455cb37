"""Changes to the file of connections that keep all else in it as it was written, comments too."""

from collections.abc import Mapping
from pathlib import Path

import tomlkit
from pydantic import ValidationError
from tomlkit.items import InlineTable

from chatapp.config.connections import ConnectionsFile, read_connections
from chatapp.config.replacing import replace_file, why_not
from chatapp.config.wrong_values import allowed_by
from chatapp.errors import SettingsError
from chatapp.hosts import url_parts

_ENTER_IT = "Enter the key for it too."
_KEYS = ("api_key", "api_key_variable", "api_key_file")
"""What says which key is sent: a new key takes the place of all of them."""

_SECRETS = (*_KEYS, "headers")
"""What is meant for one host alone: a key may be in a header too."""


def save_connection(path: Path, name: str, *, base_url: str, api_key: str | None) -> None:
    """Write a connection, or the address and key of one that is there; without `api_key` it keeps the one it has.

    Raises:
        SettingsError: the file would say what cannot be, a key would go to another host, or the file cannot be written;
            it is as it was then.
    """
    if not name:
        raise SettingsError("The server has no name yet.", hint="Letters, digits, dots and dashes can be in it.")
    document = _document(path)
    connections = document.setdefault("connections", tomlkit.table(is_super_table=True))
    is_new, is_inline = name not in connections, isinstance(connections, InlineTable)
    connection = connections.setdefault(name, tomlkit.inline_table() if is_inline else tomlkit.table())
    if not api_key:
        _refuse_another_host(name, connection, base_url)
    if api_key:
        for key in _KEYS if _place(str(connection.get("base_url", ""))) == _place(base_url) else _SECRETS:
            connection.pop(key, None)
    connection["base_url"] = base_url
    if api_key:
        connection["api_key"] = api_key
    if is_new and not is_inline:
        connection.add(tomlkit.nl())
    _write(path, document)


def remove_connection(path: Path, name: str) -> None:
    """Take a connection out of the file.

    Raises:
        SettingsError: the file would say what cannot be, or cannot be written; it is as it was then.
    """
    document = _document(path)
    document.get("connections", {}).pop(name, None)
    _write(path, document)


def _refuse_another_host(name: str, connection: Mapping[str, object], base_url: str) -> None:
    """Refuse to have the key of one host sent to another, or without encryption where it had one."""
    (scheme, before), (later_scheme, after) = _place(str(connection.get("base_url", ""))), _place(base_url)
    is_another = before != after or (scheme, later_scheme) == ("https", "http")
    if after and is_another and any(key in connection for key in _SECRETS):
        place = after if before != after else f"{later_scheme}://{after}"
        raise SettingsError(f"The key of {name} is for {before}, not for {place}.", hint=_ENTER_IT)


def _place(base_url: str) -> tuple[str, str]:
    parts = url_parts(base_url)
    return (parts.scheme, parts.hostname or "") if parts else ("", "")


def _document(path: Path) -> tomlkit.TOMLDocument:
    if not path.exists():
        return tomlkit.document()
    read_connections(path)  # what is wrong already is told with its line
    return tomlkit.parse(path.read_text(encoding="utf-8-sig"))


def _write(path: Path, document: tomlkit.TOMLDocument) -> None:
    """Replace the file in one step, readable by its owner alone, if what it is to say can be."""
    try:
        ConnectionsFile.model_validate(document.unwrap())
    except ValidationError as error:
        raise SettingsError(_sentence(error), hint="Nothing was changed.") from None
    try:
        replace_file(path.resolve(), tomlkit.dumps(document))
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {why_not(error)}") from None


def _sentence(error: ValidationError) -> str:
    """Return what is wrong, without what was written: it may be a key."""
    fault = error.errors(include_url=False, include_input=False)[0]
    key = next((str(part) for part in reversed(fault["loc"]) if isinstance(part, str) and part != "[key]"), "The name")
    return f"{key} must be {allowed_by(fault['msg'])}."
