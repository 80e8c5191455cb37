"""Lists that a browser has already, told again by what differs."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Difference(NamedTuple, Generic[T]):
    """How a list became another: `head` first and `tail` last ones stay, `between` is what stands there now."""

    head: int
    between: list[T]
    tail: int


def difference(before: Sequence[T], after: Sequence[T]) -> Difference[T]:
    """Return how `before` became `after`."""
    head = _same(before, after)
    tail = _same(before[head:][::-1], after[head:][::-1])
    return Difference(head, list(after[head : len(after) - tail]), tail)


def _same(before: Sequence[object], after: Sequence[object]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
