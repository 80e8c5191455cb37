"""Files that are no JSON: the table of Copilot, also as Excel saves it again, and the history of aider 0.86.2."""

from typing import Any

import pytest

from chatapp.backend.store import Store
from support.imported import Bring, said

HEAD = ["Conversation", "Time", "Author", "Message"]
NEWEST_FIRST = [
    ["Whales", "2026-07-26T23:20:56", "AI", '**Mammals**, said "you"\nGr\u00fc\u00dfe'],
    ["Whales", "2026-07-26T23:20:56", "Human", "And; sharks?"],
    ["Whales", "2026-07-26T23:20:51", "AI", "Mammals."],
    ["Whales", "2026-07-26T23:20:51", "Human", "What are whales?"],
]
IN_ORDER = [
    ("user", "What are whales?"),
    ("assistant", "Mammals."),
    ("user", "And; sharks?"),
    ("assistant", '**Mammals**, said "you"\nGr\u00fc\u00dfe'),
]


def table(rows: list[list[str]], separator: str = ",", encoding: str = "utf-8", *, is_quoted: bool = False) -> bytes:
    def field(text: str) -> str:
        is_plain = not is_quoted and not set(text) & set(f'"\n{separator}')
        return text if is_plain else '"{}"'.format(text.replace('"', '""'))

    return "\r\n".join(separator.join(map(field, row)) for row in (HEAD, *rows)).encode(encoding)


UNTIMED = [[title, "", author, text] for title, _, author, text in NEWEST_FIRST]
TABLES: dict[str, bytes] = {
    "newest first": table(NEWEST_FIRST),
    "oldest first": table(NEWEST_FIRST[::-1]),
    "sorted by time in Excel": table(NEWEST_FIRST[2:] + NEWEST_FIRST[:2]),
    "without times": table(UNTIMED),
    "without times, oldest first": table(UNTIMED[::-1]),
    "quoted head": table(NEWEST_FIRST, encoding="utf-8-sig", is_quoted=True),
    "semicolons of Windows": table(NEWEST_FIRST, ";", "cp1252"),
    "UTF-16 with tabs": table(NEWEST_FIRST, "\t", "utf-16"),
}


@pytest.mark.parametrize("told", TABLES.values(), ids=TABLES)
def test_a_table_of_copilot_is_read_in_every_form_that_it_gets(store: Store, bring: Bring, told: bytes) -> None:
    receipt = bring(told)
    assert (receipt.sources, receipt.conversations_added) == (["copilot"], 1)
    assert said(store) == IN_ORDER


def test_a_table_that_ends_in_the_middle_keeps_what_stands_there(store: Store, bring: Bring) -> None:
    bring(table([NEWEST_FIRST[3]]) + b'\r\nSharks,,AI,"They are\nfish')
    titles: Any = {it.title: it.id for it in store.conversations.page(owner="ada").items}
    assert [it.content for it in store.messages.all(titles["Sharks"], owner="ada")] == ["They are\nfish"]


AIDER = b"""
# aider chat started at 2026-11-27 10:27:45

> /venv/bin/aider --message Why is it so?
Second line~
> Aider v0.86.2~
> Main model: openai/gpt-4o with diff edit format~

#### /add a.py~
> Added a.py to the chat~

#### Why is it so?~
#### Second line~

So it is:

> as they say

#### Heading

> Tokens: 2.4k sent, 4 received. Cost: $0.0060 message, $0.0060 session.~

# aider chat started at 2026-11-27 11:00:00

> Aider v0.86.2~

#### /exit~

# aider chat started at 2026-11-28 09:00:00

#### And?~

Still.
""".replace(b"~", b"  ")
"""Each line of a user, and of aider itself, ends with two blanks."""


def test_each_session_of_aider_is_a_conversation(store: Store, bring: Bring) -> None:
    receipts = [bring(AIDER), bring(AIDER.replace(b"\n", b"\r\n"))]
    assert [(it.sources, it.conversations_added) for it in receipts] == [(["aider"], 2), (["aider"], 0)]
    later, first = store.conversations.page(owner="ada").items
    assert (later.title, first.title, f"{first.created_at:%d %H:%M}") == ("And?", "Why is it so?", "27 10:27")
    question, answer = store.messages.all(first.id, owner="ada")
    assert (question.content, answer.content, answer.model) == (
        "Why is it so?\nSecond line",
        "So it is:\n\n> as they say\n\n#### Heading",
        "openai/gpt-4o",
    )
