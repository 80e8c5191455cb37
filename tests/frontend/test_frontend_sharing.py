"""Links to shared conversations, as the page makes them."""

import pytest

from chatapp.frontend.session.sharing_actions import address_of_page


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("http://localhost:8501", "http://localhost:8501"),
        ("https://chat.example.org/", "https://chat.example.org"),
        ("https://example.org/chat", "https://example.org/chat"),
        ("https://example.org/chat/", "https://example.org/chat"),
    ],
)
def test_a_link_leads_to_where_the_page_is_also_below_a_path_of_a_proxy(told: str, expected: str) -> None:
    assert address_of_page(told) == expected
