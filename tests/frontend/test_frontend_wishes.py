"""What a browser remembers of how its reader wants the page."""

import pytest

from chatapp.config.settings import Settings
from chatapp.frontend.session.wishes import Wishes, read_wishes, wishes_cookie, wishes_text

SETTINGS = Settings(use_streaming=True)


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(),
        Wishes(is_streamed=False, timeout_s=45.0, model="groq/large & small=1"),
        Wishes(model="ü; a"),
        Wishes(instructions="باختصار؛ 简短。 " * 55),
    ],
)
def test_what_was_wished_is_found_again(wishes: Wishes) -> None:
    text = wishes_text(wishes, SETTINGS)

    assert text.isascii()
    assert ";" not in text
    assert read_wishes({wishes_cookie(SETTINGS): text}, SETTINGS) == wishes


def test_what_the_settings_say_already_is_not_remembered() -> None:
    assert wishes_text(Wishes(is_streamed=True, timeout_s=30.0), SETTINGS) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%%%",
        "streaming=maybe&timeout=-1&model=",
        "timeout=99999",
        "timeout=1e3",
        "x" * 5000,
        "instructions=no-base64",
        "instructions=bm8gemxpYg==",
    ],
)
def test_what_cannot_be_is_passed_over(text: str) -> None:
    assert read_wishes({wishes_cookie(SETTINGS): text}, SETTINGS) == Wishes()


def test_instructions_are_not_remembered_where_people_sign_in() -> None:
    keyed = Settings(use_streaming=True, api_keys="ann:key")

    assert wishes_text(Wishes(instructions="Be brief."), keyed) == ""
