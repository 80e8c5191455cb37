"""Sessions of Claude Code: lines that name the line above them, one for each block of a message, and much beside."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from chatapp.backend.store.imported import (
    ATTACHMENT,
    FOLDER,
    HIDDEN,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
)
from chatapp.backend.transfer.importers.assets import within
from chatapp.backend.transfer.importers.attachments import attachment, picture, placeholder
from chatapp.backend.transfer.importers.fields import (
    Json,
    count,
    mapping,
    name,
    objects,
    paragraphs,
    string,
    time,
    total,
)
from chatapp.protocol.messages import AttachmentPart

_BY_ITSELF = "<synthetic>"
"""The model of what the program says itself."""

_COMMAND = ("<command-name>", "<command-message>")
_INTERRUPTED = "[Request interrupted"
_SHELL = "<bash-input>"
_NOTES = ("<local-command-", "<bash-", "<task-notification>", "<system-reminder>", "<user-memory-input>", _INTERRUPTED)
"""What stands in a user's place and is not by the user."""

_READ = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def _is_line(fields: Json) -> bool:
    """Return whether this is a line of theirs: of a message, or of what is kept beside the messages."""
    is_told = {"sessionId", "type"} <= fields.keys() and ("isSidechain" in fields or "uuid" not in fields)
    return is_told or {"type", "leafUuid"} <= fields.keys() or {"type", "messageId", "snapshot"} <= fields.keys()


@dataclass(slots=True)
class ClaudeCode:
    """Gathers the lines of a file, and gives the sessions that they make."""

    SOURCE: ClassVar[str] = "claude-code"

    sessions: dict[str, "_Session"] = field(default_factory=dict)
    _titles: dict[str, str] = field(default_factory=dict)

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a line of theirs, and keep what it says."""
        if not _is_line(fields):
            return False
        if leaf_id := name(fields.get("leafUuid")):
            self._titles[leaf_id] = string(fields.get("summary"))
        session_id = name(fields.get("sessionId")) or ""
        if session_id or not self.sessions:
            self.sessions.setdefault(session_id, _Session(session_id)).take(fields)
        return True

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return the sessions, those without a message too."""
        for session in self.sessions.values():
            if session.id or len(self.sessions) == 1:
                yield session.conversation(self._titles)


@dataclass(slots=True)
class _Session:
    id: str
    title: str = ""
    parents: dict[str, str | None] = field(default_factory=dict)
    messages: dict[str, ImportedMessage] = field(default_factory=dict)
    thoughts: dict[str, str] = field(default_factory=dict)
    commands: dict[str, ImportedMessage] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    last_at: datetime | None = None
    _counted: set[str] = field(default_factory=set)

    def take(self, fields: Json) -> None:
        self.title = string(fields.get("customTitle")) or self.title or string(fields.get("aiTitle"))
        line_id = name(fields.get("uuid"))
        if line_id is None or fields.get("isSidechain"):  # an agent's own talk, which is the work of a tool
            return
        self.left_out[FOLDER] = int(bool(fields.get("cwd")))
        self.last_at = time(fields.get("timestamp")) or self.last_at
        self.parents[line_id] = self._above(fields)
        self.left_out[ATTACHMENT] += mapping(fields.get("attachment")).get("type") == "file"
        if fields.get("type") == "user":
            self._take_question(line_id, fields)
        elif fields.get("type") == "assistant":
            self._take_answer(line_id, fields)

    def _above(self, fields: Json) -> str | None:
        """Return the line above. Where a session was summarised it may name one that was never written."""
        logical = name(fields.get("logicalParentUuid"))
        if logical is not None and logical not in self.parents:
            return next(reversed(self.parents), None)
        return logical or name(fields.get("parentUuid"))

    def _take_question(self, line_id: str, fields: Json) -> None:
        blocks = _blocks(fields)
        words = paragraphs(*(string(block.get("text")) for block in blocks if block.get("type") == "text"))
        above = name(fields.get("parentUuid")) or ""
        if fields.get("isMeta"):  # what a command of the user's own was made of
            self.messages.update({above: self.commands[above]} if above in self.commands else {})
        elif fields.get("isCompactSummary"):
            self.left_out[HIDDEN] += 1
        elif words.startswith(_NOTES):
            self.left_out[TOOL] += words.startswith(_SHELL)
            self._stop(above if words.startswith(_INTERRUPTED) else "")
        elif words.startswith(_COMMAND):
            said = " ".join(filter(None, (_between(words, "command-name"), _between(words, "command-args"))))
            self.commands[line_id] = _question(line_id, fields, said, ())
        else:
            files = tuple(_file(block) for block in blocks if block.get("type") in ("image", "document"))
            self.left_out[ATTACHMENT] += len(files)
            said = paragraphs(*map(placeholder, files), words)
            if said:
                self.messages[line_id] = _question(line_id, fields, said, files)

    def _take_answer(self, line_id: str, fields: Json) -> None:
        blocks, message = _blocks(fields), mapping(fields.get("message"))
        words = paragraphs(*(string(block.get("text")) for block in blocks if block.get("type") == "text"))
        thought = paragraphs(*(string(block.get("thinking")) for block in blocks))
        self.left_out[TOOL] += sum(string(block.get("type")).endswith("tool_use") for block in blocks)
        has_failed, model = bool(fields.get("isApiErrorMessage")), string(message.get("model"))
        if thought:
            self.thoughts[line_id] = thought
        if not words or (model == _BY_ITSELF and not has_failed):
            return
        usage = mapping(message.get("usage")) if string(message.get("id")) not in self._counted else {}
        self._counted.add(string(message.get("id")))
        self.messages[line_id] = ImportedMessage(
            id=line_id,
            role="assistant",
            content=f"(The answer failed: {words})" if has_failed else words,
            model=model if model and model != _BY_ITSELF else None,
            status="failed" if has_failed else "complete",
            finish_reason="length" if message.get("stop_reason") == "max_tokens" else None,
            prompt_tokens=count(total(count(usage.get(kind)) for kind in _READ)),
            completion_tokens=count(usage.get("output_tokens")),
            created_at=time(fields.get("timestamp")),
        )

    def _stop(self, line_id: str) -> None:
        if line_id in self.messages and self.messages[line_id].role == "assistant":
            self.messages[line_id] = replace(self.messages[line_id], status="stopped")

    def conversation(self, titles: dict[str, str]) -> ImportedConversation:
        lineage = Lineage(self.parents, self.messages)
        summed = (titles[line_id] for line_id in reversed(self.parents) if titles.get(line_id))
        return ImportedConversation(
            source=ClaudeCode.SOURCE,
            id=self.id,
            title=self.title or next(summed, None),
            messages=[self._placed(message, lineage) for message in self.messages.values()],
            leaf_id=lineage.nearest(next(reversed(self.parents), None)),
            updated_at=self.last_at,
            left_out=+self.left_out,
        )

    def _placed(self, message: ImportedMessage, lineage: Lineage) -> ImportedMessage:
        """Return a message below the next one above it, with what was thought in between."""
        passed = reversed(lineage.passed(self.parents[message.id])) if message.role == "assistant" else ()
        thoughts = [self.thoughts.get(line_id, "") for line_id in (*passed, message.id)]
        return replace(message, parent_id=lineage.above(message.id), reasoning=paragraphs(*thoughts))


def _question(line_id: str, fields: Json, words: str, files: tuple[AttachmentPart, ...]) -> ImportedMessage:
    when = time(fields.get("timestamp"))
    return ImportedMessage(id=line_id, role="user", content=words, created_at=when, attachments=files)


def _blocks(fields: Json) -> list[Json]:
    content = mapping(fields.get("message")).get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def _between(words: str, tag: str) -> str:
    return words.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0].strip()


def _file(block: Json) -> AttachmentPart:
    told = mapping(block.get("source"))
    make = picture if block.get("type") == "image" else attachment
    kind = string(told.get("media_type"))
    return make(block.get("title"), media_type=kind, reference=within(f"data:{kind};base64,{string(told.get('data'))}"))
