"""LibreChat's export of one conversation: messages that name their parents, or hold those below them."""

import re
from collections import Counter
from collections.abc import Iterator

from chatapp.backend.store.imported import (
    ATTACHMENT,
    NO_TEXT,
    TOOL,
    UNKNOWN,
    ImportedConversation,
    ImportedMessage,
    Lineage,
)
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder
from chatapp.backend.transfer.importers.fields import Json, count, mapping, name, objects, paragraphs, string, time
from chatapp.protocol.messages import AttachmentPart

SOURCE = "librechat"

_MARK = re.compile("(?:\\\\ue20[0-6]|[\ue200-\ue206])(?:turn[0-9]++[a-z]++[0-9]++)?")
"""What stands in an answer for what a search has found, also written as an escape."""

_KNOWN = ("text", "think", "error", "tool_call", "image_file")


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of theirs."""
    return "conversationId" in fields and ("messages" in fields or "messagesTree" in fields)


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    messages = dict(_every(theirs))
    read_messages = {message_id: _message(message_id, message) for message_id, (_, message) in messages.items()}
    kept = {message_id: message for message_id, message in read_messages.items() if message.content}
    lineage = Lineage({message_id: parent_id for message_id, (parent_id, _) in messages.items()}, kept)
    left_out = sum((_left_out(message) for _, message in messages.values()), Counter[str]())
    left_out[NO_TEXT] += len(messages) - len(kept)
    options = mapping(theirs.get("options"))
    return ImportedConversation(
        source=SOURCE,
        id=name(theirs.get("conversationId")) or next(iter(messages), ""),
        title=string(theirs.get("title")) or None,
        messages=lineage.placed(kept.values()),
        system=string(options.get("promptPrefix")) or string(options.get("system")) or None,
        model=string(options.get("model")) or None,
        left_out=+left_out,
    )


def _every(theirs: Json) -> Iterator[tuple[str, tuple[str | None, Json]]]:
    """Return each message under its id, with its parent: named, the one that holds it, or the one before in a list."""
    tree = theirs.get("messagesTree") or theirs.get("messages")
    waiting: list[tuple[str | None, Json]]
    waiting = [(None, message) for message in reversed(objects(tree) or objects([tree]))]
    before, is_line = None, not any("parentMessageId" in message for _, message in waiting)
    number = 0
    while waiting:
        above, message = waiting.pop()
        number += 1
        message_id = name(message.get("messageId")) or f"message {number}"
        yield message_id, (name(message.get("parentMessageId")) or above or (before if is_line else None), message)
        before = message_id
        waiting += [(message_id, child) for child in reversed(objects(message.get("children")))]


def _message(message_id: str, message: Json) -> ImportedMessage:
    is_answer = not message.get("isCreatedByUser", message.get("sender") == "User")
    files, parts = _files(message), objects(message.get("content"))
    words = paragraphs(*(_words(part) for part in parts)) or string(message.get("text"))
    has_failed, is_cut = is_answer and bool(message.get("error")), is_answer and bool(message.get("unfinished"))
    return ImportedMessage(
        id=message_id,
        role="assistant" if is_answer else "user",
        content=paragraphs(*map(placeholder, files), _MARK.sub("", words) if is_answer else words),
        reasoning=paragraphs(*(_text_of(part, "think") for part in parts if part.get("type") == "think")),
        model=string(message.get("model")) or None if is_answer else None,
        status="failed" if has_failed else "interrupted" if is_cut else "complete",
        completion_tokens=count(message.get("tokenCount")) if is_answer else None,
        created_at=time(message.get("createdAt")),
        attachments=files,
    )


def _words(part: Json) -> str:
    if part.get("type") not in ("text", "error"):
        return ""
    return _text_of(part, "text") or _text_of(part, "error")


def _text_of(part: Json, field: str) -> str:
    """Return a text that is given as such or as `{"value": …}`."""
    return string(part.get(field)) or string(mapping(part.get(field)).get("value"))


def _files(message: Json) -> tuple[AttachmentPart, ...]:
    pictures = [picture() for part in objects(message.get("content")) if part.get("type") == "image_file"]
    return (
        *map(_file, objects(message.get("files"))),
        *map(_file, filter(_has_name, objects(message.get("attachments")))),
        *pictures,
    )


def _has_name(attached: Json) -> bool:
    """Return whether something attached to an answer is a file: what a search found is attached too."""
    return bool(attached.get("filename"))


def _file(file: Json) -> AttachmentPart:
    return attachment(file.get("filename"), file.get("type"), file.get("bytes"))


def _left_out(message: Json) -> Counter[str]:
    parts = objects(message.get("content"))
    return Counter(
        {
            ATTACHMENT: len(_files(message)),
            TOOL: sum(part.get("type") == "tool_call" for part in parts),
            UNKNOWN: sum(part.get("type") not in _KNOWN for part in parts),
        }
    )
