"""What the backend told, as JSON objects again."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any

from chatapp.errors import ChatappError
from chatapp.protocol.messages import parts_as_json


def as_json(told: Any) -> object:
    """Return what the backend told as JSON: of named tuples their fields, of times their text."""
    if hasattr(told, "_fields"):
        return {name: as_json(getattr(told, name)) for name in told._fields}
    if isinstance(told, datetime):
        return told.isoformat()
    if isinstance(told, ChatappError):
        return told.as_dict()
    if is_dataclass(told) and not isinstance(told, type):
        return parts_as_json([told])[0]  # type: ignore[list-item] # the only dataclasses in resources
    if isinstance(told, Mapping):
        return {name: as_json(each) for name, each in told.items()}
    return [as_json(each) for each in told] if isinstance(told, tuple | list) else told
