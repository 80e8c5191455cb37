"""Exports that know no conversations, only records: Gemini's activities, Le Chat's messages, sessions of agents."""

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

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


class _Gatherer(Protocol):
    """Gathers records of a kind."""

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is one, and keep it."""
        ...

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what they make, each conversation in the order of time."""
        ...


class _VSCode(VSCodeLog):
    def conversations(self) -> Iterator[ImportedConversation]:
        return (conversation(vs_code.SOURCE, chat, vs_code.messages(chat)) for chat in self.chats())


_KINDS: tuple[type[_Gatherer], ...] = (ClaudeCode, Codex, AgentLogs, _VSCode, LeChat, Gemini, MessageLines)
"""A record is of the first that takes it."""


class Records:
    """Gathers records, and gives the conversations that they make; the `first` says what they are."""

    def __init__(self) -> None:
        self.first: Json | None = None
        self._kinds = [kind() for kind in _KINDS]

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a record that is known, and keep it."""
        is_known = any(kind.take(fields) for kind in self._kinds)
        if is_known and self.first is None:
            self.first = fields
        return is_known

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what the records make, each conversation in the order of time; of sessions also empty ones."""
        return chain.from_iterable(kind.conversations() for kind in self._kinds)
