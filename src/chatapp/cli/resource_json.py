"""What the backend told, as JSON objects again."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any

from chatapp.errors import ChatappError
from chatapp.protocol.messages import parts_as_json


def as_dict(resource: Any) -> dict[str, object]:
    """Return a named tuple of `chatapp.protocol.resources` as a JSON object with its fields."""
    return {name: _value(getattr(resource, name)) for name in resource._fields}


def _value(value: Any) -> object:
    if hasattr(value, "_fields"):
        return as_dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ChatappError):
        return value.as_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return parts_as_json([value])[0]  # type: ignore[list-item] # the only dataclasses in resources
    if isinstance(value, Mapping):
        return {name: _value(each) for name, each in value.items()}
    return [_value(each) for each in value] if isinstance(value, tuple | list) else value
