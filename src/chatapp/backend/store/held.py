"""The beginning of a turn of a conversation that its client holds: it sends all of it again with each question.

The longest part of it that is here is where the conversation goes on. Only what is new is saved, below that: behind the
end it grows, before it there is a branch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.begin_turn import Maker, Place, insert_turn, is_answering
from chatapp.backend.store.conversations import GO_ON, insert_conversation, locked, moment_at_the_top
from chatapp.backend.store.ending import WholeTurn, answer_row, turn_columns
from chatapp.backend.store.identity import new_id, new_timed_id, now
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.records import BegunTurn
from chatapp.backend.store.schema import conversations, message_hashes, messages
from chatapp.backend.store.titles import title_from
from chatapp.backend.store.tree import insert_messages
from chatapp.backend.store.turn_row import TurnRow
from chatapp.protocol.messages import FinalStatus, Message
from chatapp.protocol.question import HeldConversation, Question

_TAIL = 8
"""How many of the last messages are looked for first: of a conversation that goes on, few are new."""

_AT_ONCE = 500

_UNANSWERED = {"failed", "incomplete", "interrupted", "stopped"}


_TAIL_HASHES = [f"hash_{number}" for number in range(_TAIL)]
_FOUND = (
    select(message_hashes.c.hash, message_hashes.c.is_answered, messages.c.id, messages.c.conversation_id)
    .join(messages, messages.c.id == message_hashes.c.message_id)
    .join(conversations, conversations.c.id == messages.c.conversation_id)
    .where(
        message_hashes.c.owner == bindparam("owner"),
        conversations.c.deleted_at.is_(None),
    )
    .order_by(conversations.c.updated_at.desc(), messages.c.sequence.desc())
)
_FIND = _FOUND.where(message_hashes.c.hash.in_(bindparam("hashes", expanding=True)))
_FIND_IN_TAIL = Prepared(_FOUND.where(message_hashes.c.hash.in_(list(map(bindparam, _TAIL_HASHES)))))
_FORGET = Prepared(
    delete(message_hashes).where(
        message_hashes.c.message_id == bindparam("question_id"), message_hashes.c.is_answered.is_(False)
    )
)
_INSERT_HASHES = Prepared(insert(message_hashes), ("message_id", "owner", "hash", "is_answered"))


class _Found(NamedTuple):
    hash: str
    is_answered: bool
    id: str
    conversation_id: str


class _Known(NamedTuple):
    """How many messages of a conversation are here, and the last of them; none where it begins.

    `is_answered`: one of them is an answer that was made here.
    """

    length: int
    conversation_id: str
    message_id: str | None
    is_answered: bool


class _Kept(NamedTuple):
    """What was known of a conversation, and where all of it and the answer are now.

    `hashes` are of the new messages, by their ids.
    """

    known: _Known
    question_id: str | None
    answer_id: str
    hashes: list[tuple[str, str]]


def begin_held(
    connection: Connection, question: Question, held: HeldConversation, maker: Maker, *, turn_id: str | None = None
) -> BegunTurn:
    """Return the turn that answers the last message of `held`, with all of it saved that is not here yet.

    Another turn may be answering in the conversation: several clients, or one that asks several things at once, hold
    the same beginning. The second belongs to no conversation until it has ended, since each has one active turn.
    """
    model = question.model or maker.fallback_model
    kept = _kept(connection, question, held, {"role": "assistant", "model": model, "status": "streaming"})
    known = kept.known
    _save_hashes(connection, question.owner, kept.hashes, is_answered=known.is_answered)
    is_alongside = known.length > 0 and is_answering(connection, known.conversation_id)
    place = Place(None if is_alongside else known.conversation_id, kept.question_id, kept.answer_id)
    begun = insert_turn(connection, question, maker, model=model, system=None, place=place, turn_id=turn_id)
    return replace(begun, conversation_id=known.conversation_id)


def keep_held(connection: Connection, turn: WholeTurn, heartbeat_at: datetime | ColumnElement[datetime]) -> str:
    """Return the conversation in which `turn` is saved now, with all that its client holds and is not here yet."""
    ending, question, held, model = turn.ending, turn.question, turn.held, turn.model
    answer = {"role": "assistant", "model": model, **answer_row(ending)}
    kept = _kept(connection, question, held, answer, asked_at=turn.asked_at)
    conversation_id, owner = kept.known.conversation_id, question.owner
    is_found_by_answer = turn.said is not None and ending["status"] not in _UNANSWERED
    if kept.known.is_answered or not is_found_by_answer:
        _save_hashes(connection, owner, kept.hashes, is_answered=kept.known.is_answered)
    elif not kept.hashes:
        _FORGET.run(connection, {"question_id": kept.question_id})
    if turn.said is not None:
        _save_hashes(connection, owner, [(kept.answer_id, held.hash_behind(turn.said))], is_answered=True)
    place = Place(conversation_id, kept.question_id, kept.answer_id)
    maker, outcome = Maker(turn.process_id, heartbeat_at, model), {**turn_columns(ending), "created_at": turn.asked_at}
    insert_turn(connection, question, maker, model=model, system=None, place=place, turn_id=turn.id, outcome=outcome)
    return conversation_id


def _kept(
    connection: Connection,
    question: Question,
    held: HeldConversation,
    answer: dict[str, Any],
    *,
    asked_at: datetime | None = None,
) -> _Kept:
    """Save what of `held` is not here yet, and an answer below it; of that where it is."""
    known = _find(connection, question.owner, held)
    if known is not None and connection.dialect.name != "sqlite":
        locked(connection, known.conversation_id, question.owner)
        known = _find(connection, question.owner, held)  # what others have saved while we waited
    is_new, leaf_id = known is None, new_timed_id()
    known = known or _Known(0, new_id(), None, is_answered=False)
    new = held.messages(known.length)
    moment = asked_at or now()
    rows = [*(_row(message, moment) for message in new), {**answer, "id": leaf_id, "created_at": moment}]
    if is_new:
        _begin_conversation(connection, question, rows, id_=known.conversation_id)
    else:
        changes = {"updated_at": moment_at_the_top(connection, question.owner), "leaf_id": leaf_id, "archived_at": None}
        GO_ON.run(connection, {"its_id": known.conversation_id, **changes})
    *ids, _ = insert_messages(connection, known.conversation_id, known.message_id, rows, is_new=is_new)
    note_uses(connection, known.conversation_id, (part for message in new for part in message.parts))
    hashes = list(zip(ids, held.hashes(known.length), strict=True))
    if not known.is_answered:
        hashes = hashes[-1:]  # by the others nothing is found, of which each chat with the same examples has some
    return _Kept(known, ids[-1] if ids else known.message_id, leaf_id, hashes)


def _find(connection: Connection, owner: str, held: HeldConversation) -> _Known | None:
    """Return the longest part of `held`, from its first message on, that is here; of several the last talked in."""
    tail = max(0, held.count - _TAIL)
    known = _find_among(connection, owner, held, tail, held.hashes(tail))
    if known is None and tail:
        hashes = held.hashes(0)[:tail]
        for end in range(tail, 0, -_AT_ONCE):
            first = max(0, end - _AT_ONCE)
            known = _find_among(connection, owner, held, first, hashes[first:end])
            if known is not None:
                break
    return known


def _find_among(
    connection: Connection, owner: str, held: HeldConversation, first: int, hashes: Sequence[str]
) -> _Known | None:
    counts = {digest: count for count, digest in enumerate(hashes, first + 1)}
    if len(hashes) <= _TAIL:  # a list of any length is put together anew each time
        in_tail = dict(zip(_TAIL_HASHES, [*hashes, *[""] * (_TAIL - len(hashes))], strict=True))
        rows = _FIND_IN_TAIL.rows(connection, {"owner": owner, **in_tail})
    else:
        rows = [tuple(row) for row in connection.execute(_FIND, {"owner": owner, "hashes": list(counts)})]
    for row in sorted(
        map(_Found._make, rows), key=lambda row: -counts[row.hash]
    ):  # stable: the last talked in stays first
        if row.is_answered or _was_not_answered(connection, row.id):
            return _Known(counts[row.hash], row.conversation_id, row.id, row.is_answered)
    return None


def _was_not_answered(connection: Connection, message_id: str) -> bool:
    """Return whether a first question came to nothing. Asked again after an answer, it begins another conversation.

    So do the examples that Aider puts before each of its chats: they are no answers of ours.
    """
    answers = set(connection.scalars(select(messages.c.status).distinct().where(messages.c.parent_id == message_id)))
    return bool(answers) and answers <= _UNANSWERED


def _begin_conversation(connection: Connection, question: Question, rows: list[dict[str, Any]], *, id_: str) -> None:
    """Save the conversation of messages. It is called after the last question: clients put examples before it."""
    asked = next((row["content"] for row in reversed(rows) if row["role"] == "user"), "")
    insert_conversation(
        connection,
        id=id_,
        owner=question.owner,
        system=question.system,
        model=question.model,
        title=title_from(asked),
        source=question.surface,
        client=question.client,
        leaf_id=rows[-1]["id"],
    )


def _row(message: Message, moment: datetime) -> dict[str, Any]:
    """Return the columns of a message that its client brings."""
    whole = {"status": "complete", "created_at": moment, "finished_at": moment}
    return {"role": message.role, **columns_of(message.parts), **whole}


def save_answer_hash(connection: Connection, turn: TurnRow, digest: str, *, status: FinalStatus) -> None:
    """Save by what an answer is found again.

    A first question that it has answered is not found by itself any more: asked thousands of times, it would be looked
    at as often with each.
    """
    _save_hashes(connection, turn.owner, [(str(turn.answer_message_id), digest)], is_answered=True)
    if status not in _UNANSWERED:
        _FORGET.run(connection, {"question_id": turn.user_message_id})


def _save_hashes(connection: Connection, owner: str, hashes: Iterable[tuple[str, str]], *, is_answered: bool) -> None:
    """Save the hash of each message by its id. `is_answered`: an answer of ours is among what it stands for."""
    same = {"owner": owner, "is_answered": is_answered}
    rows = [{"message_id": message_id, "hash": digest, **same} for message_id, digest in hashes]
    _INSERT_HASHES.run_many(connection, rows)


def conversation_of(connection: Connection, turn: TurnRow) -> str | None:
    """Return the conversation that a turn belongs to, also while another one is active there."""
    if turn.conversation_id is not None or turn.answer_message_id is None:
        return turn.conversation_id
    is_answer = messages.c.id == turn.answer_message_id
    return connection.scalar(select(messages.c.conversation_id).where(is_answer))
