"""Exports that know no conversations, only records: Gemini's activities, Le Chat's messages, sessions of agents."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.agent_logs import GEMINI_CLI, QWEN_CODE, AgentLogs
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.claude_code import ClaudeCode
from chatapp.backend.transfer.importers.codex import Codex
from chatapp.backend.transfer.importers.fields import name, objects, paragraphs, string, time
from chatapp.backend.transfer.importers.gemini import Gemini
from chatapp.backend.transfer.importers.joining import in_line
from chatapp.backend.transfer.importers.message_lines import MessageLines

SESSIONS = {
    ClaudeCode.SOURCE: "Claude Code",
    Codex.SOURCE: "Codex",
    GEMINI_CLI: "Gemini CLI",
    QWEN_CODE: "Qwen Code",
}


@dataclass(slots=True)
class Records:
    """Gathers records, and gives the conversations that they make; the `first` says what they are."""

    agents: AgentLogs = field(default_factory=AgentLogs)
    gemini: Gemini = field(default_factory=Gemini)
    le_chat: dict[str, list[ImportedMessage]] = field(default_factory=dict)
    claude_code: ClaudeCode = field(default_factory=ClaudeCode)
    codex: Codex = field(default_factory=Codex)
    loose: MessageLines = field(default_factory=MessageLines)
    first: dict[str, Any] | None = None

    def take(self, fields: dict[str, Any]) -> bool:
        """Return whether `fields` is a record that is known, and keep it."""
        is_known = self._take(fields)
        if is_known and self.first is None:
            self.first = fields
        return is_known

    def _take(self, fields: dict[str, Any]) -> bool:
        if self.claude_code.take(fields) or self.codex.take(fields) or self.agents.take(fields):
            return True
        if isinstance(fields.get("chatId"), str) and "role" in fields:
            self.le_chat.setdefault(fields["chatId"], []).append(_le_chat(fields))
            return True
        return self.gemini.take(fields) or self.loose.take(fields)

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what the records make, each conversation in the order of time; of sessions also empty ones."""
        yield from self.claude_code.conversations()
        if self.codex.is_begun:
            yield self.codex.conversation()
        for chat_id, messages in self.le_chat.items():
            yield in_line("le-chat", chat_id, sorted(messages, key=_when))
        yield from self.agents.conversations()
        yield from self.gemini.conversations()
        yield from self.loose.conversations()


def _when(message: ImportedMessage) -> float:
    return message.created_at.timestamp() if message.created_at else 0.0


def _le_chat(fields: dict[str, Any]) -> ImportedMessage:
    is_answer = fields.get("role") == "assistant"
    files = tuple(attachment(file.get("name"), file.get("type")) for file in objects(fields.get("files")))
    chunks = paragraphs(*(string(chunk.get("text")) for chunk in objects(fields.get("contentChunks"))))
    thoughts = (objects(chunk.get("thinking")) for chunk in objects(fields.get("contentChunks")))
    return ImportedMessage(
        id=name(fields.get("id")) or f"{fields.get('createdAt')}",
        parent_id=None,
        role="assistant" if is_answer else "user",
        content=paragraphs(*map(placeholder, files), string(fields.get("content")) or chunks),
        reasoning=paragraphs(*(string(it.get("text")) for chunk in thoughts for it in chunk)),
        model=string(fields.get("model")) or None if is_answer else None,
        created_at=time(fields.get("createdAt")),
        attachments=files,
    )
