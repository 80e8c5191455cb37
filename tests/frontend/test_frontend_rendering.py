"""What Markdown becomes on screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.frontend.markdown.blocks import split_blocks, without_open_math
from chatapp.frontend.markdown.rendering import display, literal


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (r"So \(a^2\) it is", "So $a^2$ it is"),
        (r"So \[ a^2 \] it is", "So $$a^2$$ it is"),
        ("So\n\n\\[\na^2\n\\]\n\nis", "So\n\n$$\na^2\n$$\n\nis"),
        ("1. Look:\n   \\[a^2\\]", "1. Look:\n   $$\n   a^2\n   $$"),
        ("\\begin{align}\na &= b\n\\end{align}", "$$\n\\begin{align}\na &= b\n\\end{align}\n$$"),
        (r"\[\begin{align}a\end{align}\] it is", r"$$\begin{align}a\end{align}$$ it is"),
        (r"See \(a\text{ costs \$5}\)", r"See $$a\text{ costs \$5}$$"),
        ("> \\[\n> a\n> \\]", "> $$\n> a\n> $$"),
        (r"A line break: \\(not math\\)", r"A line break: \\(not math\\)"),
    ],
)
def test_formulas_get_the_dollars_that_streamlit_draws(raw: str, shown: str) -> None:
    assert display(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("It costs $5 and $10", r"It costs \$5 and \$10"),
        (r"Where \(p = c\). With c = $5 and p = $10 it pays.", r"Where $p = c$. With c = \$5 and p = \$10 it pays."),
        ("Solve $x^2=4$. It costs $5 and $10.", r"Solve $x^2=4$. It costs \$5 and \$10."),
        ("$5 for $x$ and **$10**", r"\$5 for $x$ and **\$10**"),
        ("Use `$x` and $HOME/$PATH", r"Use `$x` and \$HOME/\$PATH"),
        ("From $5 or 6$ US to US$7", r"From \$5 or 6\$ US to US\$7"),
        ("the $n$th of $2n$ or $2^k m$", "the $n$th of $2n$ or $2^k m$"),
        ("$$\na\n\nb\n$$\n\n$$ or $$ and $$$", "$$\na\n\nb\n$$\n\n$$ or $$ and \\$\\$\\$"),
        ("a $$ that nothing closes, $3\n\n$4$$", "a \\$\\$ that nothing closes, \\$3\n\n\\$4\\$\\$"),
        ("3~5, $10~$20 and ~~gone~~ `1~2`", r"3\~5, \$10\~\$20 and ~~gone~~ `1~2`"),
        ("http://a.example/?x=$5 [a](http://a.example/$b)", "http://a.example/?x=%245 [a](http://a.example/\\$b)"),
    ],
)
def test_prices_stay_prices_beside_formulas(raw: str, shown: str) -> None:
    assert display(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("![[[k]]](http://a.example/x)", "[[[k]]](http://a.example/x)"),
        ("![`o`](http://a.example/x)", "[`o`](http://a.example/x)"),
        ("![a](<http://a.example/x>)", "[a](<http://a.example/x>)"),
        ("![A cat](http://a.example/cat.png)", "[A cat](http://a.example/cat.png)"),
        ("![](http://a.example/cat.png)", "[image](http://a.example/cat.png)"),
        ("![a [nested] cat](http://a.example/x)", "[a [nested] cat](http://a.example/x)"),
        ("![A cat][1]\n\n[1]: http://a.example/x", "[A cat][1]\n\n[1]: http://a.example/x"),
        ("![1]\n\n[1]: http://a.example/x", "[1]\n\n[1]: http://a.example/x"),
        ("![1]\n```\ncode\n```\n[1]: http://a.example/x", "[1]\n```\ncode\n```\n[1]: http://a.example/x"),
        ("- ![A\ncat](http://a.example/x)", "- [A\ncat](http://a.example/x)"),
    ],
)
def test_images_become_links(raw: str, shown: str) -> None:
    assert display(raw) == shown


@pytest.mark.parametrize(
    "raw",
    [
        "```rust\nvec![1](2) \\(x\\)\n```",
        "~~~\n![a](b)\n~~~\n",
        "- item\n  ```\n  ![a](b)\n  ```\n",
        "> ```\n> ![a](b)\n> ```\n",
        "````md\n```\n![a](b)\n```\n````",
        "Use `![a](b)` and ``\\(x\\)``",
        "```\n![a](b) of a fence that is still open",
        'println!("{}", vec![1, 2])',
    ],
)
def test_code_stays_as_it_is(raw: str) -> None:
    assert display(raw) == raw


def test_text_around_code_is_drawn_too() -> None:
    raw = "![a](b)\n```\n![c](d)\n```\n![e](f) `![g](h)` ![i](j)"

    assert display(raw) == "[a](b)\n```\n![c](d)\n```\n[e](f) `![g](h)` [i](j)"


def test_a_stray_backtick_does_not_hide_an_image_in_the_next_paragraph() -> None:
    assert display("a ` b\n\n![c](d)\n\ne ` f") == "a ` b\n\n[c](d)\n\ne ` f"


def test_streamlit_s_directives_are_no_more_than_text() -> None:
    assert display("Make it :red[red] at 12:30, x:blue[y]") == "Make it \\:red[red] at 12:30, x\\:blue[y]"


def test_names_between_colons_are_no_pictures() -> None:
    raw = "A :smile: or :material/home: at 12:30:45, std::vector::x, `:smile:`"

    assert display(raw).replace("\u2060", "") == raw
    assert ":smile:" not in display(raw).split("`")[0]
    assert ":material/" not in display(raw)
    assert ":smile:" in display(raw).split("`")[1]


def test_a_line_break_in_a_table_is_one_and_in_code_is_code() -> None:
    assert display("| a<br>b | `<br>` |") == "| a&#10;b | `<br>` |"


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


@given(TEXTS)
def test_blocks_joined_are_the_answer(raw: str) -> None:
    assert "".join(split_blocks(raw)) == raw


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
        ("```\n\\(a", "```\n\\(a"),
        ("See \\(a", "See "),
        ("See \\(a\\) b", "See \\(a\\) b"),
        ("\\[a\\] and \\[b", "\\[a\\] and "),
        ("So \\", "So "),
    ],
)
def test_half_a_formula_is_held_back(raw: str, shown: str) -> None:
    assert without_open_math(raw) == shown
