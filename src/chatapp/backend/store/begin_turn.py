"""The beginning of a turn: its question and an empty answer, put into the tree in one transaction."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.conversations import insert_conversation, locked, moment_at_the_top, require
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.records import ROOT, BegunTurn, Prospect
from chatapp.backend.store.schema import conversations, turns
from chatapp.backend.store.titles import title_from
from chatapp.backend.store.tree import history, insert_message, message_in
from chatapp.errors import IdempotencyConflictError, InvalidRequestError, TurnActiveError
from chatapp.protocol.messages import TextPart
from chatapp.protocol.question import Question

_INSERT = insert(turns)


class Place(NamedTuple):
    """Where in the tree a turn is: its question and the answer to come."""

    conversation_id: str | None
    user_message_id: str | None
    answer_message_id: str


class Maker(NamedTuple):
    """Who makes a turn: its process, the first sign of life, and the model to ask where nobody names one."""

    process_id: str
    heartbeat_at: datetime | ColumnElement[datetime]
    fallback_model: str


def begin_turn(connection: Connection, question: Question, maker: Maker) -> BegunTurn:
    """Return the question, as `Turns.begin` promises it."""
    earlier = _earlier(connection, question)
    if earlier is not None and not _may_be_tried_again(earlier):
        return _replayed(earlier)
    if earlier is not None:
        question = _tried_again(connection, question, earlier)
    if not question.store:
        return insert_turn(
            connection, question, maker, model=question.model or maker.fallback_model, system=question.system
        )
    conversation = _conversation(connection, question)
    model = question.model or conversation.model or maker.fallback_model
    system = conversation.system if question.system is None else question.system
    place = _insert_messages(connection, question, conversation, model)
    begun = insert_turn(connection, question, maker, model=model, system=system, place=place)
    begun = replace(begun, sampling=conversation.sampling)
    begun.history.extend(history(connection, str(place.user_message_id)))
    return begun


def prospect(connection: Connection, question: Question, fallback_model: str) -> Prospect:
    """Return what a question of a conversation would be read with."""
    conversation = require(connection, str(question.conversation_id), question.owner)
    parent_id = _parent_id(connection, question, conversation)
    return Prospect(
        model=question.model or conversation.model or fallback_model,
        system=conversation.system if question.system is None else question.system,
        history=history(connection, parent_id) if parent_id else [],
        sampling=conversation.sampling or {},
    )


def _earlier(connection: Connection, question: Question) -> Row[Any] | None:
    """Return the turn that was begun with the same Idempotency-Key."""
    if question.idempotency_key is None:
        return None
    is_it = and_(turns.c.owner == question.owner, turns.c.idempotency_key == question.idempotency_key)
    row = connection.execute(select(turns).where(is_it).with_for_update()).one_or_none()
    if row is not None and row.body_hash != question.body_hash:
        raise IdempotencyConflictError("This Idempotency-Key was used before with another body.")
    return row


def _may_be_tried_again(earlier: Row[Any]) -> bool:
    """Return whether a turn failed with nothing said: who sends the question again wants an answer, not the failure.

    What can fail so is the model server or this backend, and both may be well again.
    """
    has_content = any(kind in {"text", "reasoning", "tool_call"} for kind, *_ in earlier.segments)
    return earlier.status in {"failed", "incomplete", "interrupted"} and not has_content


def _tried_again(connection: Connection, question: Question, earlier: Row[Any]) -> Question:
    """Return the question with the key for its own; a question that is kept already gets another answer."""
    connection.execute(update(turns).where(turns.c.id == earlier.id).values(idempotency_key=None))
    if earlier.user_message_id is None:
        return question
    return replace(question, prompt=None, conversation_id=earlier.conversation_id, parent_id=earlier.user_message_id)


def _replayed(earlier: Row[Any]) -> BegunTurn:
    return BegunTurn(
        turn_id=earlier.id,
        conversation_id=earlier.conversation_id,
        user_message_id=earlier.user_message_id,
        answer_message_id=earlier.answer_message_id,
        model=earlier.model,
        system=None,
        history=[],
        replayed=True,
    )


def _conversation(connection: Connection, question: Question) -> Row[Any]:
    """Return the conversation, locked; a new one remembers what it is begun with."""
    begun_with = {"system": question.system, "model": question.model}
    conversation_id = question.conversation_id or insert_conversation(connection, owner=question.owner, **begun_with)
    conversation = locked(connection, conversation_id, question.owner)
    _refuse_while_active(connection, conversation_id)
    title = conversation.title or title_from(question.prompt or "")
    is_it = conversations.c.id == conversation_id
    talked_at = moment_at_the_top(connection, question.owner)
    connection.execute(update(conversations).where(is_it).values(updated_at=talked_at, title=title))
    return conversation


def _refuse_while_active(connection: Connection, conversation_id: str) -> None:
    is_active = and_(turns.c.conversation_id == conversation_id, turns.c.status == "streaming")
    if connection.scalar(select(turns.c.id).where(is_active)) is not None:
        raise TurnActiveError(
            "The conversation is still answering its last question.", hint="Wait for the answer, or stop it."
        )


def _insert_messages(connection: Connection, question: Question, conversation: Row[Any], model: str) -> Place:
    parent_id = _parent_id(connection, question, conversation)
    if question.prompt is None:
        question_id = _question_above(connection, conversation.id, parent_id)
    else:
        question_id = insert_message(
            connection,
            conversation_id=conversation.id,
            parent_id=parent_id,
            role="user",
            **columns_of((*question.attachments, TextPart(question.prompt))),
            status="complete",
            finished_at=now(),
        )
        note_uses(connection, conversation.id, question.attachments)
    answer_id = insert_message(
        connection,
        conversation_id=conversation.id,
        parent_id=question_id,
        role="assistant",
        model=model,
        status="streaming",
    )
    connection.execute(update(conversations).where(conversations.c.id == conversation.id).values(leaf_id=answer_id))
    return Place(conversation.id, question_id, answer_id)


def _parent_id(connection: Connection, question: Question, conversation: Row[Any]) -> str | None:
    if question.parent_id is None:
        return str(conversation.leaf_id) if conversation.leaf_id else None
    if question.parent_id == ROOT:
        return None
    return str(message_in(connection, conversation.id, question.parent_id).id)


def _question_above(connection: Connection, conversation_id: str, message_id: str | None) -> str:
    """Return the id of the question that `message_id` is, or answers."""
    while message_id is not None:
        message = message_in(connection, conversation_id, message_id)
        if message.role == "user":
            return str(message.id)
        message_id = message.parent_id
    raise InvalidRequestError("There is no question here that could be answered again.")


def insert_turn(
    connection: Connection,
    question: Question,
    maker: Maker,
    *,
    model: str,
    system: str | None,
    place: Place | None = None,
) -> BegunTurn:
    """Return the turn, saved as begun, without what was said before."""
    where = place._asdict() if place else dict.fromkeys(Place._fields)
    row = {
        "id": new_timed_id(),
        "owner": question.owner,
        "status": "streaming",
        "model": model,
        "process_id": maker.process_id,
        "cancel_requested": False,
        "idempotency_key": question.idempotency_key,
        "body_hash": question.body_hash,
        "segments": [],
        "saved_text": 0,
        "saved_reasoning": 0,
        "created_at": now(),
        **where,
    }
    heartbeat_at = maker.heartbeat_at
    if isinstance(heartbeat_at, datetime):
        connection.execute(_INSERT, {**row, "heartbeat_at": heartbeat_at})
    else:
        connection.execute(insert(turns).values(heartbeat_at=heartbeat_at), row)
    return BegunTurn(turn_id=str(row["id"]), model=model, system=system, history=[], **where)
