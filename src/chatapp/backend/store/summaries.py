"""Summaries: each stands beside an answer, for it and all messages before it in what models read. Those stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, update

from chatapp.backend.store.conversations import require
from chatapp.backend.store.database import Database
from chatapp.backend.store.schema import messages
from chatapp.backend.store.tree import Said, as_read, branch_above, last_summary, message_in
from chatapp.errors import InvalidRequestError, NotFoundError
from chatapp.protocol.events import UsageDetails
from chatapp.protocol.messages import Message

KEPT_QUESTIONS = 2
"""How many of the last questions stay as they are, with their answers, where nobody says up to where to summarise."""


class ToSummarise(NamedTuple):
    """What a summary beside the message `message_id` is to be made of: an `earlier` one, and what came behind it.

    It will stand for as many messages as are `summarised`; `model` is the one that the conversation has of its own.
    """

    message_id: str
    summarised: int
    earlier: str | None
    messages: list[Message]
    model: str | None


class Summary(NamedTuple):
    """What stands for `messages` in number, up to the one `message_id`; `calls` are what making it just now took."""

    message_id: str
    text: str
    messages: int
    calls: tuple[UsageDetails, ...] = ()


@dataclass(frozen=True, slots=True)
class Summaries:
    """The summaries of every conversation."""

    database: Database

    def plan(self, conversation_id: str, *, owner: str, up_to: str | None = None) -> ToSummarise:
        """Return what is to be summarised: up to the answer `up_to`, or else all but the last questions.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
            InvalidRequestError: there is nothing, or `up_to` is no answer.
        """
        with self.database.read() as connection:
            conversation = require(connection, conversation_id, owner)
            end = message_in(connection, conversation_id, up_to).id if up_to else conversation.leaf_id
            rows = branch_above(connection, end) if end else []
        place = _place_of_answer(rows) if up_to else _place_before_the_last(rows)
        before = last_summary(rows[:place])
        earlier = rows[before].summary if before >= 0 else None
        said = as_read(rows[before + 1 : place + 1])
        return ToSummarise(rows[place].id, place + 1, earlier, said, conversation.model)

    def keep(self, conversation_id: str, *, owner: str, summary: Summary) -> Summary:
        """Save a summary, in place of one that was there, and return it.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
        """
        with self.database.write() as connection:
            _row(connection, conversation_id, owner, summary.message_id)
            _save(connection, summary.message_id, summary=summary.text, summarised=summary.messages)
        return summary

    def change(self, conversation_id: str, message_id: str, *, owner: str, text: str) -> Summary:
        """Return the summary with another text.

        Raises:
            NotFoundError: there is no such summary.
        """
        with self.database.write() as connection:
            row = _summarised(connection, conversation_id, owner, message_id)
            _save(connection, message_id, summary=text)
            return Summary(message_id, text, row.summarised)

    def remove(self, conversation_id: str, message_id: str, *, owner: str) -> None:
        """Remove a summary: the messages that it stood for are read again.

        Raises:
            NotFoundError: there is no such summary.
        """
        with self.database.write() as connection:
            _summarised(connection, conversation_id, owner, message_id)
            _save(connection, message_id, summary=None, summarised=None)


def _place_of_answer(rows: Sequence[Said]) -> int:
    """Return the place of the last message, which is to be an answer: what follows it begins with a question."""
    if rows[-1].role != "assistant" or rows[-1].status == "streaming":
        raise InvalidRequestError("A summary stands beside an answer that has ended.", hint="Name another message.")
    return len(rows) - 1


def _place_before_the_last(rows: Sequence[Said]) -> int:
    """Return the place of the last message that is to be summarised; behind an earlier summary, if there is one."""
    questions = [place for place, row in enumerate(rows) if row.role == "user"]
    done = last_summary(rows)
    for kept in range(min(KEPT_QUESTIONS, len(questions)), 0, -1):
        place = questions[-kept] - 1
        if place > done and rows[place].status != "streaming":
            return place
    raise InvalidRequestError("There are no earlier messages to summarise.", hint="Ask some more questions first.")


def _row(connection: Connection, conversation_id: str, owner: str, message_id: str) -> Row[Any]:
    require(connection, conversation_id, owner)
    return message_in(connection, conversation_id, message_id)


def _summarised(connection: Connection, conversation_id: str, owner: str, message_id: str) -> Row[Any]:
    row = _row(connection, conversation_id, owner, message_id)
    if row.summary is None:
        raise NotFoundError("There is no such summary.")
    return row


def _save(connection: Connection, message_id: str, **values: Any) -> None:
    connection.execute(update(messages).where(messages.c.id == message_id).values(values))
