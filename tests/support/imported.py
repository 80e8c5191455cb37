"""What an import is made of in tests: conversations of ChatGPT, and what became of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chatapp.backend.store import Store
from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.store.merging import add_all
from chatapp.backend.transfer.exporters import Exports
from chatapp.backend.transfer.importers import Receipt
from chatapp.protocol.messages import Part, Role
from support.foreign_exports import chatgpt_node

Json = dict[str, Any]
Bring = Callable[..., Receipt]
PICTURE = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1", "size_bytes": 9}


def said(store: Store) -> list[tuple[str, str]]:
    """Who says what in the only conversation, on the branch on show."""
    (conversation,) = store.conversations.page(owner="ada").items
    page = store.messages.page(conversation.id, owner="ada")
    return [(message.role, message.content) for message in page.items]


def exported(store: Store, conversation_id: str | None, as_format: str, *, owner: str = "ada", **options: Any) -> str:
    """A conversation as a file of text."""
    exports = Exports(store.conversations, store.messages, store.attachments)
    return exports.file(str(conversation_id), owner=owner, as_format=as_format, **options).read().decode()


def imported_message(
    message_id: str, *parts: Part, role: Role = "user", parent_id: str | None = None, seconds: int = 0
) -> ImportedMessage:
    """A message of `parts` that was written so many seconds after another."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return ImportedMessage(id=message_id, parent_id=parent_id, role=role, content="", parts=parts, created_at=moment)


def put(store: Store, *messages: ImportedMessage, source: str = "chatapp") -> None:
    """Save a conversation of ada's as an import would."""
    theirs = ImportedConversation(source=source, id="x", title="X", messages=list(messages))
    with store.database.write() as connection:
        add_all(connection, [(theirs, None)], owner="ada")


def line(*nodes: tuple[str, str, Any], **fields: Any) -> Json:
    """ChatGPT's conversation in which each node stands below the one before: its id, its role, its text or content."""
    mapping, parent = {}, None
    for number, (node_id, role, content) in enumerate(nodes):
        extra = {} if isinstance(content, str) else content
        mapping[node_id] = chatgpt_node(
            node_id, parent, role, content if isinstance(content, str) else "", seconds=number, **extra
        )
        parent = node_id
    return {"conversation_id": "g", "title": "T", "current_node": parent, "mapping": mapping, **fields}


def multimodal(*parts: Any) -> Json:
    return {"content": {"content_type": "multimodal_text", "parts": list(parts)}, "metadata": {}}
