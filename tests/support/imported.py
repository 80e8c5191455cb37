"""What an import is made of in tests: conversations of ChatGPT, and what became of them."""

from collections.abc import Callable
from typing import Any

from chatapp.backend.store import Store
from chatapp.backend.transfer.importers import Receipt
from support.foreign_exports import chatgpt_node

Json = dict[str, Any]
Bring = Callable[..., Receipt]
PICTURE = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1", "size_bytes": 9}


def said(store: Store) -> list[tuple[str, str]]:
    """Who says what in the only conversation, on the branch on show."""
    (conversation,) = store.conversations.page(owner="ada").items
    page = store.messages.page(conversation.id, owner="ada")
    return [(message.role, message.content) for message in page.items]


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
