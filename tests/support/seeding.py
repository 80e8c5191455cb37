"""Many conversations at once, for tests of speed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import insert, text

from chatapp.backend.store import Store
from chatapp.backend.store.schema import conversations, messages

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
CHANCE = random.Random(7)
VOCABULARY = ["".join(CHANCE.choices("abcdefghijklmnopqrstuvwxyz", k=CHANCE.randint(3, 9))) for _ in range(20_000)]
WEIGHTS = list(accumulate(1 / rank for rank in range(1, 20_001)))
SENTENCES = [" ".join(CHANCE.choices(VOCABULARY, cum_weights=WEIGHTS, k=8)) for _ in range(10_000)]


def seed(store: Store, *, conversations_count: int, messages_each: int) -> None:
    """Fill `store` with one owner's conversations; each message has `the` in it, one in a thousand `whale`."""
    with store.database.write() as connection:
        for number in range(conversations_count):
            connection.execute(insert(conversations).values(_conversation(number, messages_each)))
            connection.execute(insert(messages), list(_messages(number, messages_each)))
    if not store.database.is_sqlite:
        with store.database.write() as connection:
            connection.execute(text("ANALYZE"))


def _conversation(number: int, messages_each: int) -> dict[str, Any]:
    moment = BEGINNING + timedelta(minutes=number)
    return {
        "id": f"c{number}",
        "owner": "ada",
        "title": _words(6),
        "pinned": number % 1000 == 0,
        "leaf_id": f"c{number}-{messages_each}",
        "created_at": moment,
        "updated_at": moment,
    }


def _messages(number: int, messages_each: int) -> Iterator[dict[str, Any]]:
    for sequence in range(1, messages_each + 1):
        yield {
            "id": f"c{number}-{sequence}",
            "conversation_id": f"c{number}",
            "parent_id": f"c{number}-{sequence - 1}" if sequence > 1 else None,
            "sequence": sequence,
            "role": "user" if sequence % 2 else "assistant",
            "content": f"the {_words(80)}{' whale' if CHANCE.random() < 0.001 else ''}",
            "reasoning": "",
            "status": "complete",
            "created_at": BEGINNING,
        }


def _words(count: int) -> str:
    return " ".join(SENTENCES[CHANCE.randrange(len(SENTENCES))] for _ in range(count // 8 + 1))
