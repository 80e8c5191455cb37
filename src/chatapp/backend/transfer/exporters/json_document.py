"""Conversations with every branch as JSON, to be imported again."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from chatapp.backend.store.records import Conversation, StoredMessage
from chatapp.backend.transfer.exporters.exported import Exported
from chatapp.protocol.messages import parts_as_json

FORMAT = "chatapp"
VERSION = 2
"""Since 2 each message has `parts`."""

_HERE_ONLY = {"conversation_id", "sequence", "siblings", "turn_id"}
_TOLD_OF_MESSAGE = [name for name in StoredMessage.__dataclass_fields__ if name not in _HERE_ONLY]


def write(conversations: Iterable[Exported]) -> Iterator[bytes]:
    """Return one JSON object with everything about the conversations but their owner, a message a line."""
    yield f'{{"format": {_json(FORMAT)}, "version": {VERSION}, "conversations": ['.encode()
    comma = b"\n"
    for one in conversations:
        yield comma
        yield from _conversation(one)
        comma = b",\n"
    yield b"\n]}\n"


def _conversation(one: Exported) -> Iterator[bytes]:
    fields = {**_fields(one.conversation), "project": _project(one)}
    yield _json(fields).removesuffix("}").encode() + b', "messages": ['
    comma = b"\n"
    for message in one.messages:
        yield comma + _json(_message(message)).encode()
        comma = b",\n"
    yield b"\n]}"


def _fields(conversation: Conversation) -> dict[str, Any]:
    fields = asdict(conversation)
    for name in ("owner", "active_turn_id", "deleted_at", "project_id"):
        del fields[name]
    return fields


def _project(one: Exported) -> dict[str, Any] | None:
    """Return what of a project comes along with each conversation of it; its files lie beside them in a zip."""
    if one.project is None:
        return None
    fields = {name: getattr(one.project, name) for name in ("id", "name", "instructions", "model")}
    return {**fields, "files": parts_as_json(one.project_files)}


def _message(message: StoredMessage) -> dict[str, Any]:
    fields = {name: getattr(message, name) for name in _TOLD_OF_MESSAGE}
    notices = [asdict(notice) for notice in message.notices]
    return {**fields, "parts": parts_as_json(message.parts), "notices": notices}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_moment)


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place in an export")
    return value.isoformat()
