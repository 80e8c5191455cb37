"""Our own export: every branch, as `export.as_json` writes it."""

from typing import cast, get_args

import msgspec

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage, moment
from chatapp.backend.store.records import FinalStatus, Role
from chatapp.protocol.events import Usage

SOURCE, SIGNATURE = "chatapp", "leaf_id"


class _Message(msgspec.Struct):
    id: str
    parent_id: str | None
    role: Role
    content: str
    reasoning: str = ""
    model: str | None = None
    status: str = "complete"
    finish_reason: str | None = None
    usage: Usage | None = None
    created_at: str | None = None


class _Conversation(msgspec.Struct):
    id: str
    messages: list[_Message]
    leaf_id: str | None = None
    title: str | None = None
    pinned: bool = False
    archived_at: str | None = None
    system: str | None = None
    model: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


def read(raw: msgspec.Raw) -> ImportedConversation:
    """Return the conversation.

    Raises:
        msgspec.DecodeError: `raw` is none of ours.
    """
    theirs = msgspec.json.decode(raw, type=_Conversation)
    return ImportedConversation(
        source=SOURCE,
        id=theirs.id,
        title=theirs.title,
        messages=[_foreign(message) for message in theirs.messages],
        leaf_id=theirs.leaf_id,
        system=theirs.system,
        model=theirs.model,
        is_pinned=theirs.pinned,
        is_archived=theirs.archived_at is not None,
        created_at=moment(theirs.created_at),
        updated_at=moment(theirs.updated_at),
    )


def _foreign(message: _Message) -> ImportedMessage:
    usage = message.usage
    status = message.status if message.status in get_args(FinalStatus) else "interrupted"
    return ImportedMessage(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        content=message.content,
        reasoning=message.reasoning,
        model=message.model,
        status=cast(FinalStatus, status),
        finish_reason=message.finish_reason,
        prompt_tokens=usage["prompt_tokens"] if usage else None,
        completion_tokens=usage["completion_tokens"] if usage else None,
        created_at=moment(message.created_at),
    )
