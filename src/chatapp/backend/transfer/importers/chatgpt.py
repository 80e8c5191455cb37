"""ChatGPT's export: a `mapping` of nodes to their parents, of which many are no messages."""

from collections import Counter
from dataclasses import dataclass

from chatapp.backend.store.imported import (
    ATTACHMENT,
    FOLDER,
    HIDDEN,
    NO_TEXT,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    thought_for,
)
from chatapp.backend.store.placing import OURS
from chatapp.backend.transfer.importers import chatgpt_content
from chatapp.backend.transfer.importers.chatgpt_content import CANVAS
from chatapp.backend.transfer.importers.fields import Json, mapping, milliseconds, name, paragraphs, string, time, total
from chatapp.protocol.messages import AttachmentPart, FinalStatus

SOURCE = "chatgpt"

_CUSTOM = "user_editable_context"
"""The kind of content that custom instructions are."""

_MEMORY = "model_editable_context"
"""What the model was told of earlier conversations."""

_PROJECT = "g-p-"
"""How the id of a project begins; those of custom GPTs go on otherwise."""

_RECAP = "reasoning_recap"

_STATUS: dict[str, FinalStatus] = {"in_progress": "interrupted", "finished_partial_completion": "stopped"}


@dataclass(slots=True)
class _Node:
    """One node of the mapping, and what it says."""

    id: str
    parent: str | None
    message: Json
    metadata: Json
    content: Json
    role: str
    text: str = ""
    reasoning: str = ""
    thought_ms: int | None = None
    files: tuple[AttachmentPart, ...] = ()

    @property
    def is_hidden(self) -> bool:
        return self.role == "system" or bool(self.metadata.get("is_visually_hidden_from_conversation"))


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return "mapping" in fields


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    left_out: Counter[str] = Counter()
    nodes = {
        node_id: _read_node(node_id, mapping(node), left_out) for node_id, node in (theirs["mapping"] or {}).items()
    }
    for node in nodes.values():  # exports since 2026 take hidden messages out, and name the next one above beside
        node.parent = node.parent if node.parent in nodes else name(node.metadata.get("parent_id"))
    kept = {node.id: node for node in nodes.values() if node.text}
    lineage = Lineage({node.id: node.parent for node in nodes.values()}, kept)
    usual = string(theirs.get("default_model_slug"))
    messages = [_message(node, lineage, nodes, usual_model=usual) for node in kept.values()]
    left_out[NO_TEXT] += sum(bool(node.reasoning) and not lineage.has_passed(node.id) for node in nodes.values())
    return ImportedConversation(
        source=OURS if theirs.get("conversation_origin") == OURS else SOURCE,
        id=name(theirs.get("conversation_id")) or name(theirs.get("id")) or next(iter(nodes), ""),
        title=string(theirs.get("title")) or None,
        messages=messages,
        leaf_id=lineage.nearest(name(theirs.get("current_node"))),
        system=_instructions(nodes),
        is_pinned=bool(theirs.get("is_starred")) or theirs.get("pinned_time") is not None,
        is_archived=bool(theirs.get("is_archived")),
        created_at=time(theirs.get("create_time")),
        updated_at=time(theirs.get("update_time")),
        left_out=+left_out + Counter({FOLDER: int(string(theirs.get("gizmo_id")).startswith(_PROJECT))}),
    )


def _read_node(node_id: str, fields: Json, left_out: Counter[str]) -> _Node:
    """Return a node, and count what is left out of it."""
    message = mapping(fields.get("message"))
    content = message.get("content")
    content = {"parts": [content]} if isinstance(content, str) else mapping(content)
    role = string(mapping(message.get("author")).get("role"))
    node = _Node(node_id, name(fields.get("parent")), message, mapping(message.get("metadata")), content, role)
    if not message:
        return node
    if content.get("content_type") == _CUSTOM:
        return node
    recipient = string(message.get("recipient")) or "all"
    node.thought_ms = milliseconds(node.metadata.get("finished_duration_sec"))
    if node.is_hidden:
        left_out[HIDDEN] += bool(chatgpt_content.said(content, node.metadata)[0])
    elif content.get("content_type") == _MEMORY:
        left_out[HIDDEN] += chatgpt_content.holds_something(content)
    elif content.get("thoughts"):
        node.reasoning = chatgpt_content.reasoning(content)
    elif node.role == "assistant" and recipient.startswith(CANVAS):
        node.text = chatgpt_content.canvas(content)
        left_out[TOOL] += not node.text
    elif node.role == "tool" and (made := chatgpt_content.made(content, node.metadata))[0]:
        node.text, node.files = made
    elif node.role not in {"user", "assistant"} or recipient != "all":
        left_out[TOOL] += 1
    elif content.get("content_type") != _RECAP:
        node.text, node.files = chatgpt_content.said(content, node.metadata)
        left_out[NO_TEXT] += not node.text and chatgpt_content.holds_something(content)
    left_out[ATTACHMENT] += len(node.files)
    return node


def _message(node: _Node, lineage: Lineage, nodes: dict[str, _Node], *, usual_model: str) -> ImportedMessage:
    """Return a message with what was thought right above it, and how long, unless another answer has that already.

    Exports since 2026 name the model of many answers only beside the conversation: its `usual_model`.
    """
    is_answer = node.role != "user"
    passed = reversed(lineage.passed(node.parent)) if is_answer else ()
    above = [nodes[other] for other in passed if other in nodes]
    thought_ms = total(other.thought_ms for other in above if other.content.get("content_type") == _RECAP)
    model = string(node.metadata.get("model_slug")) or usual_model
    return ImportedMessage(
        id=node.id,
        parent_id=lineage.above(node.id),
        role="assistant" if is_answer else "user",
        content=node.text,
        reasoning=paragraphs(*(other.reasoning for other in above)),
        model=model if is_answer and model else None,
        finish_reason="length" if mapping(node.metadata.get("finish_details")).get("type") == "max_tokens" else None,
        status=_STATUS.get(string(node.message.get("status")), "complete") if is_answer else "complete",
        created_at=time(node.message.get("create_time")),
        turn=thought_for(node.thought_ms if is_answer and thought_ms is None else thought_ms),
        attachments=node.files,
    )


def _instructions(nodes: dict[str, _Node]) -> str | None:
    """Return the custom instructions that held for the conversation, in the form of today or of 2023."""
    for node in nodes.values():
        if "user_context_message_data" not in node.metadata and node.content.get("content_type") != _CUSTOM:
            continue
        old = mapping(node.metadata.get("user_context_message_data"))
        texts = [string(old.get("about_user_message")), string(old.get("about_model_message"))]
        if node.content.get("content_type") == _CUSTOM:
            texts = [string(node.content.get(field)) for field in ("user_profile", "user_instructions")]
        if any(texts):
            return paragraphs(*texts)
    return None
