"""How far the long conversations were hashed that came last: the next request of one brings all of it again."""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from chatapp.backend.gateway.schemas import Json

LEAST_MESSAGES = 64
"""A shorter beginning is hashed as quickly as it is looked for."""

MOST_BEGINNINGS = 16
MOST_BYTES = 8 * 1024 * 1024
_OF_A_MESSAGE = 500
"""What a message takes in memory beside what is in it, about."""
_OF_A_VALUE = 64
"""What each object, list and further value in it takes."""


class Beginning(NamedTuple):
    """The first messages of a conversation, their hash, and about how many bytes they take in memory."""

    said: list[Json]
    hasher: blake2b
    size: int


class HashedBeginnings:
    """The beginnings of the last conversations, those that came last at the end.

    To compare 2,000 messages with those that come again takes 0.1 ms, and to hash them 2 to 3 ms.
    """

    def __init__(self) -> None:
        self._kept: tuple[Beginning, ...] = ()  # put in place as a whole: several threads hash

    def longest(self, said: list[Json], *, most: int) -> Beginning | None:
        """Return the longest beginning of `said` that is known, of at most `most` messages."""
        ours = [one for one in self._kept if len(one.said) <= most and one.said[-1] == said[len(one.said) - 1]]
        ours.sort(key=lambda one: -len(one.said))
        return next((one for one in ours if one.said == said[: len(one.said)]), None)

    def keep(self, said: list[Json], hasher: blake2b, *, behind: Beginning | None) -> None:
        """Remember a beginning that goes on from the one it lies `behind`, which is forgotten."""
        begin, size = (len(behind.said), behind.size) if behind else (0, 0)
        if len(said) < LEAST_MESSAGES or len(said) == begin:
            return
        size += _size(said[begin:])
        if size > MOST_BYTES:
            return
        others = [one for one in self._kept if one is not behind][1 - MOST_BEGINNINGS :]
        kept = [*others, Beginning(said, hasher, size)]
        while sum(one.size for one in kept) > MOST_BYTES:
            del kept[0]
        self._kept = tuple(kept)


def _size(messages: list[Json]) -> int:
    """Return about how many bytes messages take in memory, with what does not count for their hash, as pictures."""
    written = msgspec.json.encode(messages)
    values = written.count(b"{") + written.count(b"[") + written.count(b",")
    return len(written) + _OF_A_VALUE * values + _OF_A_MESSAGE * len(messages)
