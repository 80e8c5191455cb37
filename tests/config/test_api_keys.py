"""API_KEYS as the backend and the page both read it."""

import pytest

from chatapp.config.api_keys import NamedKey, parse_key_file, parse_keys


@pytest.mark.parametrize(
    ("api_keys", "keys"),
    [
        ("me:KEY", [("me", "KEY")]),
        (" ann@example.org : K1 , bob:K2 ,", [("ann@example.org", "K1"), ("bob", "K2")]),
        ("me:a:b", [("me", "a:b")]),
        ("me:K1,me:K2", [("me", "K1"), ("me", "K2")]),
        ("no colon", [("no colon", "")]),
        (" , ", []),
    ],
)
def test_pairs_are_read_in_their_order(api_keys: str, keys: list[tuple[str, str]]) -> None:
    assert parse_keys(api_keys) == [NamedKey(*key) for key in keys]


def test_a_line_of_a_file_has_its_budgets_behind_the_key() -> None:
    lines = "\nann: D1  5/day,100/month \n  \nbob:D2\n"

    assert parse_key_file(lines) == [NamedKey("ann", "D1", "5/day,100/month"), NamedKey("bob", "D2")]
