"""The tables of `llm` since 0.32: messages that know their parents, shared by the threads that go through them."""

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import ClassVar

from chatapp.backend.store.imported import (
    ATTACHMENT,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    Unreadable,
)
from chatapp.backend.transfer.importers.attachments import placeholder
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import Json, count, decoded, mapping, objects, paragraphs, string, time
from chatapp.backend.transfer.importers.llm_rows import (
    MAX_ROWS,
    Tables,
    attached,
    columns,
    fragment,
    short_ids,
    text,
)
from chatapp.protocol.messages import AttachmentPart

_TURN = (
    "thread_id",
    "parent_message_hash",
    "tip_message_hash",
    "model",
    "resolved_model",
    "input_tokens",
    "output_tokens",
    "datetime_utc",
)
_THREAD = ("id", "name", "tip_message_hash", "datetime_utc")


@dataclass(slots=True)
class _Said:
    """What a message is made of."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    files: list[AttachmentPart] = field(default_factory=list)
    tools: int = 0

    @property
    def content(self) -> str:
        return paragraphs(*map(placeholder, self.files), *self.text)


@dataclass(slots=True)
class Threads:
    """Reads the threads of a log, one at a time. `ids` are theirs, in the order of time."""

    TABLES: ClassVar[set[str]] = {"threads", "turns", "messages", "parts", "fragments"}

    log: sqlite3.Connection
    tables: Tables
    budget: ImportBudget
    ids: dict[str, sqlite3.Row] = field(init=False)
    _roles: dict[str, str] = field(init=False)
    _parents: dict[str, str | None] = field(init=False)
    _turns: dict[str, list[sqlite3.Row]] = field(init=False)
    _parts: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {text(row["id"]): row for row in self._all("threads", _THREAD, order="datetime_utc, id")}
        messages = self._all("messages", ("hash", "parent_hash", "role"), order="rowid")
        self._roles = {text(row["hash"]): text(row["role"]) for row in messages}
        self._parents = {text(row["hash"]): text(row["parent_hash"]) or None for row in messages}
        self._turns = defaultdict(list)
        for turn in self._all("turns", _TURN, order="datetime_utc, id"):
            self._turns[text(turn["thread_id"])].append(turn)
        self._parts = defaultdict(list)
        for part in self._all("parts", ("message_hash", "id"), order="message_hash, position"):
            self._parts[text(part["message_hash"])].append(part["id"])

    def _all(self, table: str, names: tuple[str, ...], *, order: str) -> list[sqlite3.Row]:
        """Return what is short of a whole table."""
        there = self.tables[table]
        short = short_ids(*(name for name in names if name in there and name != "name"))
        query = f"SELECT {columns(names, there)} FROM {table} WHERE {short} ORDER BY {order} LIMIT {MAX_ROWS}"  # noqa: S608
        return self.log.execute(query).fetchall()

    def conversation(self, thread_id: str) -> ImportedConversation | Unreadable:
        """Return a thread with every branch that its turns have made."""
        self.budget.check()
        thread, turns = self.ids[thread_id], self._turns[thread_id]
        said, size = {}, 0
        for message in self._members(thread, turns):
            said[message] = self._said(message)
            size += sum(map(len, said[message].text)) + sum(map(len, said[message].reasoning))
            if size > MAX_ELEMENT_CHARS:
                return Unreadable(text(thread["name"]) or thread_id, "it is too large")
        kept = {
            message: parts
            for message, parts in said.items()
            if self._roles[message] in {"user", "assistant"} and parts.content
        }
        lineage = Lineage(self._parents, kept)
        turn_of = {text(turn[end]): turn for end in ("parent_message_hash", "tip_message_hash") for turn in turns}
        system = (paragraphs(*parts.text) for message, parts in said.items() if self._roles[message] == "system")
        return ImportedConversation(
            source="llm",
            id=thread_id,
            title=text(thread["name"]) or None,
            messages=[self._message(message, parts, lineage, turn_of.get(message)) for message, parts in kept.items()],
            leaf_id=lineage.nearest(text(thread["tip_message_hash"]) or None),
            system=next(system, None),
            model=text(turns[-1]["model"]) or None if turns else None,
            created_at=time(thread["datetime_utc"]),
            updated_at=time(turns[-1]["datetime_utc"]) if turns else None,
            left_out=+Counter(
                {
                    TOOL: sum(parts.tools for parts in said.values()),
                    ATTACHMENT: sum(len(parts.files) for parts in said.values()),
                }
            ),
        )

    def _members(self, thread: sqlite3.Row, turns: list[sqlite3.Row]) -> dict[str, None]:
        """Return the messages that the turns of a thread end in, with all above them, parents first."""
        members: dict[str, None] = {}
        lineage = Lineage(self._parents, members)
        for tip in [*(turn["tip_message_hash"] for turn in turns), thread["tip_message_hash"]]:
            above = reversed(lineage.passed(text(tip) or None))
            members.update(dict.fromkeys(message for message in above if message in self._roles))
        return members

    def _said(self, message: str) -> _Said:
        said = _Said()
        for part_id in self._parts.get(message, ()):
            query = "SELECT type, text, payload FROM parts WHERE id = ?"
            kind, words, payload = self.log.execute(query, (part_id,)).fetchone()
            if kind == "attachment":
                told = mapping(_payload(payload).get("attachment"))
                said.files.append(attached(self.log, self.tables, told.get("id")))
            elif kind == "text":
                said.text.append(text(words) or self._referred_to(payload))
            elif kind == "reasoning":
                said.reasoning.append(text(words) or self._referred_to(payload))
            else:
                said.tools += 1
        return said

    def _referred_to(self, payload: object) -> str:
        """Return text that is kept as a list of literals and of fragments, which are stored once for all messages."""
        references = objects(_payload(payload).get("text_ref"))
        return "".join(
            string(reference.get("literal")) or fragment(self.log, self.tables, reference.get("fragment"))
            for reference in references
            if isinstance(reference.get("fragment", 0), int | str)
        )

    def _message(self, message: str, parts: _Said, lineage: Lineage, turn: sqlite3.Row | None) -> ImportedMessage:
        is_answer = self._roles[message] == "assistant"
        answered = turn if is_answer else None
        return ImportedMessage(
            id=message,
            parent_id=lineage.above(message),
            role="assistant" if is_answer else "user",
            content=parts.content,
            reasoning=paragraphs(*parts.reasoning),
            model=text(answered["resolved_model"]) or text(answered["model"]) or None if answered else None,
            prompt_tokens=count(answered["input_tokens"]) if answered else None,
            completion_tokens=count(answered["output_tokens"]) if answered else None,
            created_at=time(turn["datetime_utc"]) if turn else None,
            attachments=tuple(parts.files),
        )


def _payload(payload: object) -> Json:
    return mapping(decoded(text(payload)))
