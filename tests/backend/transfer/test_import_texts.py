"""Files that are no JSON: the table of Copilot, also as Excel saves it again."""

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
