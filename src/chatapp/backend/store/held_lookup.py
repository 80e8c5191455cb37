"""Where conversations that their clients hold are found again: by the hashes of what was said."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from chatapp.backend.store.ending import WholeTurn
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.schema import conversations, message_hashes, messages
from chatapp.protocol.question import HeldConversation

_TAIL = 8
"""How many of the last messages are looked for where the last answer is not here: of most conversations few are new."""

_LONGEST_TAIL = 32
"""How many of each turn are looked for together: there may be a thousand, and no statement takes many more hashes."""

_AT_ONCE = 500

UNANSWERED = ("failed", "incomplete", "interrupted", "stopped")
"""How an answer ends by which its question is still looked for."""

_SIZES = (2, _TAIL, 32, 128)
"""Of how many hashes there are statements that are put together once."""

_ANSWERS = messages.alias()
_AN_ANSWER = select(_ANSWERS.c.id).where(_ANSWERS.c.parent_id == messages.c.id)
_A_WHOLE_ONE = _AN_ANSWER.where(*(_ANSWERS.c.status != status for status in UNANSWERED))
_CAME_TO_NOTHING = and_(_AN_ANSWER.exists(), ~_A_WHOLE_ONE.exists())
"""Of a first question. Asked again after an answer, it begins another conversation, and so do the examples that Aider
puts before each of its chats: they are no answers of ours."""

_ALL_OF_IT = messages.alias()
_NEWEST = (
    select(func.max(_ALL_OF_IT.c.sequence))
    .where(_ALL_OF_IT.c.conversation_id == messages.c.conversation_id)
    .scalar_subquery()
)
_FOUND = (
    select(message_hashes.c.hash, message_hashes.c.is_answered, messages.c.id, messages.c.conversation_id, _NEWEST)
    .join(messages, messages.c.id == message_hashes.c.message_id)
    .join(conversations, conversations.c.id == messages.c.conversation_id)
    .where(message_hashes.c.owner == bindparam("owner"), conversations.c.deleted_at.is_(None))
    .where(or_(message_hashes.c.is_answered, _CAME_TO_NOTHING))
    .order_by(conversations.c.updated_at.desc(), messages.c.sequence.desc())
)
_FIND = _FOUND.where(message_hashes.c.hash.in_(bindparam("hashes", expanding=True)))


@cache
def _names(size: int) -> list[str]:
    return [f"hash_{number}" for number in range(size)]


@cache
def _finding(size: int) -> Prepared:
    return Prepared(_FOUND.where(message_hashes.c.hash.in_(list(map(bindparam, _names(size))))))


class Found(NamedTuple):
    """A message that a conversation goes on behind; `newest` is the number of the newest one in its conversation."""

    hash: str
    is_answered: bool
    id: str
    conversation_id: str
    newest: int


class Known(NamedTuple):
    """How many messages of a conversation are here, and the last of them; none where it begins.

    `is_answered`: one of them is an answer that was made here. `newest` is the number of its newest message.
    """

    length: int
    conversation_id: str
    message_id: str | None
    is_answered: bool
    newest: int


class Tail(NamedTuple):
    """What is found by the `digests` of the messages from `first` on; of each the last talked in comes first."""

    first: int
    digests: Sequence[str]
    rows: Sequence[Found]


def find_tails(connection: Connection, turns: Sequence[WholeTurn]) -> list[Tail]:
    """Return for each turn what is found by its last answer and behind: of several with one query for each owner.

    Of what lies behind, no more than the last `_LONGEST_TAIL` messages are looked for.
    """
    firsts = [max(turn.held.last_answer, turn.held.count - _LONGEST_TAIL) for turn in turns]
    digests = [turn.held.hashes(first) for turn, first in zip(turns, firsts, strict=True)]
    wanted: dict[str, set[str]] = {}
    for turn, some in zip(turns, digests, strict=True):
        wanted.setdefault(turn.question.owner, set()).update(some)
    found: dict[tuple[str, str], list[Found]] = {}
    for owner, those in wanted.items():
        for row in _found_by(connection, owner, list(those)):
            found.setdefault((owner, row.hash), []).append(row)
    tails = []
    for turn, first, some in zip(turns, firsts, digests, strict=True):
        rows = [row for digest in reversed(some) for row in found.get((turn.question.owner, digest), ())]
        tails.append(Tail(first, some, rows))
    return tails


def find(connection: Connection, owner: str, held: HeldConversation) -> Known | None:
    """Return the longest part of `held`, from its first message on, that is here; of several the last talked in."""
    tail = max(0, held.count - _TAIL)
    known = _find_among(connection, owner, tail, held.hashes(tail))
    if known is None and tail:
        hashes = held.hashes(0)[:tail]
        for end in range(tail, 0, -_AT_ONCE):
            first = max(0, end - _AT_ONCE)
            known = _find_among(connection, owner, first, hashes[first:end])
            if known is not None:
                break
    return known


def _find_among(connection: Connection, owner: str, first: int, hashes: Sequence[str]) -> Known | None:
    places = {digest: place for place, digest in enumerate(hashes)}
    rows = sorted(_found_by(connection, owner, hashes), key=lambda row: -places[row.hash])  # stable
    return longest(Tail(first, hashes, rows))


def longest(found: Tail) -> Known | None:
    """Return the first of what is found."""
    if not found.rows:
        return None
    row = found.rows[0]
    length = found.first + found.digests.index(row.hash) + 1
    return Known(length, row.conversation_id, row.id, row.is_answered, row.newest)


def _found_by(connection: Connection, owner: str, hashes: Sequence[str]) -> list[Found]:
    """Return the messages by their hashes, those of the conversation last talked in first."""
    size = next((size for size in _SIZES if size >= len(hashes)), None)
    if size is None:  # a list of any length is put together anew each time
        rows: Iterable[Any] = connection.execute(_FIND, {"owner": owner, "hashes": list(hashes)})
    else:
        names = _names(size)
        given = zip(names, [*hashes, *[""] * (size - len(hashes))], strict=True)
        rows = _finding(size).rows(connection, {"owner": owner, **dict(given)})
    return [Found(*row) for row in rows]
