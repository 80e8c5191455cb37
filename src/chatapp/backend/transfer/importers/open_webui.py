"""Open WebUI's export: a `chat` whose history is a tree of messages, reasoning and tools written into their text."""

import html
import re
from collections import Counter
from typing import Any

import msgspec

from chatapp.backend.store.imported import (
    ATTACHMENT,
    NO_TEXT,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    moment,
)

SOURCE, SIGNATURE = "open-webui", "chat"

_REASONING = re.compile(
    r'<details type="reasoning"[^>]*>\s*(?:<summary>.*?</summary>)?\s*(.*?)\s*</details>\s*', re.DOTALL
)
_TOOLS = re.compile(r'<details type="(?:tool_calls|code_interpreter)".*?</details>\s*', re.DOTALL)
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


class _Message(msgspec.Struct, rename="camel"):
    id: str | None = None
    parent_id: str | None = None
    role: str = "user"
    content: str | list[dict[str, Any]] | None = None
    timestamp: float | None = None
    model: str | None = None
    files: list[Any] | None = None

    def raw_text(self) -> str:
        """Return the text with all that is written into it."""
        if isinstance(self.content, list):
            return "\n\n".join(str(part["text"]) for part in self.content if part.get("text"))
        return self.content or ""

    def words(self) -> str:
        """Return what is said."""
        return _TOOLS.sub("", _REASONING.sub("", self.raw_text())).strip("\n")

    def reasoning(self) -> str:
        """Return what the model thought."""
        thoughts = _REASONING.findall(self.raw_text())
        return "\n\n".join(_QUOTED.sub("", html.unescape(thought)) for thought in thoughts)


class _History(msgspec.Struct, rename="camel"):
    messages: dict[str, _Message] = {}
    current_id: str | None = None


class _Chat(msgspec.Struct):
    title: str | None = None
    models: list[str] | None = None
    system: str | None = None
    params: dict[str, Any] = {}
    history: _History = msgspec.field(default_factory=_History)
    messages: list[_Message] = []


class _Conversation(msgspec.Struct):
    chat: _Chat
    id: str | None = None
    title: str | None = None
    created_at: float | None = None
    updated_at: float | None = None
    archived: bool | None = None
    pinned: bool | None = None


def read(raw: msgspec.Raw) -> ImportedConversation:
    """Return the conversation.

    Raises:
        msgspec.DecodeError: `raw` is none of theirs.
    """
    theirs = msgspec.json.decode(raw, type=_Conversation)
    messages = theirs.chat.history.messages or _line(theirs.chat.messages)
    lineage = Lineage({message_id: message.parent_id for message_id, message in messages.items()})
    said = {message_id: message for message_id, message in messages.items() if message.words()}
    system = theirs.chat.system or theirs.chat.params.get("system")
    return ImportedConversation(
        source=SOURCE,
        id=theirs.id or next(iter(messages), ""),
        title=theirs.title or theirs.chat.title,
        messages=[
            _foreign(message_id, lineage.nearest(message.parent_id, said)[0], message)
            for message_id, message in said.items()
        ],
        leaf_id=lineage.nearest(theirs.chat.history.current_id, said)[0],
        system=system if isinstance(system, str) and system else None,
        model=next(filter(None, theirs.chat.models or ()), None),
        is_pinned=bool(theirs.pinned),
        is_archived=bool(theirs.archived),
        created_at=moment(theirs.created_at),
        updated_at=moment(theirs.updated_at),
        left_out=_left_out(messages),
    )


def _line(messages: list[_Message]) -> dict[str, _Message]:
    """Return the messages of an old export, which had no tree, each below the one before it."""
    line: dict[str, _Message] = {}
    for number, message in enumerate(messages):
        parent_id = next(reversed(line), None)
        line[message.id or f"message {number}"] = msgspec.structs.replace(message, parent_id=parent_id)
    return line


def _foreign(message_id: str, parent_id: str | None, message: _Message) -> ImportedMessage:
    is_answer = message.role == "assistant"
    return ImportedMessage(
        id=message_id,
        parent_id=parent_id,
        role="assistant" if is_answer else "user",
        content=message.words(),
        reasoning=message.reasoning() if is_answer else "",
        model=message.model if is_answer else None,
        created_at=moment(message.timestamp),
    )


def _left_out(messages: dict[str, _Message]) -> Counter[str]:
    left_out: Counter[str] = Counter()
    for message in messages.values():
        left_out[NO_TEXT] += not message.words()
        left_out[TOOL] += len(_TOOLS.findall(message.raw_text()))
        left_out[ATTACHMENT] += len(message.files or ())
    return +left_out
