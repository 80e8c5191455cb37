"""Growing Markdown in blocks, and text that is to be drawn as it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.frontend.markdown.blocks import read_so_far, split_blocks, with_header, without_open_math
from chatapp.frontend.markdown.rendering import literal


def test_neither_addresses_nor_names_in_literal_text_mean_anything() -> None:
    shown = literal("1. See http://a.example, www.a.example, ann@a.example, :smile: &lt;")

    assert (
        shown.replace("\u2060", "").replace("\\", "")
        == "1. See http://a.example, www.a.example, ann@a.example, :smile: &lt;"
    )
    assert not {"http://a", "www.a", "ann@a", ":smile:", " &lt"} & {
        shown[i : i + n] for i in range(len(shown)) for n in (4, 5, 7, 8)
    }
    assert shown.startswith("1\\. ")


def test_literal_text_has_no_markdown_in_it() -> None:
    assert literal("*a* [b](c) `d`") == r"\*a\* \[b\](c) \`d\`"


BLOCKS = ["First.\n\n", "## Second\n\nwith text.\n\n", "- a\n\n- b\n\n  more\n\n", "```\nx\n\ny\n```\n\n", "Last"]


def test_an_answer_is_cut_where_a_new_block_starts_at_the_margin() -> None:
    assert split_blocks("".join(BLOCKS)) == [
        "First.\n\n",
        "## Second\n\n",
        "with text.\n\n- a\n\n- b\n\n  more\n\n",
        "```\nx\n\ny\n```\n\n",
        "Last",
    ]
    assert split_blocks("$$\na\n\nb\n$$\n\nA\n\nB $$c$$.\n\nC") == ["$$\na\n\nb\n$$\n\n", "A\n\n", "B $$c$$.\n\n", "C"]
    assert split_blocks("A $$b$$ and $$c\n\nd$$.\n\nE\n\nF") == ["A $$b$$ and $$c\n\nd$$.\n\n", "E\n\n", "F"]


@pytest.mark.parametrize(
    "raw", ["$$\na\n\nb", "1. a\n\n   b\n\n2. c", "\\[\na\n\nb\n\nc", "```\na\n\nb", "> a\n\n> b", "| a |\n\n| b |"]
)
def test_what_may_belong_together_stays_together(raw: str) -> None:
    assert split_blocks(raw) == [raw]


TEXTS = st.lists(st.sampled_from([*"ab`#\\[]$ -1.\n", "\n\n", "```", "\n```\n", "\\[", "\\]", "Word "])).map("".join)


@settings(deadline=None)
@given(TEXTS)
def test_blocks_joined_are_the_answer(raw: str) -> None:
    assert "".join(split_blocks(raw)) == raw


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_finished_block_does_not_change_when_more_comes(raw: str, more: str) -> None:
    finished = split_blocks(raw)[:-1]

    assert split_blocks(raw + more)[: len(finished)] == finished


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("A\n\n$$\na\n\nb", "A\n\n"),
        ("$$a$$ and $$b", "$$a$$ and "),
        ("$$a$$ and $$b$$", "$$a$$ and $$b$$"),
        ("\\begin{align}\na", ""),
        ("\\begin{align}\n\\begin{cases}a\\end{cases}\\end{al", ""),
        ("```\n\\(a", "```\n\\(a"),
        ("See \\(a", "See "),
        ("See \\(a\\) b", "See \\(a\\) b"),
        ("\\[a\\] and \\[b", "\\[a\\] and "),
        ("So \\", "So "),
    ],
)
def test_half_a_formula_is_held_back(raw: str, shown: str) -> None:
    assert without_open_math(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("A\n-", "A\n"),
        ("A\n---\n", "A\n---\n"),
        ("|a|b|\n|-|", "|a|b|\n"),
        ("- a\n1.", "- a\n"),
        ("See [a](http://b", "See a"),
        ("See ![a](http://b", "See a"),
        ("x[1](a", "x1"),
        ("See [a](b) c", "See [a](b) c"),
        ("A **b", "A **b**"),
        ("A **b*", "A **b**"),
        ("A **", "A "),
        ("2**3 and x ** y", "2**3 and x ** y"),
        ("A `b**", "A `b**`"),
        ("A `", "A "),
        ("Costs $5 and $x_1", "Costs $5 and "),
        ("Is $E = mc", "Is "),
        ("$f(x)", ""),
        ("$n$ and $HOME/x", "$n$ and $HOME/x"),
        ("```\n**a", "```\n**a"),
        ("<details>\n<summary>A</summary>\n\nb", "<details>\n<summary>A</summary>\n\nb\n</details>"),
        ("<details>\n```\nb", "<details>\n```\nb\n</details>"),
        ("```\n<details>\n", "```\n<details>\n"),
        ("<details><summary>A</sum", "<details><summary>A</summary>\n</details>"),
        ("<details><summary>A</summary>b</det", "<details><summary>A</summary>b\n</details>"),
        ("- <details>\n\n  b", "- <details>\n\n  b\n  </details>"),
        ("> <details>\n> b", "> <details>\n> b\n> </details>"),
        ("a<b", "a"),
        ("![](data:image/png;base64,AA", ""),
        ('See [a](http://b "c', "See a"),
        ("See [a](http://b ", "See a"),
        ("See [a](http://b/c_(d", "See a"),
        ("See [a](http://b/c_(d)_e", "See a"),
        ("A *b c ", "A *b c*"),
        ("A *b*, c", "A *b*, c"),
        ("A *", "A "),
        ("4.5* of 5 * 3", "4.5* of 5 * 3"),
        ("**a *b", "**a *b***"),
        ("**a *b* ", "**a *b***"),
        ("A ***b", "A ***b***"),
        ("`a *b", "`a *b`"),
        ("*a `b*", "*a `b*`*"),
        ("\ue000 `a` *b", "\ue000 `a` *b*"),
        ("这是**重", "这是**重**"),
        ("**a `b** $c_1` ", "**a `b** $c_1`**"),
        ("H<sub>", "H"),
        ("H<sub>2</s", "H<sub>2</sub>"),
        ("The <sub> tag", "The <sub> tag"),
        ("A.[^no", "A."),
    ],
)
def test_what_grows_is_never_drawn_as_what_it_is_only_for_a_moment(raw: str, shown: str) -> None:
    assert read_so_far(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("A\n| b | c", "A\n| b | c\n|-|-|"),
        ("| `b|c` | $d|e$ |\n", "| `b|c` | $d|e$ |\n|-|-|"),
        ("> |b", "> |b\n> |-|"),
        ("||b|| is long", "||b|| is long"),
        ("|a|\n|-|\n|b", "|a|\n|-|\n|b"),
        ("|a|\n\n", "|a|\n\n"),
        ("```\n|a|", "```\n|a|"),
        ("a | b", "a | b"),
    ],
)
def test_a_table_is_one_from_its_first_cell(raw: str, shown: str) -> None:
    assert with_header(raw) == shown


def test_a_fold_is_one_block_until_it_ends() -> None:
    fold = "<details>\n\nA\n\nB\n\n</details>\n\n"
    assert split_blocks(f"{fold}C\n\nD") == [fold, "C\n\n", "D"]
    assert split_blocks(f"- {fold}C") == [f"- {fold}", "C"]
    assert split_blocks(f"A\n</details>\n{fold}C") == [f"A\n</details>\n{fold}", "C"]
    assert split_blocks("```\n<details>\n```\n\nA\n\nB") == ["```\n<details>\n```\n\n", "A\n\n", "B"]
