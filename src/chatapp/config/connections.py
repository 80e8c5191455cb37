"""The file of connections: every model server that somebody has, and names of their own for its models."""

import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from chatapp.config.connection_values import (
    DEFAULT,
    EMBEDDED,
    HEADER_NAME,
    CertificatesFile,
    Name,
    OneOrMore,
    Plain,
    Price,
    Secret,
    Time,
    Window,
)
from chatapp.config.environment import file_with_key, user_file, variable_name
from chatapp.config.settings import HomePath, Settings
from chatapp.config.toml_lines import line_of
from chatapp.config.wrong_values import allowed_by
from chatapp.errors import SettingsError
from chatapp.hosts import api_url, proxy_url

_FILE_NAME = "connections.toml"
_MOST_BYTES = 1024 * 1024

ELSEWHERE = frozenset({DEFAULT, EMBEDDED, "ollama", "lm-studio", "llama.cpp"})
"""The connections that may be there without the file: the last three are found on this machine."""

CAN_BE_WITHOUT = (
    "streaming", "stream_options", "system", "tools", "images", "audio", "response_format",
    "temperature", "top_p", "max_tokens", "stop", "seed",
)  # fmt: skip
"""What some servers cannot do, or do not take. Other parameters are learned from what a server refuses."""

_IN_TOML = {
    "string_type": "a text",
    "dict_type": "a table",
    "model_type": "a table",
    "tuple_type": "a list",
    "frozen_set_type": "a list",
    "too_short": "a list of one or more",
    **dict.fromkeys(("decimal_type", "decimal_parsing", "float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
}
"""What Pydantic calls by Python's names, in TOML's."""

_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot redefine")
"""How sentences of `tomllib` begin about a key, or a table, that the file has already."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PriceTable(_Table):
    """What a million tokens cost, None where nobody says; `cached` are those of the prompt that were read before."""

    input: Price | None = None
    output: Price | None = None
    cached: Price | None = None


class ModelTable(_Table):
    """One model of a connection; `model` is what its server calls it, where that is another name."""

    model: str | None = Field(None, min_length=1, max_length=200)
    window: Window | None = None
    prices: PriceTable | None = None


class ConnectionTable(_Table):
    """One `[connections.NAME]`."""

    base_url: Annotated[str, AfterValidator(api_url)] = Field(
        description="Address of the server, usually with `/v1` at its end. The only key that must be there."
    )
    api_key: Annotated[tuple[Secret, ...], OneOrMore] = Field(
        (), description="The key, or a list of several, which take turns."
    )
    api_key_variable: Annotated[tuple[Annotated[str, AfterValidator(variable_name)], ...], OneOrMore] = Field(
        (), description="Variable, or secret, that holds the key; or a list of several."
    )
    api_key_file: Annotated[tuple[Annotated[HomePath, AfterValidator(file_with_key)], ...], OneOrMore] = Field(
        (), description="File that holds the key, read again when it changes; or a list of several."
    )
    models: dict[str, ModelTable] | None = Field(
        None,
        description="The models to offer: a list of names, or a table whose keys are names of your own, such as "
        '`small = "gpt-4o-mini"`. A model may have its own `window` and `prices`: '
        '`large = { model = "gpt-4o", window = 128000 }`. Default: all that the server lists.',
    )
    headers: dict[str, Plain] = Field({}, description="Table of headers that go along with every request.")
    ca_file: CertificatesFile | None = Field(None, description="File with the certificates to trust.")
    proxy: SecretStr | None = Field(
        None, description='Proxy on the way, `""` for none. Default: the one of the environment.'
    )
    connect_timeout: Time | None = Field(None, description="Instead of `CONNECT_TIMEOUT`.")
    first_content_timeout: Time | None = Field(None, description="Instead of `FIRST_CONTENT_TIMEOUT`.")
    gap_timeout: Time | None = Field(None, description="Instead of `GAP_TIMEOUT`.")
    total_timeout: Time | None = Field(None, description="Instead of `TOTAL_TIMEOUT`.")
    window: Window | None = Field(None, description="Tokens that its models can read.")
    prices: PriceTable | None = Field(
        None, description="What a million tokens cost: `{ input = 0.15, output = 0.6, cached = 0.075 }`."
    )
    without: frozenset[str] = Field(
        frozenset(),
        description=f"List of what it cannot do or does not take: {', '.join(f'`{name}`' for name in CAN_BE_WITHOUT)}.",
    )

    @field_validator("models", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
            return {name: {} for name in value}
        if isinstance(value, dict):
            return {name: {"model": entry} if isinstance(entry, str) else entry for name, entry in value.items()}
        raise ValueError("a list of one or more names, or a table")

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not all(map(HEADER_NAME.fullmatch, value)):
            raise ValueError("a table of names that headers may have")
        return value

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        return SecretStr(proxy_url(value.get_secret_value())) if value and value.get_secret_value() else value

    @field_validator("without")
    @classmethod
    def _is_known(cls, value: frozenset[str]) -> frozenset[str]:
        if not value <= set(CAN_BE_WITHOUT):
            raise ValueError(f"a list of some of {', '.join(CAN_BE_WITHOUT)}")
        return value


class RouteTable(_Table):
    """One `[models.NAME]`: a name for the first of several models that answers."""

    models: tuple[str, ...] = Field(alias="try", min_length=1)


class ConnectionsFile(_Table):
    """The whole file: connections and names, in its order."""

    connections: dict[Name, ConnectionTable] = {}
    models: dict[Name, RouteTable] = {}


def connections_file(settings: Settings) -> Path:
    """Return the file that CONNECTIONS names, or else the user's own, be it there or not."""
    return settings.connections or user_file(_FILE_NAME)


def connections_path(settings: Settings) -> Path | None:
    """Return the file of connections, None where there is none.

    Raises:
        SettingsError: CONNECTIONS names a file that is not there.
    """
    path = connections_file(settings)
    if path.is_file():
        return path
    if settings.connections is not None:
        raise SettingsError(f"CONNECTIONS is {str(path)!r}: there is no such file.")
    return None


def read_connections(path: Path) -> ConnectionsFile:
    """Return what the file at `path` says.

    Raises:
        SettingsError: it cannot be read, or says what cannot be; the sentence names the line.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError  # a pipe would be waited for
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeError):
        raise SettingsError(f"The file {path} cannot be read.", hint="Save it as UTF-8 text.") from None
    if len(data) > _MOST_BYTES:
        raise SettingsError(f"The file {path} is larger than a megabyte.")
    try:
        read = ConnectionsFile.model_validate(tomllib.loads(text, parse_float=Decimal))
    except ValidationError as error:
        raise SettingsError(_fault(path, text, error)) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is no TOMLDecodeError
        at = re.search(r"line ([0-9]{1,9})", str(error))
        is_last = "at end of document" in str(error)
        place = _place(path, int(at[1]) if at else text.rstrip().count("\n") + 1 if is_last else None)
        what = "this is there twice" if str(error).startswith(_TWICE) else "this is no TOML"
        raise SettingsError(f"{place}: {what}.", hint="https://toml.io shows how it is written.") from None
    for name, route in read.models.items():
        if fault := next(filter(None, (_unknown(model, read) for model in route.models)), None):
            keys = ["models", name, "try"]
            raise SettingsError(f"{_place(path, line_of(text, keys))}: {'.'.join(keys)} names {fault}.")
    return read


def _unknown(model: str, file: ConnectionsFile) -> str | None:
    """Return what is wrong with a model of a route, None where it may be there."""
    beginning, slash, rest = model.partition("/")
    if model in file.models:
        return f"{model[:40]!r}, which stands for several itself"
    connection = file.connections.get(beginning) if slash else None
    if connection is not None:
        is_there = connection.models is None or rest in connection.models
        return None if is_there else f"{rest[:40]!r}, which is none of the models of [connections.{beginning}]"
    is_there = (
        not slash or beginning in ELSEWHERE or any(model in (it.models or ()) for it in file.connections.values())
    )
    return None if is_there else f"{beginning[:40]!r}, and there is no connection of that name"


def _place(path: Path, line: int | None) -> str:
    return f"{path}, line {line}" if line else str(path)


def _fault(path: Path, text: str, error: ValidationError) -> str:
    """Return one sentence about the first thing that is wrong: the line, the key, and what it must be.

    What was written is not told: it may be a key. A key that is missing is often there misspelt, so that comes last.
    """
    faults = error.errors(include_url=False)
    fault = next((it for it in faults if it["type"] != "missing"), faults[0])
    keys = [key for key in fault["loc"] if isinstance(key, str) and key != "[key]"]  # others are places in lists
    what = f"{_place(path, line_of(text, keys))}: {'.'.join(keys) or 'A table'}"
    if fault["type"] == "extra_forbidden":
        return f"{what} is no key that is known there.{_meant(keys, fault['input'])}"
    if fault["type"] == "missing":
        return f"{what} is missing."
    return f"{what} must be {_IN_TOML.get(fault['type']) or allowed_by(fault['msg'])}."


def _meant(keys: Sequence[str], value: object) -> str:
    """Return a further sentence with what was likely meant by the last of `keys`; empty where nobody can tell."""
    *place, key = keys or [""]
    if isinstance(value, dict) and len(place) == 2:  # noqa: PLR2004 - TOML takes a name with a dot for two
        return f' A name with a dot stands in quotes: [{place[0]}."{place[1]}.{key}"].'
    tables = {0: ConnectionsFile, 2: ConnectionTable if place[:1] == ["connections"] else RouteTable, 4: ModelTable}
    fields = tables.get(len(place), PriceTable).model_fields
    names = [field.alias or name for name, field in fields.items()]
    known = get_close_matches(key, names, n=1) or [name for name in names if name == f"base_{key}"]
    return f" Did you mean {known[0]}?" if known else ""


class ConnectionRow(NamedTuple):
    """One line of the documentation of a connection's keys."""

    name: str
    meaning: str


def connection_rows() -> list[ConnectionRow]:
    """Return every key of a connection with its sentence, in the order of `ConnectionTable`."""
    return [ConnectionRow(name, field.description or "") for name, field in ConnectionTable.model_fields.items()]
