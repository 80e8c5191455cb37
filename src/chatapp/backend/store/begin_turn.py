"""The beginning of a turn: its question and an empty answer, put into the tree in one transaction."""

from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, func, select, update

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.conversations import ASK_IN, not_found, require
from chatapp.backend.store.identity import new_id, new_timed_id, now
from chatapp.backend.store.new_rows import (
    Maker,
    Place,
    insert_conversation,
    insert_messages,
    insert_turn,
    moment_at_the_top,
)
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.projects import guidance, require_project
from chatapp.backend.store.records import ROOT, BegunTurn, Prospect
from chatapp.backend.store.schema import conversations, messages, turns
from chatapp.backend.store.titles import title_from
from chatapp.backend.store.tree import history, message_in
from chatapp.errors import IdempotencyConflictError, InvalidRequestError, TurnActiveError
from chatapp.protocol.messages import TextPart
from chatapp.protocol.question import MOST_BESIDE, Question

_ACTIVE = Prepared(
    select(turns.c.id).where(turns.c.conversation_id == bindparam("conversation_id"), turns.c.status == "streaming")
)


class _LockedConversation(NamedTuple):
    """A conversation that a question is asked in. The row of one that `is_new` is still to be saved."""

    id: str
    title: str | None
    model: str | None
    system: str | None
    leaf_id: str | None
    sampling: dict[str, Any] | None
    project_id: str | None
    is_new: bool = False
    is_answering: bool = False


_LOCK = Prepared(
    select(*(conversations.c[name] for name in ("id", "title", "model", "system", "leaf_id", "sampling", "project_id")))
    .where(
        conversations.c.id == bindparam("its_id"),
        conversations.c.owner == bindparam("owner"),
        conversations.c.deleted_at.is_(None),
    )
    .with_for_update(key_share=True)
)
"""Finds a conversation; until the transaction ends no other writes to it.

A message that is added elsewhere shares its key. To wait for that one, too, is how two can wait for each other.
"""


def begin_turn(connection: Connection, question: Question, maker: Maker, *, fallback_model: str) -> BegunTurn:
    """Return the question, as `Turns.begin` promises it."""
    earlier = _earlier(connection, question)
    if earlier is not None and not _may_be_tried_again(earlier):
        return _replayed(earlier)
    has_prompt = question.prompt is not None  # whoever asks has it, also where it is kept from an earlier try
    if earlier is not None:
        question = _tried_again(connection, question, earlier)
    key: dict[str, Any] = {"idempotency_key": question.idempotency_key, "body_hash": question.body_hash}
    if not question.store:
        model = question.model or fallback_model
        return insert_turn(connection, question.owner, maker, model=model, system=question.system, **key)
    conversation = _conversation(connection, question)
    project = guidance(connection, conversation.project_id)
    model = question.model or conversation.model or project.model or fallback_model
    system = project.system(conversation.system if question.system is None else question.system)
    above, place = _insert_messages(connection, question, conversation, model)
    held = place._replace(conversation_id=None) if conversation.is_answering else place  # one is the active turn there
    begun = insert_turn(connection, question.owner, maker, model=model, system=system, place=held, **key)
    read = history(connection, above if has_prompt else place.user_message_id)
    return replace(
        begun,
        conversation_id=conversation.id,
        history=read.messages,
        sampling=conversation.sampling,
        project_id=project.files_of,
        summary=read.summary,
    )


def prospect(connection: Connection, question: Question, fallback_model: str) -> Prospect:
    """Return what a question of a conversation, or of a new one in a project, would be read with."""
    if question.conversation_id is None:
        require_project(connection, question.project_id, question.owner)
        project = guidance(connection, question.project_id)
        model = question.model or project.model or fallback_model
        return Prospect(model, project.system(question.system), [], {}, project.files_of)
    conversation = require(connection, question.conversation_id, question.owner)
    project = guidance(connection, conversation.project_id)
    parent_id = _parent_id(connection, question, conversation)
    read = history(connection, parent_id)
    return Prospect(
        model=question.model or conversation.model or project.model or fallback_model,
        system=project.system(conversation.system if question.system is None else question.system),
        history=read.messages,
        sampling=conversation.sampling or {},
        project_id=project.files_of,
        summary=read.summary,
        summarised=read.summarised,
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


def _conversation(connection: Connection, question: Question) -> _LockedConversation:
    """Return the conversation, locked; a new one remembers what it is begun with."""
    title = title_from(question.prompt or "")
    if question.conversation_id is None:
        require_project(connection, question.project_id, question.owner)
        begun_with: dict[str, Any] = {
            "model": question.model,
            "system": question.system,
            "project_id": question.project_id,
        }
        return _LockedConversation(id=new_id(), title=title, **begun_with, leaf_id=None, sampling=None, is_new=True)
    row = _LOCK.first(connection, {"its_id": question.conversation_id, "owner": question.owner})
    if row is None:
        raise not_found()
    found = _LockedConversation(*row)
    found = found._replace(title=found.title or title)
    if not is_answering(connection, found.id):
        return found
    _refuse_unless_beside(connection, question, found)
    return found._replace(is_answering=True)


def is_answering(connection: Connection, conversation_id: str) -> bool:
    """Return whether an answer is being made in a conversation."""
    return _ACTIVE.first(connection, {"conversation_id": conversation_id}) is not None


def _refuse_unless_beside(connection: Connection, question: Question, conversation: _LockedConversation) -> None:
    """Refuse what is asked while an answer is being made, unless it is another answer to the same question."""
    answers = 0
    if question.is_beside and question.prompt is None:
        asked = _question_above(connection, conversation.id, _parent_id(connection, question, conversation))
        is_being_made = and_(messages.c.parent_id == asked.id, messages.c.status == "streaming")
        answers = connection.scalar(select(func.count()).select_from(messages).where(is_being_made)) or 0
    if not 0 < answers < MOST_BESIDE:
        raise TurnActiveError(
            "The conversation is still answering its last question.", hint="Wait for the answer, or stop it."
        )


def _insert_messages(
    connection: Connection, question: Question, conversation: _LockedConversation, model: str
) -> tuple[str | None, Place]:
    """Save the answer to come, below the question that it is to; return what that is below, and the place of both."""
    above = _parent_id(connection, question, conversation)
    said: list[dict[str, Any]] = [{"id": new_timed_id(), "role": "assistant", "model": model, "status": "streaming"}]
    answered = above
    if question.prompt is None:
        asked = _question_above(connection, conversation.id, above)
        answered, above = asked.id, asked.parent_id
    else:
        columns = columns_of((*question.attachments, TextPart(question.prompt)))
        moment = now()
        said.insert(0, {"role": "user", **columns, "status": "complete", "created_at": moment, "finished_at": moment})
    _end_in(connection, question, conversation, leaf_id=said[-1]["id"])
    *questions, answer_id = insert_messages(connection, conversation.id, answered, said, is_new=conversation.is_new)
    if questions:
        note_uses(connection, conversation.id, question.attachments)
    return above, Place(conversation.id, questions[0] if questions else answered, answer_id)


def _end_in(connection: Connection, question: Question, conversation: _LockedConversation, *, leaf_id: str) -> None:
    """Save that the conversation is talked in, and ends in an answer to come."""
    shown = {"title": conversation.title, "leaf_id": leaf_id}
    if conversation.is_new:
        begun_with = {name: getattr(conversation, name) for name in ("system", "model", "project_id")}
        insert_conversation(connection, id=conversation.id, owner=question.owner, **begun_with, **shown)
    else:
        talked_at = moment_at_the_top(connection, question.owner)
        ASK_IN.run(connection, {"its_id": conversation.id, "updated_at": talked_at, **shown})


def _parent_id(connection: Connection, question: Question, conversation: Row[Any] | _LockedConversation) -> str | None:
    if question.parent_id is None:
        return str(conversation.leaf_id) if conversation.leaf_id else None
    if question.parent_id == ROOT:
        return None
    return str(message_in(connection, conversation.id, question.parent_id).id)


def _question_above(connection: Connection, conversation_id: str, message_id: str | None) -> Row[Any]:
    """Return the question that `message_id` is, or answers."""
    while message_id is not None:
        message = message_in(connection, conversation_id, message_id)
        if message.role == "user":
            return message
        message_id = message.parent_id
    raise InvalidRequestError("There is no question here that could be answered again.")
