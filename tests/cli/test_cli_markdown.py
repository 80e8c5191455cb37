"""Answers as Markdown on a terminal: nothing of them is dropped, however narrow it is."""

import io

import pytest
from rich.console import Console

from chatapp.cli.markdown import MarkdownAnswer
from chatapp.cli.terminal import fitted, wrapped
from chatapp.cli.whole_markdown import WholeMarkdown, parser

WIDE_TABLE = "| First column | averyveryverylongword | c |\n|---|---|---|\n| some words to wrap | x_y&lt; | `1` |"


def drawn(markdown: str, width: int) -> list[str]:
    page = io.StringIO()
    Console(file=page, width=width).print(WholeMarkdown(markdown, parser()))
    return page.getvalue().splitlines()


@pytest.mark.parametrize("width", [20, 40, 100])
@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("Vec<T> and List<String>, <b>bold</b>", "Vec<T> and List<String>, <b>bold</b>"),
        ("<details>\nhidden\n</details>", "<details> hidden </details>"),
        ("See [docs](https://a.example/x) or <https://b.example>.", "docs (https://a.example/x) or https://b.example."),
        ("![a cat](https://a.example/cat.png)", "a cat (https://a.example/cat.png)"),
        ("4.", "4"),
        ("As in [1].\n\n[1]: https://a.example", "As in [1]. [1]: https://a.example"),
        (r"Let \(a_1*b\) be $x*y*z$ for $5.", r"Let \(a_1*b\) be $x*y*z$ for $5."),
        ("\\[\nx\n+ y \\\\\n- z\n\\]", r"\[ x + y \\ - z \]"),
        ("> $$\n> 1. a\n> $$", "$$▌1. a▌$$"),
        ("|a|b|\n|-|-|\n|1|2|3|", "2 | 3"),
        ("**注意\uff1a**请看", "注意\uff1a请看"),
        (f"```\n{'x' * 150}\n```", "x" * 150),
    ],
)
def test_every_word_is_drawn_at_every_width(markdown: str, words: str, width: int) -> None:
    assert words.replace(" ", "") in "".join(drawn(markdown, width)).replace(" ", "")


@pytest.mark.parametrize("width", [12, 30, 45, 100])
def test_cells_are_whole_at_every_width(width: int) -> None:
    lines = drawn(WIDE_TABLE, width)

    whole = "".join(lines).replace(" ", "")
    assert all(len(line) <= width for line in lines)
    assert all(word in whole for word in ("averyveryverylongword", "wrap", "x_y<", "1"))


@pytest.mark.parametrize("blank", ["", "\n", " \n\n"])
def test_an_answer_that_begins_with_empty_lines_is_drawn(blank: str) -> None:
    assert "".join(drawn(blank, 40)).strip() == ""
    assert "".join(drawn(f"{blank}Hi", 40)).strip() == "Hi"


def test_lines_stay_lines() -> None:
    lines = [line.strip() for line in drawn("Old pond\na *frog*\n\n> leaps\n> in", 40)]
    assert [*filter(None, lines)] == ["Old pond", "a frog", "▌ leaps", "▌ in"]


def test_a_break_in_a_cell_is_one() -> None:
    lines = [line.strip() for line in drawn("| A |\n|---|\n| one<BR/>two |", 40)]
    assert lines[lines.index("one") + 1] == "two"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("short", "short"), ("much too long", "much to…"), ("日本語の題名", "日本語…"), ("a\x1b[2Jb", "a[2Jb")],
)
def test_a_line_is_cut_to_the_columns_there_are(text: str, shown: str) -> None:
    assert fitted(text, 8) == shown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("There is no command /nope. See those there are.", ["There is no command /nope. See", "those there are."]),
        ("  a-name/with-many-parts-and-more:latest b", ["  a-name/with-many-parts-and-more:latest", "  b"]),
        (
            "Deleted. Take it back with: chatapp delete --undo 96ac",
            ["Deleted. Take it back with:", "chatapp delete --undo 96ac"],
        ),
        ("two\n\nlines", ["two", "", "lines"]),
    ],
)
def test_what_is_said_on_a_terminal_is_in_whole_words(
    monkeypatch: pytest.MonkeyPatch, text: str, lines: list[str]
) -> None:
    assert wrapped(text) == text
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    assert wrapped(text).split("\n") == lines


def test_ctrl_c_while_an_answer_begins_to_be_drawn_leaves_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    answer = MarkdownAnswer()
    with monkeypatch.context() as patch:
        patch.setattr(Console, "show_cursor", interrupt)
        with pytest.raises(KeyboardInterrupt):
            answer.add("one *word*")

    answer.close()

    assert capsys.readouterr().out.strip() == "one word"
