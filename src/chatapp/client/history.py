"""What was said before, as questions of a chat that no backend stores carry it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatapp.protocol.messages import Message


def answered(messages: "list[Message]") -> "Iterator[Message]":
    """Return the questions that were answered, each with its answer: models take turns, so one without stays out."""
    for question, answer in pairwise(messages):
        if (question.role, answer.role) == ("user", "assistant") and answer.text.strip():
            yield from (question, answer)


def as_json(message: "Message") -> dict[str, Any]:
    """Return a message as a question carries it: role, text and the ids of its files."""
    files = [part.reference for part in message.parts if part.type == "attachment"]
    told = {"role": message.role, "content": message.text}
    return {**told, "attachments": files} if files else told
