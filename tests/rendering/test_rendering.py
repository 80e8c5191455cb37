"""Messages as HTML: Markdown, formulas and code are drawn, and nothing in them loads, runs or takes long."""

import re
import time
from html.parser import HTMLParser
from xml.etree.ElementTree import fromstring

import pytest
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name

from chatapp.rendering.code import _READ_AS, LANGUAGES, _lexer, highlighted
from chatapp.rendering.markdown import html_of
from chatapp.rendering.mathml import mathml

VOID = {"br", "hr"}


class Open(HTMLParser):
    """Reads a page; what is still open at its end is in `tags`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag


@pytest.mark.parametrize(
    ("markdown", "drawn"),
    [
        ("| a | b |\n|--:|---|\n| 1 | 2 |", '<th class="right">a</th>'),
        ("~~gone~~", "<s>gone</s>"),
        ("[a](https://a.b)", '<a href="https://a.b" rel="noopener noreferrer">a</a>'),
        ("![cat](https://a.b/c.png)", '<a href="https://a.b/c.png" rel="noopener noreferrer">cat</a>'),
        ("```py\nif x:\n```", '<pre><code><span class="k">if</span> x:\n</code></pre>'),
        ("```klingon\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>"),
        ("    <x>\n", "<pre><code>&lt;x&gt;\n</code></pre>"),
        ("$x$", "<mi>x</mi>"),
        (r"\(x\)", "<mi>x</mi>"),
        (r"see \[x\] there", 'display="block"'),
        ("$$\nx\n\n= y\n$$", 'display="block"'),
        ("text\n$$\n- x\n$$\ntext", "<mo>\u2212</mo><mi>x</mi>"),
        ("> $$x$$", "<blockquote>\n<math"),
        ("> $$x\n> = y$$", "<blockquote>\n<math"),
        ("- item\n  $$\n  x\n  $$\n", 'display="block"'),
        ("\\begin{align}\na &= b\n\\end{align}", "<mtable"),
        (r"$\frac{$", "<code>\\frac{</code>"),
        ("H<sub>2</sub>O and x<SUP>y", "H<sub>2</sub>O and x&lt;SUP&gt;y"),
        ("<kbd>*a*</kbd>", "<kbd><em>a</em></kbd>"),
        ("|a|\n|---|\n|b<br>c|", "<td>b<br />\nc</td>"),
        ("- [x] a\n- [ ] b", '<span class="box" role="img" aria-label="Open">\u2610</span> b</li>'),
        ("A[^b], C[^c].\n\n[^b]: Bee *b*\n  goes on", '<ol><li tabindex="-1">Bee <em>b</em><br />\ngoes on</li></ol>'),
        ("A[^b], C[^c].\n\n[^b]: Bee", "A<sup>1</sup>, C[^c]."),
        ("3~5 and 7~9", "3~5 and 7~9"),
        ("- `x` \u05d0\n\nA.", '<ul dir="rtl">'),
        ("- `x` \u05d0\n\nA.", '<p dir="ltr">A.</p>'),
        ("|a|\n|---|\n|five words are not squeezed|", '<td class="wide">'),
        ("\\begin{pmatrix}\n1 & 2\n\\end{pmatrix}", "<mtable"),
        ("so \\begin{cases} a & b \\end{cases} holds", "<mtable"),
        ("```math\nx\n```", 'display="block"'),
        ("$`x`$", "<mrow><mi>x</mi></mrow>"),
        (r"$\text{costs \$5}\nonumber$", "$5</mtext></mrow></math>"),
        ("**注意\uff1a**请看", "<strong>注意\uff1a</strong>请看"),
        ("是**“粗”**字", "是<strong>“粗”</strong>字"),
        ("这~~很。~~好", "<s>很。</s>"),
        ("**Note:**this and **(c)**d", "<strong>Note:</strong>this and <strong>(c)</strong>d"),
        ("f(x)**2 and **b**", "f(x)**2 and <strong>b</strong>"),
        ("2*3*4 is *not 5*5*, a*b*c", "2*3*4 is <em>not 5*5</em>, a<em>b</em>c"),
        ("2**10 = 1024, 3**2 = 9, 12**3**45", "2**10 = 1024, 3**2 = 9, 12<strong>3</strong>45"),
        ("a<u>b</u> <code>c</code>", "a&lt;u&gt;b&lt;/u&gt; &lt;code&gt;c"),
        ("<details>\n<summary>*A*</summary>\n\n- b\n</details>\nc", "<summary><em>A</em></summary>\n<ul>"),
        ("<details><summary>A</summary>\nb\n</details>\nc", "<p>b</p>\n</details>\n<p>c</p>"),
        ("<details>\nb", "<p>&lt;details&gt;<br />\nb</p>"),
        ("<details><summary>A</summary>*b*</details>", "<summary>A</summary>\n<p><em>b</em></p>\n</details>"),
        ("<details>\n<summary>\nA\n</summary>\n\nb</details>", "<summary>A</summary>\n<p>b</p>\n</details>"),
        ("- <details><summary>A</summary>b\n  - c\n  </details>", "<summary>A</summary>\n<p>b</p>\n<ul>\n<li>c</li>"),
        ("<details>\n    b</details>c\n    d</details>", "<pre><code>b&lt;/details&gt;c\nd\n</code></pre>\n</details>"),
        ("<details><summary>\u0130</SUMMARY>\u0130b</DETAILS> ", "<summary>\u0130</summary>\n<p>\u0130b</p>\n</d"),
        ("<details><summary>A</summary>b  \nc</details>", "<p>b<br />\nc</p>"),
        ("<details><summary>a</details>", "<p>&lt;details&gt;&lt;summary&gt;a"),
        ("<details><summary><b>A</b> <i>b</i></summary>\n</details>", "<strong>A</strong> <em>b</em></summary>"),
        ("$$\na\n\n<details>\nb", "<p>&lt;details&gt;<br />\nb</p>"),
        ("<details>\na\n\n$$\nb", "<p>$$<br />\nb</p>"),
        ("- <details>\n\n<details>\nb\n</details>", "</ul>\n<details>"),
        ("- [ ]", '<span class="box"'),
        ("A[^b].\n\n[^b]: Bee\n\n    more\n\nC", "Bee<br />\n<br />\nmore</li>"),
        ("- A[^b].\n\n  [^b]: Bee", '<li tabindex="-1">Bee</li>'),
        ("```{.python}\nif x:\n```", '<span class="k">if</span>'),
        ("```py:a.py\nif x:\n```", '<span class="k">if</span>'),
        ("Docker \u05d0\u05d1 \u05d2", '<p dir="rtl">'),
        ("A word \u05d0 in", '<p dir="ltr">'),
        ("- x: \u05d0\n- \u05d1", '<ul dir="rtl">'),
        ("|a|\u05d0|\n|-|-|\n|b|\u05d1|\n\nOf these.", '<table dir="ltr">'),
        ("\u05d0 https://a.b/c", '<p dir="rtl">'),
        ("\u05d0 (b)", '<p dir="rtl">'),
        ("A[^b].\n\n[^b]: \u05d0", '<li tabindex="-1" dir="auto">'),
        ("[![a](http://b/c.svg)](http://d)", '<p><a href="http://d" rel="noopener noreferrer">a</a></p>'),
        ("[![a](http://b/c.svg)](d)", '<a href="http://b/c.svg"'),
        ("[](http://a.b)", ">http://a.b</a>"),
        ("```jsonc\n1 // a\n```", '<span class="c">// a'),
        ("```matlab\nx = 1;\n```", '<span class="n">1</span>'),
    ],
)
def test_markdown_is_drawn(markdown: str, drawn: str) -> None:
    assert drawn in html_of(markdown)


@pytest.mark.parametrize(
    "text", ["$5 or 6$ more", "from $HOME to $PATH", "costs $5, not $6", r"\$x$", "`$x$`", "$ x $", "$$", r"\(", "$x"]
)
def test_dollars_that_are_no_formula_stay_signs(text: str) -> None:
    assert "<math" not in html_of(text)


def test_a_page_with_scripts_gets_buttons_on_code_and_footnotes() -> None:
    page = html_of("A[^b].\n\n[^b]: Bee\n\n```mermaid\nx\n```\n\n[l](http://a.b)", is_live=True)
    assert [re.search(f'class="{name}"', page) is not None for name in ("note", "wrap", "copy-code", "picture")] == [
        True
    ] * 4
    assert 'target="_blank"' in page
    assert "<button" not in html_of("A[^b].\n\n[^b]: Bee\n\n```mermaid\nx\n```")


def words(page: str) -> str:
    """Return the text of a page, with each formula as an x in brackets and each address behind its link."""
    page = re.sub(r"<math.*?</math>", "[x]", page, flags=re.DOTALL)
    page = re.sub(r'<a href="([^"]*)"[^>]*>(.*?)</a>', r"\2(\1)", page, flags=re.DOTALL)
    return " ".join(re.sub("<[^>]*>", "", page).split())


@pytest.mark.parametrize(
    ("markdown", "drawn"),
    [
        ("It costs $5 and $10", "It costs $5 and $10"),
        (r"Where \(p = c\). With c = $5 and p = $10 it pays.", "Where [x]. With c = $5 and p = $10 it pays."),
        ("Solve $x^2=4$. It costs $5 and $10.", "Solve [x]. It costs $5 and $10."),
        ("$5 for $x$ and **$10**", "$5 for [x] and $10"),
        ("Use `$x` and $HOME/$PATH", "Use $x and $HOME/$PATH"),
        ("From $5 or 6$ US to US$7", "From $5 or 6$ US to US$7"),
        ("3~5, $10~$20 and ~~gone~~ `1~2`", "3~5, $10~$20 and gone 1~2"),
        (r"See \(a\text{ costs \$5}\)", "See [x]"),
        ("1. Look:\n   \\[a^2\\]", "Look:[x]"),
        ("> \\[\n> a\n> \\]", "[x]"),
        ("Make it :red[red] at 12:30, :smile: :material/home:", "Make it :red[red] at 12:30, :smile: :material/home:"),
        ("![[[k]]](http://a.example/x)", "[[k]](http://a.example/x)"),
        ("![a](<http://a.example/x>)", "a(http://a.example/x)"),
        ("![](http://a.example/cat.png)", "image(http://a.example/cat.png)"),
        ("![A cat][1]\n\n[1]: http://a.example/x", "A cat(http://a.example/x)"),
        ("a ` b\n\n![c](http://d)\n\ne ` f", "a ` b c(http://d) e ` f"),
        ("```rust\nvec![1](2) \\(x\\)\n```", "vec![1](2) \\(x\\)"),
        ("Use `![a](b)` and ``\\(x\\)``", "Use ![a](b) and \\(x\\)"),
        ("```\n![a](b) of a fence that is still open", "![a](b) of a fence that is still open"),
        ("| a<br>b | `<br>` |\n|-|-|", "a b &lt;br&gt;"),
        ("The signs ($) and ($), '$' and \"$\"", "The signs ($) and ($), '$' and &quot;$&quot;"),
        ("5$-6$ or 10$/15$ a day", "5$-6$ or 10$/15$ a day"),
        (r"a 3$\times$3 board, $\sim$5 km, the $n$th of $x_i$s", "a 3[x]3 board, [x]5 km, the [x]th of [x]s"),
        ("设$x$是实数", "设[x]是实数"),
        ("$ cheap, $$ moderate, $$$ dear", "$ cheap, $$ moderate, $$$ dear"),
        ("($ = cheap, $$ = moderate, $$$ = dear)", "($ = cheap, $$ = moderate, $$$ = dear)"),
        ("From $$\u2013$$$, once $$ \u2013 $$", "From $$\u2013$$$, once $$ \u2013 $$"),
        ("Run echo $$ and kill $$; $$x < y$$, $$ 3/4 $$", "Run echo $$ and kill $$; [x], [x]"),
        (r"As in \[1\], \[edit\] or \[a\](b) of \[3/4\]", "As in [1], [edit] or [a](b) of [x]"),
        ("$$a$$ $$b$$", "[x] [x]"),
        (r"\[a\]\[b\]", "[x][x]"),
        ("5 $, 10$ and the $k$NN", "5 $, 10$ and the [x]NN"),
        ("Use <b> for bold and </b>", "Use &lt;b&gt; for bold and &lt;/b&gt;"),
        ("echo $A$B and $A/$B", "echo $A$B and $A/$B"),
        ("|a|b|\n|-|-|\n|$P(x|y)$|c|\n|`d||e`|f|\n|1|2|3|\n|\\(|g|\\)|h|", "a b [x] c d||e f 1 2|3 [x] h"),
        ("|$|x|$|b|\n|-|-|\n|c|d|", "[x] b c d"),
        ("```\n|a|b|\n|-|-|\n|1|2|3|\n```", "|a|b| |-|-| |1|2|3|"),
    ],
)
def test_prices_images_and_code_are_read_as_they_were_meant(markdown: str, drawn: str) -> None:
    assert words(html_of(markdown)) == drawn


@pytest.mark.parametrize(
    ("markdown", "drawn"),
    [
        (
            "See https://a.b/c_d_e(f). (http://x.y/z)",
            "See https://a.b/c_d_e(f)(https://a.b/c_d_e(f)). (http://x.y/z(http://x.y/z))",
        ),
        ("**https://a.b**, _http://a.b_!", "https://a.b(https://a.b), http://a.b(http://a.b)!"),
        ("见https://a.b。好", "见https://a.b(https://a.b)。好"),
        (
            "\u201chttp://a.b\u201d, \xabhttp://a.b\xbb\u2014http://a.b\u2026",
            "\u201chttp://a.b(http://a.b)\u201d, \xabhttp://a.b(http://a.b)\xbb\u2014http://a.b(http://a.b)\u2026",
        ),
        ("[https://a.b](https://c.d) `http://a.b`", "https://a.b(https://c.d) http://a.b"),
        (
            "[see http://a.b] and http://localhost:80?a=1&b",
            "[see http://a.b(http://a.b)] and http://localhost:80?a=1&amp;b(http://localhost:80?a=1&amp;b)",
        ),
        (
            "<a href=http://a.b>x <img alt='y' src= http://c.d/e>",
            "&lt;a href=http://a.b&gt;x &lt;img alt='y' src= http://c.d/e&gt;",
        ),
        ("url=http://a.b and a < b http://c.d", "url=http://a.b and a &lt; b http://c.d(http://c.d)"),
        ("xhttp://a.b, ftp://a.b, http://, https:", "xhttp://a.b, ftp://a.b, http://, https:"),
    ],
)
def test_an_address_is_a_link(markdown: str, drawn: str) -> None:
    assert words(html_of(markdown)) == drawn


NASTY = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](data:text/html,x)", '<img src=x onerror="alert(1)">',
    r"$\text{<script>alert(1)</script>}$", r"$\text{&lt;img src=x onerror=1&gt;}$", r"$\href{javascript:alert(1)}{x}$",
    r"$\style{background:url(http://x)}{x}$", r"$\class{x}{y}$",
    '```"><script>\nx\n```', "```html\n<script>x</script>\n```",
    "<javascript:alert(1)>", "[x]: javascript:x\n\n[x]", "|<b>|\n|---|\n|<script>|", r"$<script>x$",
    r"$\ce{<script>\href{javascript:x}{\text{<img src=x>}}}$",
    "</div></article><script>x", "<sub onclick=x>y</sub>", "<kbd><script>x</kbd>", "<sup>x</sub>", "<br onload=x>",
    "http://a.b/\"onload=x", "<details open onload=x>\n</details>",
    "<details>\n<summary><script>x</summary>\n</details>",
    "http://a.b/<script>x</script>", "<code><script>x</script></code>",
    "a[^\"><b>]\n\n[^\"><b>]: <script>x</script>", "```x\"><script>\ny\n```", "- [x] <script>x",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_nothing_in_a_page_loads_or_runs(text: str) -> None:
    for page in map(Open, (html_of(text), html_of(text, is_live=True))):
        assert_is_inert(page)
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)', html_of(text)))


def assert_is_inert(page: Open) -> None:
    assert page.tags == []
    assert not page.seen & {"script", "img", "iframe", "object", "style", "link", "b"}
    assert not page.attributes & {"src", "style", "onerror", "onclick", "onload", "id"}


@pytest.mark.parametrize(
    "tex", ["x < y & z", r"\text{a < b & c}", r"\begin{cases}a&b\\c&d\end{cases}", "\x00", "\ud800", "x" * 6000]
)
def test_formula_is_well_formed_or_its_text(tex: str) -> None:
    fromstring(mathml(tex).encode(errors="replace").replace(b"\x00", b""))


@pytest.mark.parametrize(
    ("tex", "drawn"),
    [
        (r"\ce{2H2O}", '<mn>2</mn><mspace width="0.167em" /><msub><mtext>H</mtext><mn>2</mn></msub><mtext>O</mtext>'),
        (r"\ce{SO4^2-}", "<msubsup><mtext>O</mtext><mn>4</mn><mn>2</mn><mo>\u2212</mo></msubsup>"),
        (r"\ce{Na+(aq) + e- -> Na}", "<msup><mtext>e</mtext>"),
        (r"\ce{CuSO4.5H2O}", "<mn>4</mn></msub><mo>\xb7</mo><mn>5</mn>"),
        (r"\ce{A ->[\Delta][x] B <=> C}", "<munderover>"),
        (r"\ce{^{14}_{6}C} \ce{H", r"\ce"),
        (r"\arg\max_x \nolimits", "<mo>arg</mo>"),
        (r"\bigl\{ x \bigr\}", ">{</mo>"),
        (r"\eqref{eq:1}", "<mtext>(eq:1)</mtext>"),
        (r"\SI{5}{kg} \unit{m/s}", "<mtext>m/s</mtext>"),
        (r"\int x\,\mathrm{d}x", "<mtext>d</mtext><mi>x</mi>"),
        (r"A \xrightarrow[b]{f} B", "</mstyle><mpadded><mi>b</mi>"),
    ],
)
def test_chemistry_and_words_that_the_library_lacks_are_drawn(tex: str, drawn: str) -> None:
    shown = re.sub("</?mrow>", "", mathml(tex))
    assert drawn in shown
    assert drawn.startswith("\\") or "\\" not in shown


@pytest.mark.parametrize(
    "name",
    [
        "aligned",
        "alignat*{1}",
        "alignedat{1}",
        "flalign",
        "gather",
        "gathered",
        "multline*",
        "dcases",
        "rcases",
        "eqnarray",
    ],
)
def test_environments_that_the_library_lacks_are_drawn_in_lines(name: str) -> None:
    name, _, count = name.partition("{")
    drawn = mathml(f"\\begin{{{name}}}{count and '{' + count}a &= b \\\\ c &= d\\end{{{name}}}")
    assert (drawn.count("<mtr>"), "&amp;" in drawn, "<mn>" in drawn) == (2, False, False)


@pytest.mark.parametrize(
    ("tex", "drawn"),
    [
        (r"\max_x f", '<munder><mo movablelimits="true">max</mo><mi>x</mi></munder>'),
        (r"\bigcup_i^n A", "<munderover>"),
        (r"\overline{AB}", 'stretchy="true">\u203e</mo></mover>'),
        (r"\widehat{AB}", 'stretchy="true">\u0302</mo></mover>'),
        (r"2\sin x", '<mn>2</mn><mspace width="0.167em" /><mi>sin</mi><mspace width="0.167em" /><mi>x</mi>'),
        (r"\sin^2 x", '</msup><mspace width="0.167em" /><mi>x</mi>'),
        (r"\sin(x)", '<mi>sin</mi><mo stretchy="false">(</mo>'),
    ],
)
def test_limits_lines_and_names_are_said_as_browsers_know_them(tex: str, drawn: str) -> None:
    assert drawn in re.sub("</?mrow>", "", mathml(tex))


STEPS = (
    "a", "A b ", " ", "\n", "\n  ", "\t", "'", '"', "'''", "`", "\\", "\\\n", "/*", "//", "/", "#", "# ", "$",
    "$$", "${", "#{", "<", "<a ", "<!--", "<?php", "<<EOF\n", "{", "}", "[", "(", "()", "a(", "a<", "a.b.", "0",
    "1.", "1e", "0x", "_", "@a ", ":", "::", "a: ", "- ", "-", "=", "a=", "|", "&", "!", "%", "%q(", "r#", "é",
    "用", "=begin\n", "\r", "select ", "fn a",
)  # fmt: skip


def longest_step_s(lexer: Lexer, code: str) -> float:
    """Return how long the longest of the first steps takes."""
    longest, begun = 0.0, time.process_time()
    last = begun
    for _ in lexer.get_tokens_unprocessed(code):
        now = time.process_time()
        longest, last = max(longest, now - last), now
        if now - begun > 0.003:
            break
    return longest


OF_EACH_LEXER = {find_lexer_class_by_name(_READ_AS.get(name, name)): name for name in sorted(LANGUAGES)}
"""One name for each; those who gather the tests have no need of its expressions."""


@pytest.mark.parametrize("language", sorted(OF_EACH_LEXER.values()))
def test_no_step_of_a_lexer_keeps_others_waiting(language: str) -> None:
    lexer = _lexer(language)
    assert lexer is not None
    for fragment in STEPS:
        code = (fragment * 4000)[:4000] + "!\n"
        # a second look, as what the interpreter tidies up meanwhile counts too; the slowest, of ini, takes 0.1 s
        assert any(longest_step_s(lexer, code) < 0.2 for _ in range(3)), fragment


def test_code_that_takes_long_is_only_partly_coloured_and_whole() -> None:
    code = "A b " * 5_000
    begun = time.thread_time()
    drawn = highlighted(code, "java")
    assert time.thread_time() - begun < 1
    assert re.sub("<[^>]*>", "", drawn) == code
