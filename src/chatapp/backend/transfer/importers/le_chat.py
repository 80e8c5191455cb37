"""Le Chat of Mistral: a file for each chat, its messages in no order, and a folder beside it with what was attached."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from chatapp.backend.store.imported import TOOL, ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder
from chatapp.backend.transfer.importers.claude_artifacts import written
from chatapp.backend.transfer.importers.fields import Json, name, objects, paragraphs, string, time
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.protocol.messages import AttachmentPart


class LeChat:
    """Gathers the messages of chats, and gives these."""

    def __init__(self) -> None:
        self._messages: dict[str, list[ImportedMessage]] = {}
        self._tools = Counter[str]()

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a message of Le Chat, and keep it."""
        chat_id = fields.get("chatId")
        if not isinstance(chat_id, str) or "role" not in fields:
            return False
        self._messages.setdefault(chat_id, []).append(_message(fields, chat_id))
        self._tools[chat_id] += sum(chunk.get("type") == "tool_call" for chunk in _chunks(fields))
        return True

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return the chats, each in the order of time."""
        for chat_id, messages in self._messages.items():
            made = in_line("le-chat", chat_id, sorted(messages, key=_when))
            yield replace(made, left_out=made.left_out + Counter({TOOL: self._tools[chat_id]}))


def _when(message: ImportedMessage) -> float:
    return message.created_at.timestamp() if message.created_at else 0.0


def _chunks(fields: Json) -> list[Json]:
    return objects(fields.get("contentChunks"))


def _message(fields: Json, chat_id: str) -> ImportedMessage:
    is_answer, files = fields.get("role") == "assistant", tuple(_files(fields, chat_id))
    chunks = paragraphs(*(string(chunk.get("text")) for chunk in _chunks(fields)))
    written_beside = map(written, objects(fields.get("canvas")))
    thoughts = (objects(chunk.get("thinking")) for chunk in _chunks(fields))
    return ImportedMessage(
        id=name(fields.get("id")) or f"{fields.get('createdAt')}",
        role="assistant" if is_answer else "user",
        content=paragraphs(*map(placeholder, files), string(fields.get("content")) or chunks, *written_beside),
        reasoning=paragraphs(*(string(it.get("text")) for chunk in thoughts for it in chunk)),
        model=string(fields.get("model")) or None if is_answer else None,
        created_at=time(fields.get("createdAt")),
        attachments=files,
    )


def _files(fields: Json, chat_id: str) -> Iterator[AttachmentPart]:
    """Return what was attached, which is in the folder of the chat, and what was made, which is not in the export."""
    for file in objects(fields.get("files")):
        kind = "image/*" if file.get("type") == "image" else ""
        yield attachment(file.get("name"), kind, reference=beside(file.get("name"), f"chat-{chat_id}-files/"))
    for chunk in _chunks(fields):
        if chunk.get("type") == "image_url":
            yield picture()
        elif chunk.get("type") == "file_reference":
            yield attachment(chunk.get("fileReference"))
