"""The tables of `llm` before 0.32: one row for each response, with its prompt; what is beside it in others."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from chatapp.backend.store.imported import ATTACHMENT, TOOL, ImportedConversation, ImportedMessage, Unreadable
from chatapp.backend.transfer.importers.attachments import placeholder
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import count, paragraphs, time
from chatapp.backend.transfer.importers.llm_rows import (
    MAX_ROWS,
    Tables,
    attached,
    columns,
    fragment,
    related,
    short_ids,
    text,
)

_COLUMNS = (
    "id",
    "model",
    "resolved_model",
    "prompt",
    "system",
    "response",
    "reasoning",
    "datetime_utc",
    "input_tokens",
    "output_tokens",
)


@dataclass(slots=True)
class Responses:
    """Reads the conversations of a log, one at a time. `ids` are those of the conversations, in the order of time."""

    TABLES: ClassVar[set[str]] = {"conversations", "responses"}

    log: sqlite3.Connection
    tables: Tables
    budget: ImportBudget
    ids: dict[str, list[int]] = field(init=False)
    _names: dict[str, str] = field(init=False)
    _fragments: dict[str, list[int]] = field(init=False)
    _system: dict[str, list[int]] = field(init=False)
    _attachments: dict[str, list[str]] = field(init=False)
    _tools: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        log, tables = self.log, self.tables
        query = f"SELECT id, substr(name, 1, 1000) FROM conversations WHERE {short_ids('id')} LIMIT {MAX_ROWS}"  # noqa: S608
        self._names = {text(row[0]): text(row[1]) for row in log.execute(query)}
        self.ids = self._rows()
        self._fragments = related(log, tables, "prompt_fragments", key="response_id", other="fragment_id")
        self._system = related(log, tables, "system_fragments", key="response_id", other="fragment_id")
        self._attachments = related(log, tables, "prompt_attachments", key="response_id", other="attachment_id")
        self._tools = related(log, tables, "tool_calls", key="response_id", other="id")

    def _rows(self) -> dict[str, list[int]]:
        """Return the numbers of the rows of each conversation."""
        rows: dict[str, list[int]] = defaultdict(list)
        found = self.log.execute(
            f"SELECT rowid, id, conversation_id FROM responses WHERE {short_ids('id', 'conversation_id')} "  # noqa: S608
            f"AND length(coalesce(datetime_utc, '')) < 100 ORDER BY datetime_utc, id LIMIT {MAX_ROWS}"
        )
        for number, response_id, conversation_id in found:
            rows[text(conversation_id) or text(response_id) or f"row {number}"].append(number)
        return rows

    def conversation(self, conversation_id: str) -> ImportedConversation | Unreadable:
        """Return a conversation as one line of questions and answers."""
        self.budget.check()
        left_out: Counter[str] = Counter()
        messages: list[ImportedMessage] = []
        system, model, times, size = "", "", [], 0
        for number in self.ids[conversation_id]:
            row = self._row(number)
            messages += self._said(row, messages[-1].id if messages else None, number, left_out)
            system = system or self._instructions(row)
            model = text(row["model"]) or model
            times.append(time(row["datetime_utc"]))
            size += sum(len(message.content) + len(message.reasoning) for message in messages[-2:])
            if size > MAX_ELEMENT_CHARS:
                return Unreadable(self._names.get(conversation_id) or conversation_id, "it is too large")
        return ImportedConversation(
            source="llm",
            id=conversation_id,
            title=self._names.get(conversation_id) or None,
            messages=messages,
            leaf_id=messages[-1].id if messages else None,
            system=system or None,
            model=model or None,
            created_at=times[0],
            updated_at=times[-1],
            left_out=+left_out,
        )

    def _row(self, number: int) -> sqlite3.Row:
        query = f"SELECT {columns(_COLUMNS, self.tables['responses'])} FROM responses WHERE rowid = ?"  # noqa: S608
        row: sqlite3.Row = self.log.execute(query, (number,)).fetchone()
        return row

    def _said(
        self, row: sqlite3.Row, above: str | None, number: int, left_out: Counter[str]
    ) -> Iterator[ImportedMessage]:
        """Return the question and the answer of a response, without what is empty."""
        response_id = text(row["id"]) or f"row {number}"
        left_out[TOOL] += len(self._tools.get(response_id, ()))
        question = self._question(row, response_id)
        left_out[ATTACHMENT] += len(question.attachments)
        for message in (question, _answer(row, response_id)):
            if message.content:
                yield replace(message, parent_id=above)
                above = message.id

    def _question(self, row: sqlite3.Row, response_id: str) -> ImportedMessage:
        """Return the prompt as the model saw it: fragments first, each on lines of its own."""
        files = tuple(attached(self.log, self.tables, known) for known in self._attachments.get(response_id, ()))
        texts = [fragment(self.log, self.tables, known) for known in self._fragments.get(response_id, ())]
        return ImportedMessage(
            id=f"{response_id}-prompt",
            role="user",
            content=paragraphs(*map(placeholder, files), "\n".join(filter(None, [*texts, text(row["prompt"])]))),
            created_at=time(row["datetime_utc"]),
            attachments=files,
        )

    def _instructions(self, row: sqlite3.Row) -> str:
        texts = [fragment(self.log, self.tables, known) for known in self._system.get(text(row["id"]), ())]
        return "\n".join(filter(None, [*texts, text(row["system"])]))


def _answer(row: sqlite3.Row, response_id: str) -> ImportedMessage:
    return ImportedMessage(
        id=response_id,
        role="assistant",
        content=text(row["response"]),
        reasoning=text(row["reasoning"]),
        model=text(row["resolved_model"]) or text(row["model"]) or None,
        prompt_tokens=count(row["input_tokens"]),
        completion_tokens=count(row["output_tokens"]),
        created_at=time(row["datetime_utc"]),
    )
