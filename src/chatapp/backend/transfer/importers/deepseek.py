"""DeepSeek's export: ChatGPT's `mapping`, with messages of `fragments`: REQUEST, THINK, RESPONSE, SEARCH."""

from collections import Counter
from typing import Any

from chatapp.backend.store.imported import ATTACHMENT, TOOL, ImportedConversation, ImportedMessage, Lineage
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.fields import mapping, name, objects, paragraphs, string, time

SOURCE = "deepseek"

_KNOWN = ("REQUEST", "THINK", "RESPONSE")


def recognises(fields: dict[str, Any]) -> bool:
    """Return whether this is a conversation of theirs."""
    return isinstance(fields.get("mapping"), dict) and "inserted_at" in fields


def read(theirs: dict[str, Any]) -> ImportedConversation:
    """Return the conversation."""
    nodes = {node_id: mapping(node) for node_id, node in theirs["mapping"].items()}
    messages = {node_id: _message(node_id, mapping(node.get("message"))) for node_id, node in nodes.items()}
    kept = {node_id: message for node_id, message in messages.items() if message["content"]}
    lineage = Lineage({node_id: name(node.get("parent")) for node_id, node in nodes.items()}, kept)
    left_out = sum((_left_out(mapping(node.get("message"))) for node in nodes.values()), Counter[str]())
    return ImportedConversation(
        source=SOURCE,
        id=name(theirs.get("id")) or next(iter(nodes), ""),
        title=string(theirs.get("title")) or None,
        messages=[ImportedMessage(**message, parent_id=lineage.above(node_id)) for node_id, message in kept.items()],
        created_at=time(theirs.get("inserted_at")),
        updated_at=time(theirs.get("updated_at")),
        left_out=+left_out,
    )


def _message(node_id: str, message: dict[str, Any]) -> dict[str, Any]:
    said = _of(message, "REQUEST")
    is_answer = not said
    files = tuple(attachment(file.get("file_name") or file.get("name")) for file in objects(message.get("files")))
    return {
        "id": node_id,
        "role": "assistant" if is_answer else "user",
        "content": paragraphs(*map(placeholder, files), said or _of(message, "RESPONSE")),
        "reasoning": _of(message, "THINK"),
        "model": string(message.get("model")) or None if is_answer else None,
        "created_at": time(message.get("inserted_at")),
        "attachments": files,
    }


def _of(message: dict[str, Any], kind: str) -> str:
    fragments = objects(message.get("fragments"))
    return paragraphs(*(string(fragment.get("content")) for fragment in fragments if fragment.get("type") == kind))


def _left_out(message: dict[str, Any]) -> Counter[str]:
    return Counter(
        {
            ATTACHMENT: len(objects(message.get("files"))),
            TOOL: sum(fragment.get("type") not in _KNOWN for fragment in objects(message.get("fragments"))),
        }
    )
