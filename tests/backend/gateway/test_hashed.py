"""Long conversations that come again are compared with what was hashed before, and hashed from there on."""

from typing import Any

import pytest

from chatapp.backend.gateway.hashed import LEAST_MESSAGES, MOST_BEGINNINGS, MOST_BYTES, HashedBeginnings
from chatapp.backend.gateway.held import HeldMessages

Json = dict[str, Any]

COUNT = 4 * LEAST_MESSAGES
TAIL = 8


def run(count: int, *, of: str = "a", **changed: str) -> list[Json]:
    """Return a conversation; `changed` are texts by the numbers of their messages."""
    texts = [changed.get(f"m{number}", f"{of} {number}\nsecond line") for number in range(count)]
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(texts)]


def hashes(messages: list[Json], known: HashedBeginnings | None = None) -> list[str]:
    return HeldMessages(messages, known=known).hashes(len(messages) - TAIL)


AGAIN = {
    "the same": run(COUNT),
    "two more": run(COUNT + 2),
    "a few fewer": run(COUNT - 3),
    "half of it": run(COUNT // 2),
    "the first edited": run(COUNT, m0="other"),
    "one in the middle edited": run(COUNT + 2, m100="other"),
    "a second line edited": run(COUNT + 2, m100="a 100\nother"),
    "the last edited": run(COUNT, m255="other"),
    "another": run(COUNT, of="b"),
}


@pytest.mark.parametrize("case", AGAIN)
def test_what_comes_after_a_long_conversation_is_hashed_as_if_nothing_were_known(case: str) -> None:
    known = HashedBeginnings()
    for messages in (run(COUNT), AGAIN[case], run(COUNT), run(COUNT + 2)):
        assert hashes(messages, known) == hashes(messages)


def test_an_answer_behind_a_known_beginning_has_the_same_hash() -> None:
    known = HashedBeginnings()
    hashes(run(COUNT), known)
    assert hashes(run(COUNT + 1), known)[-1] == hashes(run(COUNT + 1))[-1]


def test_what_goes_on_is_known_up_to_where_it_was_hashed() -> None:
    known, longer = HashedBeginnings(), run(COUNT + 2)
    hashes(run(COUNT), known)
    found = known.longest(longer, most=COUNT)
    assert found is not None
    assert found.said == longer[: COUNT - TAIL]
    assert known.longest(run(COUNT + 2, m1="other"), most=COUNT) is None
    assert known.longest(longer, most=COUNT - TAIL - 1) is None


def test_short_conversations_are_not_remembered() -> None:
    known = HashedBeginnings()
    hashes(run(LEAST_MESSAGES), known)
    assert known.longest(run(LEAST_MESSAGES), most=LEAST_MESSAGES) is None


def test_the_oldest_of_many_is_forgotten() -> None:
    known, many = HashedBeginnings(), [run(COUNT, of=f"run {number}") for number in range(MOST_BEGINNINGS + 1)]
    for messages in many:
        hashes(messages, known)
    assert [known.longest(messages, most=COUNT) is not None for messages in many] == [False, *[True] * MOST_BEGINNINGS]


def test_no_more_is_remembered_than_memory_allows() -> None:
    known, third = HashedBeginnings(), MOST_BYTES // 3
    code = "Why?\n" + "x" * third  # the first line alone counts of a question, and all of it is in memory
    many = [run(COUNT, of=f"run {number}", m2=code) for number in range(3)]
    for messages in many:
        hashes(messages, known)
    assert [known.longest(messages, most=COUNT) is not None for messages in many] == [False, True, True]
    hashes(run(COUNT, m1="x" * MOST_BYTES), known)
    assert known.longest(run(COUNT, m1="x" * MOST_BYTES), most=COUNT) is None
    assert known.longest(many[2], most=COUNT) is not None


@pytest.mark.parametrize("field", ["content", "reasoning_content", "other"])
def test_memory_is_counted_also_for_what_no_hash_counts(field: str) -> None:
    known, messages = HashedBeginnings(), run(COUNT)
    messages[0][field] = "first line\n" + "x" * MOST_BYTES
    hashes(messages, known)
    assert known.longest(messages, most=COUNT) is None
