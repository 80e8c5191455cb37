"""Messages in the store: branches, pages, and the title that the first one gives."""

from collections.abc import Callable

import pytest

from chatapp.backend.store import ROOT, BegunTurn, Store
from chatapp.backend.store.titles import title_from
from chatapp.errors import NotFoundError, TurnActiveError

Ask = Callable[..., BegunTurn]


def contents(store: Store, conversation_id: str | None, **options: object) -> list[str]:
    return [message.content for message in store.messages.page(conversation_id, owner="ada", **options).items]


def test_branch_goes_through_the_message_down_to_the_newest(ask: Ask, store: Store) -> None:
    first = ask("One?", "1")
    conversation_id = first.conversation_id
    ask("Two?", "2", conversation_id=conversation_id)
    ask(None, "zwei", conversation_id=conversation_id)
    ask("Eins?", "eins", conversation_id=conversation_id, parent_id=ROOT)
    assert contents(store, conversation_id) == ["Eins?", "eins"]
    assert contents(store, conversation_id, branch=first.user_message_id) == ["One?", "1", "Two?", "zwei"]


def test_pages_go_back_to_the_first_message(ask: Ask, store: Store) -> None:
    conversation_id = ask("0?", "0").conversation_id
    for number in range(1, 4):
        ask(f"{number}?", str(number), conversation_id=conversation_id)
    last = store.messages.page(conversation_id, owner="ada", limit=3)
    middle = store.messages.page(conversation_id, owner="ada", limit=3, before=last.next)
    first = store.messages.page(conversation_id, owner="ada", limit=3, before=middle.next)
    pages = [[message.content for message in page.items] for page in (first, middle, last)]
    assert pages == [["0?", "0"], ["1?", "1", "2?"], ["2", "3?", "3"]]
    assert first.next is None


def test_an_answer_that_is_taken_back_is_no_answer_to_its_turn_and_stays_where_it_is(
    ask: Ask, begin: Ask, store: Store
) -> None:
    begun = ask("Why?", "Because.")
    turn = {"turn_id": begun.turn_id, "owner": "ada"}
    with pytest.raises(NotFoundError):
        store.turns.take_back(**{**turn, "owner": "bob"})
    store.turns.take_back(**turn)
    with pytest.raises(NotFoundError):
        store.turns.take_back(**turn)
    assert store.turns.get(**turn).user_message_id is None
    assert contents(store, begun.conversation_id) == ["Why?", "Because."]
    with pytest.raises(TurnActiveError):
        store.turns.take_back(begin("How?").turn_id, owner="ada")


def test_conversation_without_messages_has_an_empty_page(store: Store) -> None:
    made = store.conversations.create(owner="ada")
    assert store.messages.page(made.id, owner="ada").items == []


def test_first_questions_are_siblings_of_each_other(ask: Ask, store: Store) -> None:
    first = ask("One?", "1")
    second = ask("Eins?", "eins", conversation_id=first.conversation_id, parent_id=ROOT)
    message = store.messages.page(first.conversation_id, owner="ada").items[0]
    assert message.siblings == (first.user_message_id, second.user_message_id)


def test_unknown_branch_does_not_exist(ask: Ask, store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.messages.page(ask().conversation_id, owner="ada", branch="nowhere")


def test_all_messages_come_after_their_parents(ask: Ask, store: Store) -> None:
    first = ask("One?", "1")
    ask("Two?", "2", conversation_id=first.conversation_id)
    ask(None, "uno", conversation_id=first.conversation_id, parent_id=first.user_message_id)
    seen: set[str | None] = {None}
    for message in store.messages.all(first.conversation_id, owner="ada"):
        assert message.parent_id in seen
        seen.add(message.id)


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("What is Python?", "What is Python?"),
        ("\n\n  ## **Plan** my `week`\nplease", "Plan my week"),
        ("```\n---\nprint(1)", "print(1)"),
        ("```py\nx = 1\n```\nWhat does it do?", "What does it do?"),
        ("> We are *closed*.\n> And more.\n\nTill when?", "Till when?"),
        ("> We are *closed*.\n> And more.", "We are closed."),
        ("[The docs](http://a.example/b) say ![no](c.png)", "The docs say no"),
        ("\u202eevil\x00 \u200fname", "evil name"),
        ("Why does snake_case_name fail in __init__.py?", "Why does snake_case_name fail in __init__.py?"),
        ("1. What is 2*3*4, *args and **kwargs?", "What is 2*3*4, *args and **kwargs?"),
        ("- *Why* is ``a b`` **so** odd", "Why is a b so odd"),
        ("don`t cut f`x`", "don`t cut f`x`"),
        ("Short and " + "x" * 100, "Short and " + "x" * 49 + "…"),
        ("aa " + "a " * 13 + "x" * 99, "aa " + "a " * 13 + "x" * 30 + "…"),
        ("a " * 15 + "x" * 99, ("a " * 15).strip() + "…"),
        (
            "Explain why the sky is blue and why sunsets are red, as if I were five",
            "Explain why the sky is blue and why sunsets are red, as if…",
        ),
        ("x" * 100, "x" * 59 + "…"),
        (
            "Explain why the sky is blue, why the sunsets are red, please explain it",
            "Explain why the sky is blue, why the sunsets are red…",
        ),
        ("为什么天空是蓝色的", "为什么天空是蓝色的"),
        ("???", None),
        ("", None),
    ],
)
def test_title_is_the_first_line_that_says_something(prompt: str, title: str | None) -> None:
    assert title_from(prompt) == title
