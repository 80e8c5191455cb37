"""Exports that know no conversations, only records in a list: Gemini's activities and Le Chat's messages."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chatapp.backend.store.imported import ImportedConversation, ImportedMessage
from chatapp.backend.transfer.importers.attachments import attachment, placeholder
from chatapp.backend.transfer.importers.fields import name, objects, paragraphs, sequence, string, time

GAP = timedelta(minutes=30)
"""Takeout names no conversation: after as long a silence a new one begins, as other readers of it have it."""

_ASKED = ("Prompted with: ", "Asked Gemini: ", "Asked Bard: ", "Prompted ", "Asked ", "Said ")
_TAG = re.compile(r"<(/?)([a-zA-Z0-9]*+)[^<>]*+>")
_BLOCKS = {"p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "pre", "ul", "ol", "table"}


@dataclass(slots=True)
class Records:
    """Gathers records, and gives the conversations that they make."""

    gemini: list[ImportedMessage] = field(default_factory=list)
    le_chat: dict[str, list[ImportedMessage]] = field(default_factory=dict)

    def take(self, fields: dict[str, Any]) -> bool:
        """Return whether `fields` is a record that is known, and keep it."""
        if isinstance(fields.get("chatId"), str) and "role" in fields:
            self.le_chat.setdefault(fields["chatId"], []).append(_le_chat(fields))
            return True
        if _is_gemini(fields):
            self.gemini += _gemini(fields)
            return True
        return False

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return what the records make, each conversation in the order of time."""
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
    kept = [message for message in messages if message.content]
    parents = [None, *(message.id for message in kept)]
    line = [replace(message, parent_id=parent_id) for message, parent_id in zip(kept, parents, strict=False)]
    return ImportedConversation(source=source, id=conversation_id, title=None, messages=line)


def _le_chat(fields: dict[str, Any]) -> ImportedMessage:
    is_answer = fields.get("role") == "assistant"
    files = tuple(attachment(file.get("name"), file.get("type")) for file in objects(fields.get("files")))
    chunks = paragraphs(*(string(chunk.get("text")) for chunk in objects(fields.get("contentChunks"))))
    return ImportedMessage(
        id=name(fields.get("id")) or f"{fields.get('createdAt')}",
        parent_id=None,
        role="assistant" if is_answer else "user",
        content=paragraphs(*map(placeholder, files), string(fields.get("content")) or chunks),
        model=string(fields.get("model")) or None if is_answer else None,
        created_at=time(fields.get("createdAt")),
        attachments=files,
    )


def _is_gemini(fields: dict[str, Any]) -> bool:
    labels = [string(fields.get("header")), *map(string, sequence(fields.get("products")))]
    return isinstance(fields.get("title"), str) and any("Gemini" in label or "Bard" in label for label in labels)


def _gemini(fields: dict[str, Any]) -> Iterator[ImportedMessage]:
    """Return what was asked, and the answer where Takeout has it. Other activities, e.g. feedback, are none."""
    title = fields["title"].strip()
    answer = paragraphs(*(_words(string(item.get("html"))) for item in objects(fields.get("safeHtmlItem"))))
    asked = next((title.removeprefix(verb) for verb in _ASKED if title.startswith(verb)), title if answer else "")
    moment, when = time(fields.get("time")), string(fields.get("time"))
    if asked:
        yield ImportedMessage(id=f"{when} asked", parent_id=None, role="user", content=asked, created_at=moment)
        if answer:
            yield ImportedMessage(
                id=f"{when} answered", parent_id=None, role="assistant", content=answer, created_at=moment
            )


def _words(markup: str) -> str:
    """Return the words of HTML, its blocks on lines of their own."""
    text = html.unescape(_TAG.sub(_break, markup))
    return paragraphs(*(line for line in (" ".join(line.split()) for line in text.split("\n")) if line))


def _break(tag: re.Match[str]) -> str:
    is_end, kind = tag[1] == "/", tag[2].lower()
    if kind == "li" and not is_end:
        return "\n- "
    return "\n" if kind in _BLOCKS else ""
