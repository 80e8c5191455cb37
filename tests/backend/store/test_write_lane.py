"""Writes of several threads that wait for each other share a transaction, and their failures are their own."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, event

from chatapp.backend.store import Store
from chatapp.backend.store.new_rows import insert_conversation
from support.turn_steps import wait_for


@pytest.mark.parametrize(("fails", "commits"), [(False, 2), (True, 3)], ids=["all go well", "one fails"])
def test_writes_that_wait_are_one_transaction_and_none_spoils_another(
    sqlite_store: Store, fails: bool, commits: int
) -> None:
    database, may_go_on, counted = sqlite_store.database, threading.Event(), list[Any]()

    def held_up(_: Connection) -> None:
        assert may_go_on.wait(30)

    def begun(connection: Connection) -> str:
        return insert_conversation(connection, owner="ada")

    def failing(connection: Connection) -> str:
        insert_conversation(connection, owner="ada", title="lost")
        raise ZeroDivisionError

    event.listen(database._engine, "commit", counted.append)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(database.write_together, held_up)
        wait_for(lambda: database._lane._is_led and not database._lane._waiting)
        works = [begun, failing if fails else begun, begun]
        others: list[Future[str]] = [pool.submit(database.write_together, work) for work in works]
        wait_for(lambda: len(database._lane._waiting) == len(others))
        may_go_on.set()
        first.result(30)
        errors = [future.exception(30) for future in others]
    titles = [conversation.title for conversation in sqlite_store.conversations.page(owner="ada").items]
    assert [type(error) for error in errors] == [type(None), ZeroDivisionError if fails else type(None), type(None)]
    assert titles == [None] * (2 if fails else 3)
    assert len(counted) == commits


def test_nobody_does_the_work_of_those_who_come_later(sqlite_store: Store) -> None:
    database, may_go_on, has_returned = sqlite_store.database, threading.Event(), threading.Event()

    def held_up(_: Connection) -> None:
        assert may_go_on.wait(30)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(database.write_together, held_up)
        wait_for(lambda: database._lane._is_led and not database._lane._waiting)
        later = pool.submit(database.write_together, lambda _: has_returned.wait(30))
        wait_for(lambda: len(database._lane._waiting) == 1)
        may_go_on.set()
        first.result(30)
        has_returned.set()
        assert later.result(30)
