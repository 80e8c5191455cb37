"""What the backend told, as JSON objects again."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any

from chatapp.errors import ChatappError
from chatapp.protocol.messages import parts_as_json


def as_json(value: Any) -> object:
    """Return what the backend told as JSON: of named tuples their fields, of times their text."""
    if hasattr(value, "_fields"):
        return {name: as_json(getattr(value, name)) for name in value._fields}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ChatappError):
        return value.as_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return parts_as_json([value])[0]  # type: ignore[list-item] # the only dataclasses in resources
    if isinstance(value, Mapping):
        return {name: as_json(each) for name, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, tuple | list) else value
