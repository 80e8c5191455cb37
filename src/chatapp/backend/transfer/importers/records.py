"""Exports that know no conversations, only records: Gemini's activities, Le Chat's messages, sessions of agents."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chatapp.backend.store.imported import ATTACHMENT, ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.assets import beside
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.claude_code import ClaudeCode
from chatapp.backend.transfer.importers.codex import Codex
from chatapp.backend.transfer.importers.fields import (
    is_address,
    name,
    objects,
    paragraphs,
    sequence,
    string,
    time,
)
from chatapp.backend.transfer.importers.html_text import markdown_of
from chatapp.protocol.messages import AttachmentPart

GAP = timedelta(minutes=30)
"""Takeout names no conversation: after as long a silence a new one begins, as other readers of it have it."""

SESSIONS = {ClaudeCode.SOURCE: "Claude Code", Codex.SOURCE: "Codex"}

_ASKED = ("Prompted with: ", "Asked Gemini: ", "Asked Bard: ", "Prompted ", "Asked ", "Said ")


@dataclass(slots=True)
class Records:
    """Gathers records, and gives the conversations that they make."""

    gemini: list[ImportedMessage] = field(default_factory=list)
    le_chat: dict[str, list[ImportedMessage]] = field(default_factory=dict)
    claude_code: ClaudeCode = field(default_factory=ClaudeCode)
    codex: Codex = field(default_factory=Codex)
    has_taken: bool = False

    def take(self, fields: dict[str, Any]) -> bool:
        """Return whether `fields` is a record that is known, and keep it."""
        is_known = self._take(fields)
        self.has_taken |= is_known
        return is_known

    def _take(self, fields: dict[str, Any]) -> bool:
        if self.claude_code.take(fields) or self.codex.take(fields):
            return True
        if isinstance(fields.get("chatId"), str) and "role" in fields:
            self.le_chat.setdefault(fields["chatId"], []).append(_le_chat(fields))
            return True
        if _is_gemini(fields):
            self.gemini += _gemini(fields)
            return True
        return False

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what the records make, each conversation in the order of time; of sessions also empty ones."""
        yield from self.claude_code.conversations()
        if self.codex.is_begun:
            yield self.codex.conversation()
        for chat_id, messages in self.le_chat.items():
            yield _conversation("le-chat", chat_id, sorted(messages, key=_when))
        run: list[ImportedMessage] = []
        for message in sorted(self.gemini, key=_when):
            if run and message.role == "user" and _when(message) - _when(run[-1]) > GAP.total_seconds():
                yield _conversation("gemini", run[0].id, run)
                run = []
            run.append(message)
        if run:
            yield _conversation("gemini", run[0].id, run)


def _when(message: ImportedMessage) -> float:
    return message.created_at.timestamp() if message.created_at else 0.0


def _conversation(source: str, conversation_id: str, messages: list[ImportedMessage]) -> ImportedConversation:
    """Return messages as a line; one that names another above it is an alternative beside what is there."""
    kept = [message for message in messages if message.content]
    parents = [None, *(message.id for message in kept)]
    line = [
        message if message.parent_id else replace(message, parent_id=parent_id)
        for message, parent_id in zip(kept, parents, strict=False)
    ]
    left_out = Counter({ATTACHMENT: sum(len(message.attachments) for message in kept)})
    return ImportedConversation(source=source, id=conversation_id, title=None, messages=line, left_out=+left_out)


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


def _is_gemini(fields: dict[str, Any]) -> bool:
    labels = [string(fields.get("header")), *map(string, sequence(fields.get("products")))]
    return isinstance(fields.get("title"), str) and any("Gemini" in label or "Bard" in label for label in labels)


def _gemini(fields: dict[str, Any]) -> Iterator[ImportedMessage]:
    """Return what was asked, and the answers where Takeout has some. Other activities, e.g. feedback, are none.

    Of an answer that was made again it has each, oldest first.
    """
    title, when = fields["title"].strip(), string(fields.get("time"))
    drafts = [markdown_of(string(item.get("html"))) for item in objects(fields.get("safeHtmlItem"))]
    answers = [draft for draft in drafts if draft]
    asked = next((title.removeprefix(verb) for verb in _ASKED if title.startswith(verb)), title if answers else "")
    files = tuple(_gemini_files(fields))
    if not asked:
        return
    question = ImportedMessage(
        id=f"{when} asked",
        parent_id=None,
        role="user",
        content=paragraphs(*map(placeholder, files), asked),
        created_at=time(fields.get("time")),
        attachments=files,
    )
    yield question
    for number, answer in enumerate(answers):
        again = f" {number + 1}" if number else ""
        yield ImportedMessage(
            id=f"{when} answered{again}",
            parent_id=question.id,
            role="assistant",
            content=answer,
            created_at=question.created_at,
        )


def _gemini_files(fields: dict[str, Any]) -> Iterator[AttachmentPart]:
    """Return the files of a question: Takeout lists them below it, under the names that they have beside it."""
    for told in objects(fields.get("subtitles")):
        shown, beside_it = string(told.get("name")), string(told.get("url"))
        if shown.startswith("-") and beside_it and not is_address(beside_it):
            yield attachment(shown.lstrip("- "), reference=beside(beside_it))
