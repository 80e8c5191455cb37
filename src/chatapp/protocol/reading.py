"""JSON read as typed objects: what the client needs of a validator, without the start time of one."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from chatapp.errors import ChatappError
from chatapp.protocol.received_errors import error_from_dict
from chatapp.protocol.resources import ConnectionInfo, DependencyInfo, Item, ReadinessInfo, ResultPage

if TYPE_CHECKING:
    from chatapp.protocol.messages import Part

Resource = TypeVar("Resource")


class _Part:
    """Stands for `Part` in types: its import takes milliseconds that only a command which reads messages pays."""


def read(kind: type[Resource], data: Mapping[str, Any]) -> Resource:
    """Return the JSON object `data` as a named tuple or a dataclass; fields it does not have are passed over.

    Raises:
        ValueError: a field without default is missing, or one is of another type.
    """
    hints = _hints(kind)  # type: ignore[arg-type]  # to mypy no class is hashable
    fields = {name: _value(hint, data[name]) for name, hint in hints.items() if name in data}
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError("a field is missing") from error


def read_page(kind: type[Item], data: Mapping[str, Any]) -> ResultPage[Item]:
    """Return a page of `kind`.

    Raises:
        ValueError: it is none.
    """
    items = tuple(read(kind, _checked(Mapping, item)) for item in _checked(list, data.get("items")))
    return ResultPage(items, _value(str | None, data.get("next")))


def read_readiness(data: Mapping[str, Any]) -> ReadinessInfo:
    """Return what `GET /ready` says of each thing that the backend needs.

    Raises:
        ValueError: it says something else.
    """
    entries = {name: entry for name, entry in data.items() if isinstance(entry, dict) and "ok" in entry}
    if not entries:
        raise ValueError("no dependency is named")
    connections = tuple(read(ConnectionInfo, entry) for entry in _checked(list, data.get("connections", [])))
    return ReadinessInfo({name: read(DependencyInfo, entry) for name, entry in entries.items()}, connections)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Return the types of the fields of `kind`, which takes longer to find out than to read all of them."""
    return get_type_hints(kind, localns={"Part": _Part})


def _value(hint: Any, value: Any) -> Any:
    """Return a JSON value as the type of its field."""
    convert = _CONVERTERS.get(hint)
    if convert is not None:
        return convert(value)
    kind = get_origin(hint) or hint
    if kind in {Union, UnionType}:  # X | None, the only unions there are
        return None if value is None else _value(get_args(hint)[0], value)
    if kind is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in _checked(list, value))
    if isinstance(kind, type) and (hasattr(kind, "_fields") or is_dataclass(kind)):
        return read(kind, _checked(dict, value))
    if is_typeddict(kind):
        return _without_unknown(kind, _checked(dict, value))
    return _checked(kind, value)


def _without_unknown(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    if not kind.__required_keys__ <= value.keys():
        raise ValueError("a field is missing")
    return {name: value[name] for name in kind.__annotations__ if name in value}


def _checked(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"a {kind.__name__} was expected")
    return value


def _moment(value: Any) -> datetime:
    """Return a time; UTC where it names no zone, and where it is none at all the first moment there is."""
    text = _checked(str, value)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parts(value: Any) -> "tuple[Part, ...]":
    from chatapp.protocol.messages import parts_from_json  # noqa: PLC0415

    try:
        return parts_from_json([_checked(dict, part) for part in _checked(list, value)])
    except TypeError as error:
        raise ValueError("a part lacks a field") from error


_CONVERTERS: dict[Any, Callable[[Any], Any]] = {
    datetime: _moment,
    tuple[_Part, ...]: _parts,
    ChatappError: lambda value: error_from_dict(_checked(dict, value)),
}
