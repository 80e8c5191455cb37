"""The store with much in it: what people do all day stays quick."""

import time
from collections.abc import Callable

import pytest

from chatapp.backend.store import Store
from support.seeding import VOCABULARY, seed

MAX_S = 0.1
TRIES = 25
"""`MAX_S` is what 10,000 conversations may take; here are fewer."""

ACTS: dict[str, Callable[[Store], object]] = {
    "list": lambda store: store.conversations.page(owner="ada"),
    "open": lambda store: store.messages.page("c500", owner="ada"),
    "search a word in every message": lambda store: store.search.find("the", owner="ada"),
    "search a rare word": lambda store: store.search.find("whale", owner="ada"),
    "search two common words": lambda store: store.search.find(" ".join(VOCABULARY[:2]), owner="ada"),
    "search an unfinished word": lambda store: store.search.find("wh", owner="ada"),
    "search what is not there": lambda store: store.search.find("qqqqq", owner="ada"),
}


def seconds(act: Callable[[Store], object], store: Store) -> float:
    start = time.perf_counter()
    act(store)
    return time.perf_counter() - start


def quickest(act: Callable[[Store], object], store: Store) -> float:
    """Return what the first try within `MAX_S` took, or the quickest of many: machines are busy."""
    took: list[float] = []
    while not took or (took[-1] >= MAX_S and len(took) < TRIES):
        took.append(seconds(act, store))
    return min(took)


@pytest.mark.timeout(300)
def test_everyday_acts_are_quick_among_a_thousand_conversations(store: Store) -> None:
    seed(store, conversations_count=1000, messages_each=20)
    took = {name: quickest(act, store) for name, act in ACTS.items()}
    assert {name: round(time_s, 3) for name, time_s in took.items() if time_s > MAX_S} == {}


@pytest.mark.timeout(300)
def test_conversation_of_a_thousand_messages_opens_quickly(store: Store) -> None:
    seed(store, conversations_count=1, messages_each=1000)
    assert quickest(lambda store: store.messages.page("c0", owner="ada"), store) < MAX_S
