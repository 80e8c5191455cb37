"""JSON read as typed objects: what the client needs of a validator, without the start time of one."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
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


def read(kind: type[Resource], told: Mapping[str, Any]) -> Resource:
    """Return the JSON object `told` as a named tuple or a dataclass; fields it does not have are passed over.

    Raises:
        ValueError: a field without default is missing, or one is of another type.
    """
    hints = get_type_hints(kind, localns={"Part": _Part})
    fields = {name: _value(hint, told[name]) for name, hint in hints.items() if name in told}
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError("a field is missing") from error


def read_page(kind: type[Item], told: Mapping[str, Any]) -> ResultPage[Item]:
    """Return a page of `kind`.

    Raises:
        ValueError: it is none.
    """
    items = tuple(read(kind, _checked(Mapping, item)) for item in _checked(list, told.get("items")))
    return ResultPage(items, _value(str | None, told.get("next")))


def read_readiness(told: Mapping[str, Any]) -> ReadinessInfo:
    """Return what `GET /ready` says of each thing that the backend needs.

    Raises:
        ValueError: it says something else.
    """
    entries = {name: entry for name, entry in told.items() if isinstance(entry, dict) and "ok" in entry}
    if not entries:
        raise ValueError("no dependency is named")
    connections = tuple(read(ConnectionInfo, entry) for entry in _checked(list, told.get("connections", [])))
    return ReadinessInfo({name: read(DependencyInfo, entry) for name, entry in entries.items()}, connections)


def _value(hint: Any, told: Any) -> Any:
    """Return a JSON value as the type of its field."""
    convert = _CONVERTERS.get(hint)
    if convert is not None:
        return convert(told)
    kind = get_origin(hint) or hint
    if kind in {Union, UnionType}:  # X | None, the only unions there are
        return None if told is None else _value(get_args(hint)[0], told)
    if kind is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in _checked(list, told))
    if isinstance(kind, type) and (hasattr(kind, "_fields") or is_dataclass(kind)):
        return read(kind, _checked(dict, told))
    if is_typeddict(kind):
        return _without_unknown(kind, _checked(dict, told))
    return _checked(kind, told)


def _without_unknown(kind: Any, told: dict[str, Any]) -> dict[str, Any]:
    if not kind.__required_keys__ <= told.keys():
        raise ValueError("a field is missing")
    return {name: told[name] for name in kind.__annotations__ if name in told}


def _checked(kind: type, told: Any) -> Any:
    if not isinstance(told, kind):
        raise ValueError(f"a {kind.__name__} was expected")
    return told


def _moment(told: Any) -> datetime:
    """Return a time; UTC where it names no zone, and where it is none at all the first moment there is."""
    text = _checked(str, told)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parts(told: Any) -> "tuple[Part, ...]":
    from chatapp.protocol.messages import parts_from_json  # noqa: PLC0415

    try:
        return parts_from_json([_checked(dict, part) for part in _checked(list, told)])
    except TypeError as error:
        raise ValueError("a part lacks a field") from error


_CONVERTERS: dict[Any, Callable[[Any], Any]] = {
    datetime: _moment,
    tuple[_Part, ...]: _parts,
    ChatappError: lambda told: error_from_dict(_checked(dict, told)),
}
