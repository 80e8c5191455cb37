"""Exports that know no conversations, only records: Gemini's activities, Le Chat's messages, sessions of agents."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.transfer.importers import vs_code
from chatapp.backend.transfer.importers.agent_logs import COPILOT_CLI, GEMINI_CLI, PI, QWEN_CODE, AgentLogs
from chatapp.backend.transfer.importers.claude_code import ClaudeCode
from chatapp.backend.transfer.importers.codex import Codex
from chatapp.backend.transfer.importers.fields import Json
from chatapp.backend.transfer.importers.gemini import Gemini
from chatapp.backend.transfer.importers.le_chat import LeChat
from chatapp.backend.transfer.importers.message_lines import MessageLines
from chatapp.backend.transfer.importers.programs import conversation
from chatapp.backend.transfer.importers.vs_code import VSCodeLog

SESSIONS = {
    ClaudeCode.SOURCE: "Claude Code",
    Codex.SOURCE: "Codex",
    COPILOT_CLI: "Copilot CLI",
    GEMINI_CLI: "Gemini CLI",
    PI: "pi",
    QWEN_CODE: "Qwen Code",
    vs_code.SOURCE: "VS Code",
}


@dataclass(slots=True)
class Records:
    """Gathers records, and gives the conversations that they make; the `first` says what they are."""

    agents: AgentLogs = field(default_factory=AgentLogs)
    gemini: Gemini = field(default_factory=Gemini)
    le_chat: LeChat = field(default_factory=LeChat)
    claude_code: ClaudeCode = field(default_factory=ClaudeCode)
    codex: Codex = field(default_factory=Codex)
    changes: VSCodeLog = field(default_factory=VSCodeLog)
    loose: MessageLines = field(default_factory=MessageLines)
    first: Json | None = None

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a record that is known, and keep it."""
        is_known = self._take(fields)
        if is_known and self.first is None:
            self.first = fields
        return is_known

    def _take(self, fields: Json) -> bool:
        if self.claude_code.take(fields) or self.codex.take(fields) or self.agents.take(fields):
            return True
        if self.changes.take(fields):
            return True
        return self.le_chat.take(fields) or self.gemini.take(fields) or self.loose.take(fields)

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what the records make, each conversation in the order of time; of sessions also empty ones."""
        yield from self.claude_code.conversations()
        if self.codex.is_begun:
            yield self.codex.conversation()
        yield from self.le_chat.conversations()
        yield from self.agents.conversations()
        yield from self.gemini.conversations()
        for chat in self.changes.chats():
            yield conversation(vs_code.SOURCE, chat, vs_code.messages(chat))
        yield from self.loose.conversations()
