"""The beginning of a turn of a conversation that its client holds: it sends all of it again with each question.

The longest part of it that is here is where the conversation goes on. Only what is new is saved, below that: behind the
end it grows, before it there is a branch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, func, insert, select

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.begin_turn import Maker, Place, insert_turn
from chatapp.backend.store.conversations import UPDATE_CONVERSATION, insert_conversation, locked, moment_at_the_top
from chatapp.backend.store.identity import new_id, now
from chatapp.backend.store.parts import columns_of
from chatapp.backend.store.records import BegunTurn
from chatapp.backend.store.schema import conversations, message_hashes, messages, turns
from chatapp.backend.store.titles import title_from
from chatapp.protocol.messages import FinalStatus, Message
from chatapp.protocol.question import HeldConversation, Question

_TAIL = 8
"""How many of the last messages are looked for first: of a conversation that goes on, few are new."""

_AT_ONCE = 500

_UNANSWERED = {"failed", "incomplete", "interrupted", "stopped"}


_IN_CONVERSATION: BindParameter[str] = bindparam("conversation_id")
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
_FIND_IN_TAIL = _FOUND.where(message_hashes.c.hash.in_(list(map(bindparam, _TAIL_HASHES))))
_LAST_SEQUENCE = select(func.max(messages.c.sequence)).where(messages.c.conversation_id == _IN_CONVERSATION)
_ACTIVE_TURN = select(turns.c.id).where(turns.c.conversation_id == _IN_CONVERSATION, turns.c.status == "streaming")
_FORGET = delete(message_hashes).where(
    message_hashes.c.message_id == bindparam("question_id"), message_hashes.c.is_answered.is_(False)
)
_INSERT_MESSAGES, _INSERT_HASHES = insert(messages), insert(message_hashes)
"""Made once: to put a query together takes as long as to run it, and every request of a client runs these."""


class _Known(NamedTuple):
    """How many messages of a conversation are here, and the last of them; none where it begins.

    `is_answered`: one of them is an answer that was made here.
    """

    length: int
    conversation_id: str
    message_id: str | None
    is_answered: bool


def begin_held(connection: Connection, question: Question, held: HeldConversation, maker: Maker) -> BegunTurn:
    """Return the turn that answers the last message of `held`, with all of it saved that is not here yet.

    Another turn may be answering in the conversation: several clients, or one that asks several things at once, hold
    the same beginning. The second belongs to no conversation until it has ended, since each has one active turn.
    """
    known = _find(connection, question.owner, held)
    if known is not None and connection.dialect.name != "sqlite":
        locked(connection, known.conversation_id, question.owner)
        known = _find(connection, question.owner, held)  # what others have saved while we waited
    model = question.model or maker.fallback_model
    if known is None:
        known, is_alongside = _Known(0, new_id(), None, is_answered=False), False
        new = held.messages(0)
        rows = _rows(known, new, model, first=1)
        _begin_conversation(connection, question, rows)
        connection.execute(_INSERT_MESSAGES, rows)
    else:
        is_alongside = _is_answering(connection, known.conversation_id)
        new = held.messages(known.length)
        rows = _rows(known, new, model, first=_last_sequence(connection, known) + 1)
        connection.execute(_INSERT_MESSAGES, rows)
        _go_on(connection, question.owner, rows[-1])
    note_uses(connection, known.conversation_id, (part for message in new for part in message.parts))
    *ids, answer_id = [row["id"] for row in rows]
    hashes = list(zip(ids, held.hashes(known.length), strict=True))
    if not known.is_answered:
        hashes = hashes[-1:]  # by the others nothing is found, of which each chat with the same examples has some
    _save_hashes(connection, question.owner, hashes, is_answered=known.is_answered)
    conversation_id = None if is_alongside else known.conversation_id
    place = Place(conversation_id, ids[-1] if ids else known.message_id, answer_id)
    begun = insert_turn(connection, question, maker, model=model, system=None, place=place)
    return replace(begun, conversation_id=known.conversation_id)


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
        rows = connection.execute(_FIND_IN_TAIL, {"owner": owner, **in_tail}).all()
    else:
        rows = connection.execute(_FIND, {"owner": owner, "hashes": list(counts)}).all()
    for row in sorted(rows, key=lambda row: -counts[row.hash]):  # stable: the last talked in stays first
        if row.is_answered or _was_not_answered(connection, row.id):
            return _Known(counts[row.hash], row.conversation_id, row.id, row.is_answered)
    return None


def _was_not_answered(connection: Connection, message_id: str) -> bool:
    """Return whether a first question came to nothing. Asked again after an answer, it begins another conversation.

    So do the examples that Aider puts before each of its chats: they are no answers of ours.
    """
    answers = set(connection.scalars(select(messages.c.status).distinct().where(messages.c.parent_id == message_id)))
    return bool(answers) and answers <= _UNANSWERED


def _begin_conversation(connection: Connection, question: Question, rows: list[dict[str, Any]]) -> None:
    """Save the conversation of messages. It is called after the last question: clients put examples before it."""
    asked = next((row["content"] for row in reversed(rows) if row["role"] == "user"), "")
    insert_conversation(
        connection,
        id=rows[-1]["conversation_id"],
        owner=question.owner,
        system=question.system,
        model=question.model,
        title=title_from(asked),
        source=question.surface,
        client=question.client,
        leaf_id=rows[-1]["id"],
    )


def _go_on(connection: Connection, owner: str, answer: dict[str, Any]) -> None:
    """Let a conversation end in an answer to come, be it archived or not."""
    changes = {"leaf_id": answer["id"], "updated_at": moment_at_the_top(connection, owner), "archived_at": None}
    connection.execute(UPDATE_CONVERSATION, {"its_id": answer["conversation_id"], **changes})


def _rows(known: _Known, new: list[Message], model: str, *, first: int) -> list[dict[str, Any]]:
    """Return the rows of messages below the last one that is known, one below the other, numbered from `first` on.

    The last is the answer to come, which is where the conversation then ends.
    """
    moment, parent_id = now(), known.message_id
    made_by = {"model": model, "status": "streaming", "created_at": moment, "finished_at": None}
    said = {"model": None, "status": "complete", "created_at": moment, "finished_at": moment}
    kept = [{"role": message.role, **columns_of(message.parts), **said} for message in new]
    rows: list[dict[str, Any]] = []
    for sequence, values in enumerate([*kept, {"role": "assistant", **columns_of(()), **made_by}], first):
        place = {"conversation_id": known.conversation_id, "parent_id": parent_id, "sequence": sequence}
        rows.append({"id": new_id(), **place, **values})
        parent_id = rows[-1]["id"]
    return rows


def save_answer_hash(connection: Connection, turn: Row[Any], digest: str, *, status: FinalStatus) -> None:
    """Save by what an answer is found again.

    A first question that it has answered is not found by itself any more: asked thousands of times, it would be looked
    at as often with each.
    """
    _save_hashes(connection, turn.owner, [(turn.answer_message_id, digest)], is_answered=True)
    if status not in _UNANSWERED:
        connection.execute(_FORGET, {"question_id": turn.user_message_id})


def _save_hashes(connection: Connection, owner: str, hashes: Iterable[tuple[str, str]], *, is_answered: bool) -> None:
    """Save the hash of each message by its id. `is_answered`: an answer of ours is among what it stands for."""
    same = {"owner": owner, "is_answered": is_answered}
    rows = [{"message_id": message_id, "hash": digest, **same} for message_id, digest in hashes]
    if rows:
        connection.execute(_INSERT_HASHES, rows)


def _last_sequence(connection: Connection, known: _Known) -> int:
    """Return the highest number of a message in a conversation."""
    return connection.scalar(_LAST_SEQUENCE, {"conversation_id": known.conversation_id}) or 0


def _is_answering(connection: Connection, conversation_id: str) -> bool:
    return connection.scalar(_ACTIVE_TURN, {"conversation_id": conversation_id}) is not None


def conversation_of(connection: Connection, turn: Row[Any]) -> str | None:
    """Return the conversation that a turn belongs to, also while another one is active there."""
    if turn.conversation_id is not None or turn.answer_message_id is None:
        return turn.conversation_id  # type: ignore[no-any-return]
    is_answer = messages.c.id == turn.answer_message_id
    return connection.scalar(select(messages.c.conversation_id).where(is_answer))
