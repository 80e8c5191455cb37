"""One pool for everybody: what one owner has waiting keeps nobody else waiting."""

from concurrent.futures import CancelledError
from threading import Event

import pytest

from chatapp.backend.fair_pool import FairPool

DEADLINE_S = 60


def test_somebody_else_is_served_while_one_owner_has_much_to_do() -> None:
    pool, is_over = FairPool(2, of_one=1, name="fair"), Event()
    slow = [pool.submit(is_over.wait, owner="eve") for _ in range(3)]

    assert pool.submit(lambda: "read", owner="ada").result(DEADLINE_S) == "read"
    assert [work.done() for work in slow] == [False] * 3

    is_over.set()
    assert [work.result(DEADLINE_S) for work in slow] == [True] * 3
    pool.close()


def test_owners_take_turns_and_what_fails_tells_its_own_owner() -> None:
    pool, is_over, done = FairPool(1, of_one=1, name="fair"), Event(), list[str]()
    first = pool.submit(is_over.wait, owner="eve")
    works = [
        pool.submit(lambda name=name: done.append(name), owner=owner)  # type: ignore[misc]
        for owner, name in [("eve", "e1"), ("eve", "e2"), ("ada", "a1"), ("bob", "b1")]
    ]
    wrong = pool.submit(lambda: 1 / 0, owner="bob")
    is_over.set()

    assert first.result(DEADLINE_S)
    for work in works:
        work.result(DEADLINE_S)
    with pytest.raises(ZeroDivisionError):
        wrong.result(DEADLINE_S)
    assert done == ["e1", "a1", "b1", "e2"]
    pool.close()


def test_what_waits_when_the_pool_closes_is_never_begun() -> None:
    pool, is_over = FairPool(1, of_one=1, name="fair"), Event()
    running = pool.submit(is_over.wait, owner="eve")
    waiting = pool.submit(lambda: True, owner="ada")

    pool.close()

    is_over.set()
    assert running.result(DEADLINE_S)
    with pytest.raises(CancelledError):
        waiting.result(DEADLINE_S)
    with pytest.raises(RuntimeError):
        pool.submit(lambda: True, owner="ada")
