"""Sessions of Codex: lines of a time, a type and a payload, in the order in which things were said and done."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from chatapp.backend.store.imported import (
    ATTACHMENT,
    ENCRYPTED,
    FOLDER,
    TOOL,
    ImportedConversation,
    ImportedMessage,
)
from chatapp.backend.transfer.importers.assets import within
from chatapp.backend.transfer.importers.attachments import picture, placeholder
from chatapp.backend.transfer.importers.fields import (
    Json,
    count,
    mapping,
    name,
    objects,
    paragraphs,
    sequence,
    string,
    time,
)

_TOLD = (
    "<environment_context>", "<user_instructions>", "# AGENTS.md instructions", "<INSTRUCTIONS>", "<turn_aborted>",
    "<skill>", "<user_shell_command>", "<subagent_notification>",
)  # fmt: skip
"""How what stands in a user's place begins where it is not by the user. Since 2026 `content_item_kinds` says so too."""


@dataclass(slots=True)
class Codex:
    """Gathers the lines of a file, which is one session. Lines are only added, so their numbers are ids."""

    SOURCE: ClassVar[str] = "codex"

    id: str = ""
    title: str = ""
    messages: list[ImportedMessage] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    _lines: int = 0
    _model: str = ""
    _thoughts: list[str] = field(default_factory=list)
    _path: list[int] = field(default_factory=list)

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a line of theirs, and keep what it says."""
        if not {"timestamp", "type", "payload"} <= fields.keys():
            return False
        self._lines += 1
        kind, payload = fields.get("type"), mapping(fields.get("payload"))
        if kind == "session_meta":  # that of the session which this one goes on from may follow
            self.id = self.id or name(payload.get("id")) or ""
            self.left_out[FOLDER] |= bool(payload.get("cwd"))
        elif kind == "turn_context":
            self._model = string(payload.get("model")) or self._model
        elif kind == "response_item":
            self._take_item(payload, fields.get("timestamp"))
        elif kind == "event_msg":
            self._take_event(payload)
        return True

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return the session, if there was a line."""
        if self._lines == 0:
            return
        yield ImportedConversation(
            source=self.SOURCE,
            id=self.id or next((f"{message.created_at}" for message in self.messages), ""),
            title=self.title or None,
            messages=self.messages,
            leaf_id=self.messages[self._path[-1]].id if self._path else None,
            left_out=+self.left_out,
        )

    def _take_item(self, item: Json, when: object) -> None:
        kind = string(item.get("type"))
        if kind == "message" and item.get("role") in ("user", "assistant"):
            self._take_message(item, when)
        elif kind == "reasoning":
            thought = paragraphs(
                *(string(it.get("text")) for field in ("summary", "content") for it in objects(item.get(field)))
            )
            self._thoughts.append(thought)
            self.left_out[ENCRYPTED] += not thought and bool(item.get("encrypted_content"))
        self.left_out[TOOL] += kind.endswith("_call")

    def _take_message(self, item: Json, when: object) -> None:
        parts, is_answer = objects(item.get("content")), item.get("role") == "assistant"
        words = paragraphs(*(string(part.get("text")) for part in parts))
        if not is_answer and _is_told(item, words):
            return
        files = tuple(picture(reference=within(part.get("image_url"))) for part in parts if part.get("image_url"))
        said = paragraphs(*map(placeholder, files), words)
        if not said:
            return
        self.left_out[ATTACHMENT] += len(files)
        self._path.append(len(self.messages))
        self.messages.append(
            ImportedMessage(
                id=f"{self._lines}",
                parent_id=self.messages[self._path[-2]].id if len(self._path) > 1 else None,
                role="assistant" if is_answer else "user",
                content=said,
                reasoning=paragraphs(*self._thoughts) if is_answer else "",
                model=self._model or None if is_answer else None,
                created_at=time(when),
                attachments=files,
            )
        )
        self._thoughts.clear()

    def _take_event(self, event: Json) -> None:
        kind = event.get("type")
        if kind == "thread_name_updated":
            self.title = string(event.get("thread_name")) or self.title
        elif kind == "thread_rolled_back":
            self._go_back(count(event.get("num_turns")) or 0)
        elif self._path and (last := self.messages[self._path[-1]]).role == "assistant":
            usage = mapping(mapping(event.get("info")).get("last_token_usage")) if kind == "token_count" else {}
            if usage:
                made = (last.completion_tokens or 0) + (count(usage.get("output_tokens")) or 0)
                read = count(usage.get("input_tokens"))
                last = replace(last, prompt_tokens=read, completion_tokens=count(made))
            is_cut = kind == "turn_aborted"
            self.messages[self._path[-1]] = replace(last, status="stopped") if is_cut else last

    def _go_back(self, turns: int) -> None:
        """Let what follows be another branch, beside the last `turns` questions and what they led to."""
        while turns and self._path:
            turns -= self.messages[self._path.pop()].role == "user"


def _is_told(item: Json, words: str) -> bool:
    """Return whether a message in the user's place is by the program."""
    about = mapping(item.get("internal_chat_message_metadata_passthrough"))
    kinds = [string(kind) for kind in sequence(about.get("content_item_kinds"))]
    return words.startswith(_TOLD) or (bool(kinds) and not any(kind.startswith("user.") for kind in kinds))
