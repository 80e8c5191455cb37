"""The tables of `llm` since 0.36: messages that know their parents, shared by the threads that go through them."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatapp.backend.store.imported import (
    ATTACHMENT,
    TOOL,
    ImportedConversation,
    ImportedMessage,
    Lineage,
    moment,
)

TABLES = {"threads", "turns", "messages", "parts", "fragments"}

_LEFT_OUT = {"attachment": ATTACHMENT, "tool_call": TOOL, "tool_result": TOOL}


@dataclass(slots=True)
class _Node:
    """One message with the parts it is made of."""

    parent: str | None
    role: str
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def is_said(self) -> bool:
        return self.role in {"user", "assistant"} and any(self.text)


def read(log: sqlite3.Connection) -> Iterator[ImportedConversation]:
    """Return each thread with every branch that its turns have made."""
    nodes = _nodes(log)
    turns: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for turn in log.execute("SELECT * FROM turns ORDER BY datetime_utc, id"):
        turns[turn["thread_id"]].append(turn)
    for thread in log.execute("SELECT * FROM threads ORDER BY datetime_utc, id"):
        yield _conversation(thread, turns[thread["id"]], nodes)


def _nodes(log: sqlite3.Connection) -> dict[str, _Node]:
    fragments = dict(log.execute("SELECT id, content FROM fragments").fetchall())
    rows = log.execute("SELECT hash, parent_hash, role FROM messages")
    nodes = {row["hash"]: _Node(row["parent_hash"], row["role"]) for row in rows}
    for part in log.execute("SELECT message_hash, type, text, payload FROM parts ORDER BY message_hash, position"):
        node, kind = nodes[part["message_hash"]], part["type"]
        if kind in _LEFT_OUT:
            node.left_out[_LEFT_OUT[kind]] += 1
        elif kind in {"text", "reasoning"}:
            getattr(node, kind).append(part["text"] or _referred_to(part["payload"], fragments))
    return nodes


def _referred_to(payload: str | None, fragments: dict[int, str]) -> str:
    """Return text that is kept as a list of literals and of fragments, which are stored once for all messages."""
    references = json.loads(payload or "{}").get("text_ref", [])
    return "".join(reference.get("literal") or fragments.get(reference.get("fragment"), "") for reference in references)


def _conversation(thread: sqlite3.Row, turns: list[sqlite3.Row], nodes: dict[str, _Node]) -> ImportedConversation:
    lineage = Lineage({message: node.parent for message, node in nodes.items()})
    members: dict[str, _Node] = {}
    for tip in [*(turn["tip_message_hash"] for turn in turns), thread["tip_message_hash"]]:
        above = reversed(lineage.nearest(tip, members)[1])
        members |= {message: nodes[message] for message in above if message in nodes}
    said = {message: node for message, node in members.items() if node.is_said()}
    turn_of = {turn[end]: turn for end in ("parent_message_hash", "tip_message_hash") for turn in turns}
    return ImportedConversation(
        source="llm",
        id=thread["id"],
        title=thread["name"],
        messages=[
            _message(message, lineage.nearest(node.parent, said)[0], node, turn_of.get(message))
            for message, node in said.items()
        ],
        leaf_id=lineage.nearest(thread["tip_message_hash"], said)[0],
        system=next(("\n\n".join(node.text) for node in members.values() if node.role == "system"), None),
        model=turns[-1]["model"] if turns else None,
        created_at=moment(thread["datetime_utc"]),
        updated_at=moment(turns[-1]["datetime_utc"]) if turns else None,
        left_out=sum((node.left_out for node in members.values()), Counter()),
    )


def _message(message: str, parent_id: str | None, node: _Node, turn: sqlite3.Row | None) -> ImportedMessage:
    answered = turn if node.role == "assistant" else None
    return ImportedMessage(
        id=message,
        parent_id=parent_id,
        role="assistant" if node.role == "assistant" else "user",
        content="\n\n".join(node.text),
        reasoning="\n\n".join(node.reasoning),
        model=(answered["resolved_model"] or answered["model"]) if answered else None,
        prompt_tokens=answered["input_tokens"] if answered else None,
        completion_tokens=answered["output_tokens"] if answered else None,
        created_at=moment(turn["datetime_utc"]) if turn else None,
    )
