"""The beginning of a turn of a conversation that its client holds: it sends all of it again with each question.

The longest part of it that is here is where the conversation goes on. Only what is new is saved, below that: behind the
end it grows, before it there is a branch.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from chatapp.backend.store.begin_turn import is_answering
from chatapp.backend.store.conversations import locked
from chatapp.backend.store.ending import WholeTurn, answer_row, turn_columns
from chatapp.backend.store.held_lookup import UNANSWERED, Known, find, find_tails, longest
from chatapp.backend.store.held_rows import HeldRows
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.store.new_rows import Maker, Place, insert_turn, turn_values
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.records import BegunTurn
from chatapp.backend.store.schema import messages
from chatapp.backend.store.turn_rows import TurnRow
from chatapp.protocol.messages import FinalStatus, Message
from chatapp.protocol.question import HeldConversation, Question


class _Kept(NamedTuple):
    """What was known of a conversation, and where all of it and the answer are now.

    `hashes` are of the new messages, by their ids.
    """

    known: Known
    question_id: str | None
    answer_id: str
    hashes: list[tuple[str, str]]


def begin_held(
    connection: Connection, question: Question, held: HeldConversation, maker: Maker, *, model: str, turn_id: str | None
) -> BegunTurn:
    """Return the turn that answers the last message of `held`, with all of it saved that is not here yet.

    Another turn may be answering in the conversation: several clients, or one that asks several things at once, hold
    the same beginning. The second belongs to no conversation until it has ended, since each has one active turn.
    """
    rows = HeldRows(connection)
    known = _locked(connection, question, held, find(connection, question.owner, held))
    kept = _kept(rows, question, held, known, {"role": "assistant", "model": model, "status": "streaming"})
    rows.add_hashes(question.owner, kept.hashes, is_answered=kept.known.is_answered)
    rows.save()
    conversation_id = kept.known.conversation_id
    is_alongside = known is not None and is_answering(connection, conversation_id)
    place = Place(None if is_alongside else conversation_id, kept.question_id, kept.answer_id)
    begun = insert_turn(connection, question.owner, maker, model=model, system=None, place=place, turn_id=turn_id)
    return replace(begun, conversation_id=conversation_id)


def keep_held(
    connection: Connection, turns: Sequence[WholeTurn], heartbeat_at: datetime | ColumnElement[datetime]
) -> list[str]:
    """Return the conversations in which `turns` are saved now, with all that their clients hold and is not here yet."""
    rows, conversation_ids = HeldRows(connection), list[str]()
    for turn, found in zip(turns, find_tails(connection, turns), strict=True):
        question, held = turn.question, turn.held
        is_touched = rows.touch(found.digests, [row.conversation_id for row in found.rows])
        known = None if is_touched else longest(found)
        if known is None and (is_touched or found.first):
            rows.save()
            known = find(connection, question.owner, held)
        known = _locked(connection, question, held, known)
        conversation_ids.append(_keep(rows, turn, known, heartbeat_at))
    rows.save()
    return conversation_ids


def _keep(
    rows: HeldRows, turn: WholeTurn, known: Known | None, heartbeat_at: datetime | ColumnElement[datetime]
) -> str:
    """Add the rows of a turn, and return its conversation."""
    ending, question, held, model = turn.ending, turn.question, turn.held, turn.model
    answer = {"role": "assistant", "model": model, **answer_row(ending)}
    kept = _kept(rows, question, held, known, answer, asked_at=turn.asked_at)
    conversation_id, owner = kept.known.conversation_id, question.owner
    is_found_by_answer = turn.said is not None and ending["status"] not in UNANSWERED
    if kept.known.is_answered or not is_found_by_answer:
        rows.add_hashes(owner, kept.hashes, is_answered=kept.known.is_answered)
    elif not kept.hashes:
        rows.forget(kept.question_id)
    if turn.said is not None:
        rows.add_hashes(owner, [(kept.answer_id, held.hash_behind(turn.said))], is_answered=True)
    place = Place(conversation_id, kept.question_id, kept.answer_id)._asdict()
    ended = {**place, **turn_columns(ending), "created_at": turn.asked_at}
    maker = Maker(turn.process_id, heartbeat_at)
    rows.add_turn(turn_values(owner, maker, model=model, turn_id=turn.id, **ended))
    return conversation_id


def _kept(
    rows: HeldRows,
    question: Question,
    held: HeldConversation,
    known: Known | None,
    answer: dict[str, Any],
    *,
    asked_at: datetime | None = None,
) -> _Kept:
    """Add what of `held` is not `known` yet, and an answer below it."""
    is_new, leaf_id = known is None, new_timed_id()
    known = known or Known(0, rows.new_conversation_id(), None, is_answered=False, newest=0)
    new = held.messages(known.length)
    moment = asked_at or now()
    said = [*(_row(message, moment) for message in new), {**answer, "id": leaf_id, "created_at": moment}]
    if is_new:
        rows.begin(known.conversation_id, question, said)
    else:
        rows.go_on(known.conversation_id, question, leaf_id)
    parts = [part for message in new for part in message.parts]
    *ids, _ = rows.add_messages(known.conversation_id, known.message_id, said, first=known.newest + 1, parts=parts)
    hashes = list(zip(ids, held.hashes(known.length), strict=True))
    if not known.is_answered:
        hashes = hashes[-1:]  # by the others nothing is found, of which each chat with the same examples has some
    return _Kept(known, ids[-1] if ids else known.message_id, leaf_id, hashes)


def _locked(connection: Connection, question: Question, held: HeldConversation, known: Known | None) -> Known | None:
    """Return what is `known` of a conversation once no other process writes to it, or to the file."""
    if known is None or connection.dialect.name == "sqlite":
        return known
    locked(connection, known.conversation_id, question.owner)
    return find(connection, question.owner, held)  # what others have saved while we waited


def _row(message: Message, moment: datetime) -> dict[str, Any]:
    """Return the columns of a message that its client brings."""
    whole = {"status": "complete", "created_at": moment, "finished_at": moment}
    return {"role": message.role, **columns_of(message.parts), **whole}


def save_answer_hash(connection: Connection, turn: TurnRow, digest: str, *, status: FinalStatus) -> None:
    """Save by what an answer is found again. A first question that it has answered is not found by itself any more."""
    rows = HeldRows(connection)
    rows.add_hashes(turn.owner, [(str(turn.answer_message_id), digest)], is_answered=True)
    if status not in UNANSWERED:
        rows.forget(turn.user_message_id)
    rows.save()


def conversation_of(connection: Connection, turn: TurnRow) -> str | None:
    """Return the conversation that a turn belongs to, also while another one is active there."""
    if turn.conversation_id is not None or turn.answer_message_id is None:
        return turn.conversation_id
    is_answer = messages.c.id == turn.answer_message_id
    return connection.scalar(select(messages.c.conversation_id).where(is_answer))
