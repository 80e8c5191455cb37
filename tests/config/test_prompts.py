"""Saved prompts: Markdown files with variables."""

from pathlib import Path

import pytest

from chatapp.cli.saved import prompt_in_words, prompt_lines, prompt_of
from chatapp.config.prompts import (
    MOST_BYTES,
    MOST_PROMPTS,
    prompts_folder,
    remove_prompt,
    save_prompt,
    saved_prompts,
    source_of,
    title_of,
)
from chatapp.errors import SettingsError

TRANSLATE = """\
---
about: Into another language
language: French
---
Translate into {{language}} for {{whom}}:

{{input}}
"""


def save(name: str, text: str) -> None:
    prompts_folder().mkdir(parents=True, exist_ok=True)
    (prompts_folder() / f"{name}.md").write_text(text, encoding="utf-8")


def test_prompts_are_read_by_name_and_what_cannot_be_read_is_left_out() -> None:
    assert saved_prompts() == []
    save("translate", TRANSLATE)
    save("plain", "--- not a head\nSay {{x}} and {{ y }}.")
    save("open", "---\nabout: never closed")
    save("large", "x" * (MOST_BYTES + 1))
    (prompts_folder() / "broken.md").write_bytes(b"\xff\xfe\x00")

    shown = [(prompt.name, prompt.about, prompt.variables, prompt.wants_input) for prompt in saved_prompts()]

    assert shown == [
        ("open", "", (), False),
        ("plain", "", ("x",), False),
        ("translate", "Into another language", ("language", "whom"), True),
    ]


@pytest.mark.parametrize(
    ("name", "given", "typed", "asked"),
    [
        ("translate", ["whom=my aunt"], "Hello {{whom}}", "Translate into French for my aunt:\n\nHello {{whom}}"),
        ("translate", ["whom=a=b", "language=German"], "Hi", "Translate into German for a=b:\n\nHi"),
        ("plain", [], "Hi", "Summarise.\n\nHi"),
        ("plain", [], "", "Summarise."),
    ],
)
def test_a_saved_prompt_is_filled(name: str, given: list[str], typed: str, asked: str) -> None:
    save("translate", TRANSLATE)
    save("plain", "Summarise.")

    assert prompt_of(name, given, typed) == asked


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Translate into French for my aunt:\n\nHello\n there", "my aunt: Hello there"),
        ("Translate into German for my aunt:\n\n" + "x" * 99, "German, my aunt: " + "x" * 42 + "…"),
        ("Translate into French for {{whom}}:\n\n{{input}}", None),
        ("Translate into French for {{whom}}:", None),
        ("Summarise. As a list.\n\nThe text", "The text"),
        ("Summarise. As a list.", None),
        ("Summarise.\n\nThe text", "The text"),
        ("Summarise.", None),
        ("Why is the sky blue?", None),
    ],
)
def test_conversations_of_a_saved_prompt_are_called_by_what_differs(question: str, title: str | None) -> None:
    save("translate", TRANSLATE)
    save("plain", "Summarise.")
    save("list", "Summarise. As a list.")
    save("open", "{{input}}")

    assert title_of(question) == title


def test_a_line_names_a_prompt_its_variables_and_more_words() -> None:
    assert prompt_lines()[0].startswith("None yet.")
    save("translate", TRANSLATE)

    asked = prompt_in_words("translate whom=me language=German x=1 is odd")

    assert asked == "Translate into German for me:\n\nx=1 is odd"
    assert prompt_lines() == ["translate  Into another language"]
    save("translate it", "Into {{language}}:")
    assert prompt_in_words("translate it language=German Hi") == "Into German:\n\nHi"
    assert prompt_in_words("translate whom=me it").endswith("for me:\n\nit")


@pytest.mark.parametrize(
    ("name", "given", "typed", "said"),
    [
        ("nosuch", [], "Hi", "There is no prompt called 'nosuch'. There are: translate."),
        ("broken", [], "Hi", "broken.md cannot be read. A saved prompt is UTF-8 text of at most 64 KiB."),
        ("translate", [], "Hi", "The prompt translate wants to know whom. Add: -p whom=…"),
        ("translate", ["who=me"], "Hi", "has no variable 'who'. It has: language, whom."),
        ("translate", ["whom"], "Hi", "--param is 'whom': it must be name=value."),
        ("translate", ["whom=me"], "", "wants words to work on."),
    ],
)
def test_what_is_missing_is_said(name: str, given: list[str], typed: str, said: str) -> None:
    save("translate", TRANSLATE)
    (prompts_folder() / "broken.md").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError) as caught:
        prompt_of(name, given, typed)

    assert said in caught.value.sentence()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("translate", "The prompt translate wants to know whom. Add: whom=…"),
        ("translate whom=me", "The prompt translate wants words to work on. Say them: /prompt translate …"),
    ],
)
def test_what_a_line_lacks_is_said_as_it_is_written_there(line: str, said: str) -> None:
    save("translate", TRANSLATE)

    with pytest.raises(SettingsError) as caught:
        prompt_in_words(line)

    assert caught.value.sentence() == said


def test_without_any_prompt_it_is_said_where_they_go() -> None:
    with pytest.raises(SettingsError) as caught:
        prompt_of("translate", [], "Hi")

    assert str(Path("prompts") / "translate.md") in caught.value.sentence()


def test_a_prompt_is_written_changed_and_removed() -> None:
    save_prompt("fix it", TRANSLATE, is_new=True)
    save_prompt("fix it", f"{TRANSLATE}\n", is_new=False)
    with pytest.raises(SettingsError, match="There is a prompt called Fix it already"):
        save_prompt("Fix it", "Hi", is_new=True)

    with pytest.raises(SettingsError, match="has no name yet"):
        save_prompt("", "Hi", is_new=True)

    assert [prompt.name for prompt in saved_prompts()] == ["fix it"]
    assert source_of("fix it") == f"{TRANSLATE}\n"

    remove_prompt("fix it")
    remove_prompt("nosuch")
    assert list(prompts_folder().iterdir()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [(name, "Hi") for name in ("", "../up", "a/b", "a\\b", ".hidden", "a.", "a\n", "a" * 65)]
    + [("name", text) for text in (" ", "ü" * MOST_BYTES)],
)
def test_what_can_be_no_prompt_is_not_written(name: str, source: str) -> None:
    with pytest.raises(SettingsError):
        save_prompt(name, source, is_new=True)

    assert not prompts_folder().exists()


def test_no_new_prompt_is_written_where_there_are_as_many_as_are_read() -> None:
    for number in range(MOST_PROMPTS + 1):
        save(f"{number:03}", TRANSLATE)

    for name in (f"{MOST_PROMPTS:03}", "another"):
        with pytest.raises(SettingsError, match="already"):
            save_prompt(name, "Hi", is_new=True)

    assert not (prompts_folder() / "another.md").exists()
    assert (prompts_folder() / f"{MOST_PROMPTS:03}.md").read_text(encoding="utf-8") == TRANSLATE
