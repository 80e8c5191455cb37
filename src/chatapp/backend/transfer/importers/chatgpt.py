"""ChatGPT's export: a `mapping` of nodes to their parents, of which many are no messages."""

from collections import Counter
from typing import Any

import msgspec

from chatapp.backend.store.imported import (
    ATTACHMENT,
    HIDDEN,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    moment,
)

SOURCE, SIGNATURE = "chatgpt", "mapping"


class _Author(msgspec.Struct):
    role: str = ""


class _Thought(msgspec.Struct):
    content: str | None = None


class _Content(msgspec.Struct):
    content_type: str = "text"
    parts: list[Any] | None = None
    thoughts: list[_Thought] | None = None

    def text(self) -> str:
        """Return what is written, or was said and written down."""
        return "\n\n".join(text for text in map(_text, self.parts or ()) if text)

    def attachments(self) -> int:
        """Return how many parts are not text."""
        return sum(1 for part in self.parts or () if not isinstance(part, str) and not _text(part))

    def reasoning(self) -> str:
        """Return what the model thought."""
        return "\n\n".join(thought.content for thought in self.thoughts or () if thought.content)


class _Message(msgspec.Struct):
    author: _Author
    content: _Content
    create_time: float | None = None
    recipient: str | None = "all"
    metadata: dict[str, Any] = {}

    def is_hidden(self) -> bool:
        """Return whether ChatGPT did not show it."""
        return self.author.role == "system" or bool(self.metadata.get("is_visually_hidden_from_conversation"))

    def is_of_tool(self) -> bool:
        """Return whether a tool wrote it, or reads it."""
        return self.author.role not in {"user", "assistant"} or self.recipient not in {None, "all"}

    def is_said(self) -> bool:
        """Return whether this is a question or an answer."""
        is_prose = self.content.content_type in {"text", "multimodal_text"}
        return is_prose and not self.is_hidden() and not self.is_of_tool() and bool(self.content.text())


class _Node(msgspec.Struct):
    message: _Message | None = None
    parent: str | None = None


class _Conversation(msgspec.Struct):
    mapping: dict[str, _Node]
    id: str | None = None
    conversation_id: str | None = None
    title: str | None = None
    create_time: float | None = None
    update_time: float | None = None
    current_node: str | None = None
    is_archived: bool | None = None
    is_starred: bool | None = None


def read(raw: msgspec.Raw) -> ImportedConversation:
    """Return the conversation.

    Raises:
        msgspec.DecodeError: `raw` is none of theirs.
    """
    theirs = msgspec.json.decode(raw, type=_Conversation)
    parents = {node_id: node.parent for node_id, node in theirs.mapping.items()}
    lineage = Lineage(parents)
    messages = {node_id: node.message for node_id, node in theirs.mapping.items() if node.message}
    said = {node_id: message for node_id, message in messages.items() if message.is_said()}
    return ImportedConversation(
        source=SOURCE,
        id=theirs.conversation_id or theirs.id or next(iter(theirs.mapping), ""),
        title=theirs.title,
        messages=[
            _foreign(node_id, message, *_above(parents[node_id], said, messages, lineage))
            for node_id, message in said.items()
        ],
        leaf_id=lineage.nearest(theirs.current_node, said)[0],
        is_pinned=bool(theirs.is_starred),
        is_archived=bool(theirs.is_archived),
        created_at=moment(theirs.create_time),
        updated_at=moment(theirs.update_time),
        left_out=_left_out(messages),
    )


def _above(
    node_id: str | None, said: dict[str, _Message], messages: dict[str, _Message], lineage: Lineage
) -> tuple[str | None, str]:
    """Return the message that `node_id` is or stands below, and what was thought between the two."""
    parent_id, passed = lineage.nearest(node_id, said)
    thoughts = (messages[other].content.reasoning() for other in reversed(passed) if other in messages)
    return parent_id, "\n\n".join(filter(None, thoughts))


def _foreign(node_id: str, message: _Message, parent_id: str | None, reasoning: str) -> ImportedMessage:
    is_answer = message.author.role == "assistant"
    model = message.metadata.get("model_slug")
    return ImportedMessage(
        id=node_id,
        parent_id=parent_id,
        role="assistant" if is_answer else "user",
        content=message.content.text(),
        reasoning=reasoning if is_answer else "",
        model=model if is_answer and isinstance(model, str) else None,
        created_at=moment(message.create_time),
    )


def _left_out(messages: dict[str, _Message]) -> Counter[str]:
    left_out: Counter[str] = Counter()
    for message in messages.values():
        left_out[ATTACHMENT] += message.content.attachments()
        if message.is_hidden():
            left_out[HIDDEN] += bool(message.content.text())
        elif message.is_of_tool():
            left_out[TOOL] += 1
    return +left_out


def _text(part: object) -> str:
    if isinstance(part, dict):
        part = part.get("text")
    return part.strip("\n") if isinstance(part, str) else ""
