"""Searching the store: what is found, what is not, and what is shown of it."""

import re
from collections.abc import Callable

import pytest

from chatapp.backend.store import ROOT, BegunTurn, HitPlace, Store
from chatapp.backend.store.search.snippets import snippet
from chatapp.backend.store.search.terms import Term, parse_terms
from support.saved_turns import finish_turn, save_turn

Ask = Callable[..., BegunTurn]


def found(store: Store, query: str, **options: object) -> list[str | None]:
    return [hit.conversation.title for hit in store.search.find(query, owner="ada", **options).items]


def shown(text: str, query: str) -> str:
    """The snippet as one line, its matches in brackets."""
    parts = snippet(text, parse_terms(query))
    return "".join(f"[{part['text']}]" if part["is_match"] else part["text"] for part in parts)


def test_words_of_questions_and_answers_are_found(ask: Ask, store: Store) -> None:
    ask("Tell me about whales", "They are mammals.")
    ask("Tell me about trees", "They are plants.")
    assert found(store, "whales") == ["Tell me about whales"]
    assert found(store, "plants") == ["Tell me about trees"]
    assert found(store, "tell") == ["Tell me about trees", "Tell me about whales"]


def test_titles_are_found(ask: Ask, store: Store) -> None:
    begun = ask("One", "1")
    store.conversations.change(begun.conversation_id, owner="ada", title="Holiday in Norway")
    assert found(store, "norway") == ["Holiday in Norway"]
    assert found(store, "one") == ["Holiday in Norway"]
    store.conversations.change(begun.conversation_id, owner="ada", title="Something else")
    assert found(store, "norway") == []


def test_hit_names_the_newest_message_with_the_words(ask: Ask, store: Store) -> None:
    first = ask("Whales?", "Large.")
    second = ask("More whales?", "Larger.", conversation_id=first.conversation_id)
    ask("Trees?", "Tall.", conversation_id=first.conversation_id)
    (hit,) = store.search.find("whales", owner="ada").items
    assert hit.message_id == second.user_message_id
    assert hit.snippet[0] == {"text": "More ", "is_match": False}
    assert hit.snippet[1] == {"text": "whales", "is_match": True}


@pytest.mark.parametrize("words", ["whales", '"more whales" large', "大鯨", "docker"])
def test_hits_of_all_branches_are_told_by_when_they_were_made(ask: Ask, store: Store, words: str) -> None:
    text = "More whales, as large as 大鯨のDocker."
    first = ask(text, "Yes.")
    edited = ask(text, "No.", conversation_id=first.conversation_id, parent_id=ROOT)
    ask("Trees?", "Tall.", conversation_id=first.conversation_id)
    ask(text, "In another.")

    def place(message_id: str) -> HitPlace:
        return store.search.place(first.conversation_id, message_id, words, owner="ada")

    assert place(first.user_message_id) == HitPlace(1, 2, None, edited.user_message_id)
    assert place(edited.user_message_id) == HitPlace(2, 2, first.user_message_id, None)
    assert place(edited.answer_message_id) == HitPlace(3, 3, edited.user_message_id, None)


def test_hit_in_the_title_alone_names_no_message(store: Store) -> None:
    store.conversations.create(owner="ada", title="Holiday in Norway")
    (hit,) = store.search.find("norway", owner="ada").items
    assert hit.message_id is None


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("python", True),
        ("PYTHON", True),
        ("pyth", True),
        ("p", False),
        ("pyth web", False),
        ("web pyth", True),
        ("python server", True),
        ("python whale", False),
        ('"the python"', True),
        ('"python the"', False),
        ('"the pyth"', False),
        ("python.org", True),
        ("org", True),
        ("file-name", True),
        ("file_name", True),
        ("3.14", True),
        ("c++", True),
        ("it's", True),
        ("NOT", False),
        ("web AND OR NOT NEAR(", False),
        ("* ' \" \\ ( ) : ^ -web", True),
        ("web%", True),
        ("%", False),
        ("", False),
        ("web\0", True),
    ],
)
def test_query_is_words_and_nothing_else(ask: Ask, store: Store, query: str, is_found: bool) -> None:
    ask("Start", "It's the Python web server of python.org, file_name, file-name and 3.14 in C++")
    assert bool(found(store, query)) == is_found


@pytest.mark.parametrize(
    ("query", "is_found"), [("天空", True), ("蓝色", True), ("草", False), ("天空 why", True), ("html入", True)]
)
def test_words_of_a_language_without_spaces_are_found(ask: Ask, store: Store, query: str, is_found: bool) -> None:
    ask("Why? 为什么天空是蓝色的 HTML入门")
    assert bool(found(store, query)) == is_found


def test_answer_is_found_once_it_is_made(begin: Ask, store: Store) -> None:
    begun = begin("One?")
    save_turn(store, begun.turn_id, text="whales", segments=[])
    finish_turn(store, begun.turn_id, status="complete", text="whales and more", segments=[])
    assert found(store, "whales more") == ["One?"]


def test_every_page_has_other_conversations(ask: Ask, store: Store) -> None:
    for number in range(5):
        first = ask(f"whale {number}", "whale")
        ask("whale again", "whale", conversation_id=first.conversation_id)
    seen, cursor = [], None
    while True:
        page = store.search.find("whale", owner="ada", cursor=cursor, limit=2)
        seen += [hit.conversation.title for hit in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"whale {number}" for number in (4, 3, 2, 1, 0)]


def test_archived_conversations_are_found_and_deleted_ones_not(ask: Ask, store: Store) -> None:
    archived, deleted, purged = ask("whale archived"), ask("whale deleted"), ask("whale purged")
    store.conversations.change(archived.conversation_id, owner="ada", archived=True)
    store.conversations.delete(deleted.conversation_id, owner="ada")
    store.conversations.purge(purged.conversation_id, owner="ada")
    assert found(store, "whale") == ["whale archived"]


def test_words_of_somebody_else_are_not_found(ask: Ask, store: Store) -> None:
    ask("whale", owner="bob")
    assert found(store, "whale") == []


def test_very_long_message_is_found_by_its_beginning(ask: Ask, store: Store) -> None:
    ask("One?", "whale " + " ".join(f"w{number}" for number in range(300_000)))
    assert found(store, "whale") == ["One?"]


@pytest.mark.parametrize(
    ("text", "query", "line"),
    [
        ("The sky is blue", "sky", "The [sky] is blue"),
        ("The sky is blue", "bl", "The sky is [bl]ue"),
        ("line one\nthe sky\nis", "sky", "line one the [sky] is"),
        ("Un café noir", "cafe", "Un [café] noir"),
        ("x " * 60 + "whale" + " y" * 100, "whale", "…" + "x " * 19 + "[whale]" + " y" * 58 + " …"),
        ("Nothing here", "whale", "Nothing here"),
        ("skyline sky", '"sky"', "skyline [sky]"),
        ("# One\n\n- **bold** and `co_de`, [a word](https://x.org)", "bold", "One  [bold] and co_de, a word"),
        ("A ***very* bold** ~~old~~ word", "word", "A ***very* bold** old [word]"),
        ("| A | B |\n|---|:-:|\n| $2 | word |", "word", "A | B  $2 | [word]"),
        ("```python\nf(*args, **word)\n```", "word", " f(*args, **[word]) "),
        ("2*3 is word*4, __init__ - 1", "word", "2*3 is [word]*4, __init__ - 1"),
        ("> - [x] a word", "word", "a [word]"),
        ("[here](https://x.org/word) and there", "word", "[here](https://x.org/[word]) and there"),
        ("**" + "a " * 30 + "word**" + " b" * 60, "word", "…" + "a " * 19 + "[word]" + " b" * 58 + "…"),
    ],
)
def test_snippet_is_one_line_around_the_first_match(text: str, query: str, line: str) -> None:
    assert shown(text, query) == line


def test_last_unquoted_word_may_be_unfinished() -> None:
    assert parse_terms('one "two three" fo') == [
        Term(("one",), is_prefix=False),
        Term(("two", "three"), is_prefix=False),
        Term(("fo",), is_prefix=True),
    ]


@pytest.mark.parametrize("query", ["Python", "python", "爬虫", "使用Python"])
def test_latin_words_are_found_among_letters_without_spaces(query: str, ask: Ask, store: Store) -> None:
    ask("请问如何使用Python编写爬虫", "A")
    ask("Something else", "B")

    (hit,) = store.search.find(query, owner="ada").items

    assert hit.conversation.title == "请问如何使用Python编写爬虫"
    assert any(part["is_match"] and part["text"].lower() in query.lower() for part in hit.snippet)


@pytest.mark.parametrize("query", ["docker", "Docker compose", "dock"])
def test_latin_words_are_found_among_both_kinds_of_letters(query: str, ask: Ask, store: Store) -> None:
    ask("Docker compose", "A")
    ask("用Docker部署, 和Compose的区别", "B")
    ask("Dockers", "C")
    both = ["用Docker部署, 和Compose的区别", "Docker compose"]
    assert [title for title in found(store, query) if title != "Dockers"] == both
    ask("More of Docker compose", "D", conversation_id=store.search.find("部署", owner="ada").items[0].conversation.id)
    newest = store.search.find(query, owner="ada").items[0]
    assert "".join(part["text"] for part in newest.snippet) == "More of Docker compose"


@pytest.mark.parametrize("written", ["R\u00e9sum\u00e9 \u0130stanbul", "Re\u0301sume\u0301 \u0130stanbul"])
@pytest.mark.parametrize("query", ["r\u00e9sum\u00e9", "re\u0301sume\u0301"])
def test_accents_are_found_however_they_are_typed(written: str, query: str, ask: Ask, store: Store) -> None:
    ask(written, "A")

    (hit,) = store.search.find(query, owner="ada").items

    assert [part["text"] for part in hit.snippet if part["is_match"]] == [written.split(maxsplit=1)[0]]


_HAS_VOWELS = re.compile("[\u064b-\u0651]")


@pytest.mark.parametrize(
    ("written", "query", "shown"),
    [
        ("\u0634\u0643\u0631\u064b\u0627 lak", "\u0634\u0643\u0631\u0627", "\u0634\u0643\u0631\u064b\u0627"),
        (
            "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",
            "\u0645\u062d\u0645\u062f",
            "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",
        ),
        ("\u0645\u062d\u0645\u062f", "\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u062d\u0645\u062f"),
        ("\u0623\u064a\u0636\u0627", "\u0627\u064a\u0636\u0627", "\u0623\u064a\u0636\u0627"),
        ("\u041c\u043e\u0439 \u0451\u0436\u0438\u043a", "\u0435\u0436\u0438\u043a", "\u0451\u0436\u0438\u043a"),
        ("Die Stra\u00dfe", "strasse", "Stra\u00dfe"),
        ("Die Strasse", "STRA\u00dfE", "Strasse"),
    ],
)
def test_a_word_is_found_in_its_other_spelling(written: str, query: str, shown: str, ask: Ask, store: Store) -> None:
    if _HAS_VOWELS.search(written) and not store.database.is_sqlite:
        pytest.skip("PostgreSQL has the marks of vowels in its words")
    ask(written, "A")

    (hit,) = store.search.find(query, owner="ada").items

    assert [part["text"] for part in hit.snippet if part["is_match"]] == [shown]


def test_a_long_word_or_many_are_looked_for_as_they_are(ask: Ask, store: Store) -> None:
    ask("x", "A")

    assert found(store, " ".join(["\u0623\u064a\u0636\u064a"] * 40 + ["\u0435" * 400])) == []


def test_a_capital_i_with_a_dot_is_found(ask: Ask, store: Store) -> None:
    ask("Nach \u0130stanbul", "A")

    assert found(store, "\u0130stanbul") == ["Nach \u0130stanbul"]


def test_many_words_are_no_reason_to_look_for_long() -> None:
    (term,) = parse_terms('"' + "a " * 240 + '"')

    assert len(term.words) == 32
