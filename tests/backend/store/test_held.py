"""Conversations that their clients hold are found again: once each, in SQLite and PostgreSQL, and fast."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.store import BegunTurn, Store, WholeTurn
from chatapp.backend.store.failures import DEFECTS
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.backend.store.schema import conversations, message_hashes, messages
from chatapp.protocol.messages import Message, TextPart, ToolCallPart
from chatapp.protocol.question import Question
from support.saved_turns import begin_turn, finish_turn

Json = dict[str, Any]
Ask = Callable[..., BegunTurn]


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def said(text: str) -> Json:
    return {"role": "assistant", "content": text}


@pytest.fixture
def begin(store: Store) -> Ask:
    """A function that begins the turn for the messages of a client."""

    def begin(*wire: Json, owner: str = "ada", into: Store = store) -> BegunTurn:
        held = HeldMessages(list(wire))
        question = Question(prompt=None, owner=owner, store=True, held=held, surface="v1", client="tool")
        return begin_turn(into, question, process_id="p1", fallback_model="small")

    return begin


@pytest.fixture
def ask(store: Store, begin: Ask) -> Ask:
    """A function that answers a question: saved when the answer is there and, the next time, from its beginning on."""
    is_saved_at_once = cycle([True, False])

    def ask(*wire: Json, answer: str = "Hi", owner: str = "ada", status: Any = "complete") -> BegunTurn:
        if next(is_saved_at_once):
            return keep(store, wire, answer, owner=owner, status=status)
        begun = begin(*wire, owner=owner)
        end(store, begun, wire, answer, status=status)
        return begun

    return ask


def keep(store: Store, wire: tuple[Json, ...], answer: str, *, owner: str, status: Any) -> BegunTurn:
    turn = whole(wire, answer, owner=owner, status=status)
    conversation_id = store.turns.keep([turn])[0]()
    answer_id = store.turns.get(turn.id, owner=owner).answer_message_id
    return BegunTurn(turn.id, conversation_id, None, answer_id, "small", None, [])


def whole(wire: tuple[Json, ...], answer: str, *, owner: str = "ada", status: Any = "complete") -> WholeTurn:
    held = HeldMessages(list(wire))
    return WholeTurn(
        id=new_timed_id(),
        question=Question(prompt=None, owner=owner, store=True, held=held, surface="v1", client="tool"),
        held=held,
        asked_at=now(),
        process_id="p1",
        model="small",
        ending={"status": status, "text": answer, "segments": [["text", len(answer)]]},
        said=Message("assistant", (TextPart(answer),)) if answer else None,
    )


def end(store: Store, begun: BegunTurn, wire: tuple[Json, ...], answer: str, *, status: Any = "complete") -> None:
    held = HeldMessages(list(wire))
    held.hashes(0)
    digest = held.hash_behind(Message("assistant", (TextPart(answer),))) if answer else None
    segments = [["text", len(answer)]]
    finish_turn(store, begun.turn_id, status=status, text=answer, segments=segments, answer_hash=digest)


def contents(store: Store, begun: BegunTurn, owner: str = "ada") -> list[str]:
    """Return the texts of all messages of the conversation, in the order in which they were saved."""
    return [message.content for message in store.messages.all(str(begun.conversation_id), owner=owner)]


def count(store: Store, owner: str = "ada") -> int:
    return len(store.conversations.page(owner=owner).items)


def test_messages_that_are_sent_again_and_again_are_one_conversation(ask: Ask, store: Store) -> None:
    ask(user("a"), answer="A")
    ask(user("a"), said("A"), user("b"), answer="B")
    last = ask(user("a"), said("A"), user("b"), said("B"), user("c"), answer="C")
    assert contents(store, last) == ["a", "A", "b", "B", "c", "C"]
    (conversation,) = store.conversations.page(owner="ada").items
    assert (conversation.source, conversation.client, conversation.title) == ("v1", "tool", "a")
    assert conversation.leaf_id == last.answer_message_id


def test_an_edited_message_begins_a_branch(ask: Ask, store: Store) -> None:
    first = ask(user("a"), answer="A")
    ask(user("a"), said("A"), user("b"), answer="B")
    edited = ask(user("a"), said("A"), user("b, please"), said("B!"), user("c"), answer="C")
    assert contents(store, edited) == ["a", "A", "b", "B", "b, please", "B!", "c", "C"]
    branch = store.messages.page(str(first.conversation_id), owner="ada").items
    assert [message.content for message in branch] == ["a", "A", "b, please", "B!", "c", "C"]


def test_the_same_question_again_gets_another_answer_beside_the_first(ask: Ask, store: Store) -> None:
    ask(user("a"), answer="A")
    ask(user("a"), said("A"), user("b"), answer="B")
    again = ask(user("a"), said("A"), user("b"), answer="B2")
    assert contents(store, again) == ["a", "A", "b", "B", "B2"]


def test_a_first_question_that_was_answered_begins_a_conversation_of_its_own(ask: Ask, store: Store) -> None:
    first, second = ask(user("Hello")), ask(user("Hello"))
    assert first.conversation_id != second.conversation_id
    third = ask(user("Hello"), said("Hi"), user("Go on"))
    assert third.conversation_id == second.conversation_id, "which was talked in last"


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_first_question_that_came_to_nothing_is_not_kept_twice(ask: Ask, store: Store, status: str) -> None:
    ask(user("Hello"), answer="", status=status)
    assert contents(store, ask(user("Hello"), answer="Hi")) == ["Hello", "", "Hi"]
    assert count(store) == 1


def test_a_first_question_is_looked_up_as_quickly_however_often_it_was_asked(ask: Ask, store: Store) -> None:
    for number in range(5):
        ask(user("2 + 2?"), said("4"), user("Ping"), answer=f"Pong {number}")
    with store.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(message_hashes)) == 5, "one for each answer"
    assert count(store) == 5


def test_a_second_question_that_was_answered_is_still_asked_again_where_it_was(ask: Ask, store: Store) -> None:
    ask(user("a"), user("b"), answer="", status="failed")
    ask(user("a"), user("b"), answer="B")
    for answer in ("C", "C2"):
        last = ask(user("a"), user("b"), said("B"), user("c"), answer=answer)
    assert contents(store, last) == ["a", "b", "", "B", "c", "C", "C2"]


def test_what_was_said_before_we_were_asked_is_kept_too(ask: Ask, store: Store) -> None:
    history = [message for number in range(300) for message in (user(f"q{number}"), said(f"a{number}"))]
    ask(*history, user("now"), answer="first")
    found = ask(*history, user("now"), said("first"), user("then"), answer="second")
    assert contents(store, found)[-4:] == ["now", "first", "then", "second"]
    assert len(contents(store, found)) == 604
    more = [message for number in range(20) for message in (user(f"Q{number}"), said(f"A{number}"))]
    grown = ask(*history, user("now"), said("first"), *more, user("much later"), answer="third")
    assert grown.conversation_id == found.conversation_id, "the common part is behind many messages"


def test_examples_before_each_chat_do_not_make_them_one(ask: Ask, store: Store) -> None:
    examples = (user("How do you speak?"), said("In rhymes."))
    first, second = ask(*examples, user("a"), answer="A"), ask(*examples, user("b"), answer="B")
    assert first.conversation_id != second.conversation_id
    assert contents(store, ask(*examples, user("a"), said("A"), user("c"), answer="C"))[2:] == ["a", "A", "c", "C"]
    titles = {conversation.title for conversation in store.conversations.page(owner="ada").items}
    assert titles == {"a", "b"}


def test_a_reminder_under_the_last_question_alone_is_no_edit(ask: Ask, store: Store) -> None:
    ask(user("a\n\nReply in English."), answer="A")
    found = ask(user("a"), said("A"), user("b\n\nReply in English."), answer="B")
    assert contents(store, found) == ["a\n\nReply in English.", "A", "b\n\nReply in English.", "B"]
    edited = ask(user("a"), said("A"), user("b\n\nReply in French."), answer="B")
    assert contents(store, edited)[4:] == ["b\n\nReply in French.", "B"]
    last = ask(user("a"), said("A"), user("b"), said("B"), user("c"), answer="C")
    assert contents(store, last)[6:] == ["c", "C"]
    shown = [message.content for message in store.messages.page(str(last.conversation_id), owner="ada").items]
    assert shown[2:] == ["b\n\nReply in French.", "B", "c", "C"], "the latest of two that fit"


def test_nobody_s_messages_go_on_in_the_conversation_of_another(ask: Ask, store: Store) -> None:
    ask(user("a"), answer="A")
    ask(user("a"), said("A"), user("b"), answer="B", owner="bob")
    assert (count(store), count(store, "bob")) == (1, 1)


def test_a_deleted_conversation_is_not_gone_on_with(ask: Ask, store: Store) -> None:
    gone = ask(user("a"), answer="A")
    store.conversations.delete(str(gone.conversation_id), owner="ada")
    kept = ask(user("a"), said("A"), user("b"), answer="B")
    assert contents(store, kept) == ["a", "A", "b", "B"]


def test_two_answers_are_made_at_once_in_one_conversation(ask: Ask, begin: Ask, store: Store) -> None:
    ask(user("a"), answer="A")
    both = [(user("a"), said("A"), user(text)) for text in ("b", "c")]
    first, second = (begin(*wire) for wire in both)
    assert first.conversation_id == second.conversation_id
    for begun, wire, answer in ((second, both[1], "C"), (first, both[0], "B")):
        end(store, begun, wire, answer)
    assert contents(store, first) == ["a", "A", "b", "B", "c", "C"]
    assert store.turns.get(second.turn_id, owner="ada").conversation_id == first.conversation_id
    store.conversations.purge(str(first.conversation_id), owner="ada")
    assert count(store) == 0


def test_a_conversation_is_removed_for_good_while_two_answers_are_made(ask: Ask, begin: Ask, store: Store) -> None:
    ask(user("a"), answer="A")
    for text in ("b", "c"):
        begun = begin(user("a"), said("A"), user(text))
    store.conversations.purge(str(begun.conversation_id), owner="ada")
    assert count(store) == 0


def test_two_clients_that_ask_the_same_at_once_store_it_once(
    ask: Ask, begin: Ask, store: Store, second_store: Store
) -> None:
    ask(user("a"), answer="A")
    with ThreadPoolExecutor(8) as pool:
        stores = [store, second_store] * 4
        begun = list(pool.map(lambda into: begin(user("a"), said("A"), user("b"), into=into), stores))
    assert contents(store, begun[0]) == ["a", "A", "b", *[""] * 8]
    assert count(store) == 1


TOGETHER: list[tuple[tuple[Json, ...], str, str, str]] = [
    ((user("a"),), "A", "ada", "complete"),
    ((user("a"),), "A", "ada", "complete"),
    ((user("a"), said("A"), user("b")), "B", "ada", "complete"),
    ((user("a"), said("A"), user("b"), said("B"), user("c")), "", "ada", "failed"),
    ((user("a"), said("A"), user("b"), said("B"), user("c")), "C", "ada", "complete"),
    ((user("a"), said("A"), user("b, please")), "B!", "ada", "complete"),
    ((user("a"), said("A"), user("b")), "B", "bob", "complete"),
    ((user("once"),), "", "ada", "failed"),
    ((user("once"),), "Now", "ada", "complete"),
    ((user("once"),), "Another", "ada", "complete"),
    ((user("once"), said("Now"), *[user(f"more {number}") for number in range(12)]), "Long", "ada", "complete"),
]


@pytest.mark.parametrize("size", [1, 2, len(TOGETHER)])
def test_turns_that_are_saved_together_stand_where_they_would_one_after_the_other(store: Store, size: int) -> None:
    turns = [whole(wire, answer, owner=owner, status=status) for wire, answer, owner, status in TOGETHER]
    saved = [it() for first in range(0, len(turns), size) for it in store.turns.keep(turns[first : first + size])]
    places = [list(dict.fromkeys(saved)).index(it) for it in saved]
    assert places == [0, 1, 1, 1, 1, 1, 2, 3, 3, 4, 3]
    (one,) = {it for it, place in zip(saved, places, strict=True) if place == 1}
    said_in_it = [(message.sequence, message.content) for message in store.messages.all(one, owner="ada")]
    assert said_in_it == list(enumerate(["a", "A", "b", "B", "c", "", "C", "b, please", "B!"], 1))
    listed = [conversation.id for conversation in store.conversations.page(owner="ada").items]
    assert listed == [saved[10], saved[9], saved[5], saved[0]], "the last talked in first"
    for text in ("please", "Another", "more", "Long"):
        assert len(store.search.find(text, owner="ada").items) == 1, text


def test_a_turn_that_cannot_be_saved_spoils_none_that_are_saved_with_it(store: Store) -> None:
    turns = [whole((user(text),), "Yes") for text in "abcd"]
    turns[1].ending["usage"] = {"prompt_tokens": object()}  # type: ignore[typeddict-item]
    results = store.turns.keep(turns)
    with pytest.raises(DEFECTS):
        results[1]()
    assert len({results[place]() for place in (0, 2, 3)}) == 3
    assert [conversation.title for conversation in store.conversations.page(owner="ada").items] == ["d", "c", "a"]


SAME: dict[str, tuple[Json, Json]] = {
    "blanks around": (said("A"), said(" A\n")),
    "parts for a text": (said("A"), {"role": "assistant", "content": [{"type": "text", "text": "A"}]}),
    "thoughts": (said("A"), {**said("A"), "reasoning_content": "Hm."}),
    "fields of the client": (said("A"), {**said("A"), "refusal": None, "annotations": [], "name": "x"}),
}


@pytest.mark.parametrize("case", SAME)
def test_what_clients_change_on_the_way_does_not_count(case: str) -> None:
    one, other = (HeldMessages([user("a"), message, user("b")]).hashes(0) for message in SAME[case])
    assert one == other


def call(arguments: str, call_id: str = "c1") -> Json:
    function = {"name": "weather", "arguments": arguments}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": call_id, "function": function}]}


def test_a_call_is_the_same_however_its_json_is_written_and_whatever_its_id() -> None:
    as_made = HeldMessages([user("a")])
    as_made.hashes(0)
    part = ToolCallPart("c1", "weather", '{"city": "Ålesund"}')
    digest = as_made.hash_behind(Message("assistant", (TextPart(""), part)))
    for arguments in ('{"city": "Ålesund"}', '{"city":"Ålesund"}', '{"city":"\\u00c5lesund"}'):
        assert HeldMessages([user("a"), call(arguments, "other")]).hashes(1) == [digest]
    assert HeldMessages([user("a"), call('{"city":"Oslo"}')]).hashes(1) != [digest]


def test_system_prompts_do_not_count() -> None:
    plain = HeldMessages([user("a"), said("A")]).hashes(0)
    system = [{"role": "system", "content": f"It is {hour} o'clock."} for hour in (1, 2)]
    assert HeldMessages([system[0], user("a"), {"role": "developer", "content": "!"}, said("A")]).hashes(0) == plain
    assert HeldMessages([system[1], user("a"), said("A")]).hashes(0) == plain


def test_a_long_run_among_many_conversations_is_found_in_milliseconds(
    ask: Ask, begin: Ask, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store, conversations_count=10_000)
    run: list[Json] = [user("Fix the bug.")]
    for number in range(1000):
        run += [
            call(f'{{"path":"src/file_{number}.py","line":{number}}}'),
            {"role": "tool", "content": "def f():\n" * 40},
        ]
    ask(*run, answer="Done.")
    run.append(said("Done."))
    took_ms = []
    for number in range(15):
        run.append(user(f"And {number}?"))
        began = time.process_time()
        ask(*run, answer=f"Yes {number}.")
        took_ms.append((time.process_time() - began) * 1000)
        run.append(said(f"Yes {number}."))
    took_ms.sort()
    with capsys.disabled():
        print(f" {took_ms[0]:.1f} ms for a request of {len(run)} messages", end="")
    assert took_ms[0] < 30, "about 5 on an idle core, with the end of the answer; a busy one needs room"


def batched(rows: list[Json], size: int) -> Iterator[list[Json]]:
    return (rows[first : first + size] for first in range(0, len(rows), size))


def fill(store: Store, *, conversations_count: int) -> None:
    """Put many short conversations of held messages into the store."""
    moment = now()
    same = {"reasoning": "", "content": "text", "status": "complete", "created_at": moment, "role": "user"}
    rows = [
        {"id": f"c{n}", "owner": "ada", "pinned": False, "created_at": moment, "updated_at": moment}
        for n in range(conversations_count)
    ]
    said = [
        {
            "id": f"c{n}-{m}",
            "conversation_id": f"c{n}",
            "sequence": m,
            "parent_id": f"c{n}-{m - 1}" if m else None,
            **same,
        }
        for n in range(conversations_count)
        for m in range(4)
    ]
    hashes = [
        {"message_id": row["id"], "owner": "ada", "hash": f"{number:032x}", "is_answered": True}
        for number, row in enumerate(said)
    ]
    with store.database.write() as connection:
        for table, many in ((conversations, rows), (messages, said), (message_hashes, hashes)):
            for some in batched(many, 2000):  # each statement has a deadline, also on a busy machine
                connection.execute(insert(table), some)
        if not store.database.is_sqlite:
            connection.exec_driver_sql("ANALYZE")  # as it does by itself within a minute; until then it plans for none
