"""Pages that are chosen of a file, as people write them."""

import pytest

from chatapp.errors import InvalidRequestError
from chatapp.protocol.chosen_pages import ChosenPages, pages_among, without_pages


@pytest.mark.parametrize(
    ("text", "said", "numbers"),
    [("2", "2", [2]), (" 2 - 3, 5 ", "2-3,5", [2, 3, 5]), ("4-", "4-", [4, 5, 6]), ("2-2,1", "2,1", [1, 2])],
)
def test_pages_are_chosen_as_print_dialogs_take_them(text: str, said: str, numbers: list[int]) -> None:
    chosen = ChosenPages.parse(text)

    assert (str(chosen), [number for number in range(1, 7) if chosen.has(number)]) == (said, numbers)


@pytest.mark.parametrize("text", ["", "0", "two", "3-2", "-3", "2,", "1-2-3", "²", "1" * 7, "1," * 60 + "1"])
def test_what_is_no_page_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"[.]$"):
        pages_among(text, name="sea.pdf", count=9)


def test_pages_stand_behind_a_name_as_in_an_address() -> None:
    assert without_pages("a#b.pdf#pages=2-5") == ("a#b.pdf", "2-5")
    assert without_pages("a#b.pdf") == ("a#b.pdf", None)
