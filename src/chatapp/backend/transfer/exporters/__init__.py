"""Conversations as files: everything as JSON, the branch on show as Markdown or as one HTML page."""

import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from chatapp.backend.store.conversations import Conversations
from chatapp.backend.store.messages import Messages
from chatapp.backend.store.records import Conversation, StoredMessage
from chatapp.backend.transfer.exporters.html import as_html
from chatapp.backend.transfer.exporters.markdown import as_markdown
from chatapp.protocol.messages import parts_as_json

ExportFormat = Literal["json", "md", "html"]

MEDIA_TYPES: dict[ExportFormat, str] = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
FORMAT = "chatapp"
_HERE_ONLY = {"conversation_id", "sequence", "siblings", "turn_id"}
_TOLD_OF_MESSAGE = [name for name in StoredMessage.__dataclass_fields__ if name not in _HERE_ONLY]
VERSION = 2
"""Since 2 each message has `parts`."""


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to hand out; `name` is safe in every file system and in a header."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True)
class Exports:
    """Writes conversations down."""

    conversations: Conversations
    messages: Messages

    def file(
        self, conversation_id: str, *, owner: str, as_format: ExportFormat, branch: str | None = None
    ) -> ExportedFile:
        """Return one conversation: as JSON with every branch, to be imported again; else only `branch`, to be read.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
        """
        conversation = self.conversations.get(conversation_id, owner=owner)
        if as_format == "json":
            content = as_json(conversation, self.messages.all(conversation_id, owner=owner))
        else:
            write = as_markdown if as_format == "md" else as_html
            content = write(conversation, self.messages.whole_branch(conversation_id, owner=owner, branch=branch))
        name = f"{_slug(conversation.title)}-{conversation.created_at:%Y-%m-%d}.{as_format}"
        return ExportedFile(name, MEDIA_TYPES[as_format], content)


def as_json(conversation: Conversation, messages: list[StoredMessage]) -> str:
    """Return everything about a conversation but its owner."""
    told = asdict(conversation)
    for name in ("owner", "active_turn_id", "deleted_at"):
        del told[name]
    told["messages"] = [_message(message) for message in messages]
    document = {"format": FORMAT, "version": VERSION, "conversations": [told]}
    return json.dumps(document, ensure_ascii=False, indent=2, default=_moment) + "\n"


def _message(message: StoredMessage) -> dict[str, Any]:
    told = {name: getattr(message, name) for name in _TOLD_OF_MESSAGE}
    return {**told, "parts": parts_as_json(message.parts)}


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place in an export")
    return value.isoformat()


def _slug(title: str | None) -> str:
    plain = unicodedata.normalize("NFKD", title or "").encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].rstrip("-") or "conversation"
