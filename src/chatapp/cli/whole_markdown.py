"""Markdown on a terminal of which every word is shown: Rich alone drops tags, addresses, and ends of long words."""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markdown import Markdown, TableElement
from rich.table import Table
from rich.text import Text

from chatapp.rendering.emphasis import WideTextParser
from chatapp.rendering.lines import line_of
from chatapp.rendering.table_rows import add_whole_rows
from chatapp.rendering.tags import line_break

_FORMULAS = (("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]"), ("\\begin{", "\\end{"), ("$", "$"))
_BLOCKS = (("$$", "$$"), ("\\[", "\\]"), ("\\begin{", "\\end{"))
_FORMULA_CHARS, _FORMULA_LINES = 2_000, 100
"""Where the end of a formula is looked for; without a bound a text of nothing but beginnings would take for ever."""


def parser() -> MarkdownIt:
    """Return what reads Markdown so that nothing is lost: tags and definitions are words, formulas stay as written."""
    markdown = MarkdownIt()
    markdown.inline = WideTextParser()
    markdown.configure("commonmark", {"html": False}).enable(["strikethrough", "table"]).disable("reference")
    add_whole_rows(markdown)
    markdown.inline.ruler.before("escape", "formula", _formula)
    markdown.inline.ruler.before("autolink", "line_break", line_break)
    markdown.block.ruler.before("fence", "formula", _formula_block, {"alt": ["paragraph", "blockquote", "list"]})
    return markdown


class WholeMarkdown(Markdown):
    """`text` as Rich draws it, with the address behind each link and tables that fit any width."""

    def __init__(self, text: str, markdown: MarkdownIt) -> None:
        super().__init__("")
        self.parsed = list(_with_empty_items(markdown.parse(text)))
        for token in self.parsed:
            if token.children:
                token.children = list(_with_addresses(token.children))
                for child in token.children:  # lines of a poem or an address stay lines, as on the page
                    child.type = "hardbreak" if child.type == "softbreak" else child.type


class _WholeTable(TableElement):
    """A table; where not even its longest words fit beside each other, each row is a list of its cells."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        header = self.header.row if self.header else None
        headings = [cell.content for cell in header.cells] if header else []
        rows = [[cell.content for cell in row.cells] for row in self.body.rows] if self.body else []
        columns = list(zip(headings, *rows, strict=False))
        least = sum(max(map(_longest_word, column)) + 2 for column in columns)
        if least <= options.max_width:
            yield _table(headings, rows)
            return
        for row in rows:
            yield Text()
            for heading, cell in zip(headings, row, strict=False):
                yield Text.assemble((heading.plain, "bold"), ": ", cell)


WholeMarkdown.elements = {**Markdown.elements, "table_open": _WholeTable}


def _table(headings: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, style="markdown.table.border", collapse_padding=True)
    for heading, *cells in zip(headings, *rows, strict=False):
        least = max(map(_longest_word, (heading, *cells)))
        table.add_column(Text(heading.plain, style="markdown.table.header"), overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*row)
    return table


def _longest_word(cell: Text) -> int:
    return max((cell_len(word) for word in cell.plain.split()), default=1)


def _with_empty_items(tokens: Sequence[Token]) -> Iterator[Token]:
    """Return the tokens with an empty paragraph in each empty item, whose number Rich drops: "4." may be an answer."""
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):  # of nothing there is none
        yield token
        if token.type == "list_item_open" and following is not None and following.type == "list_item_close":
            yield Token("paragraph_open", "p", 1)
            yield Token("inline", "", 0, children=[])
            yield Token("paragraph_close", "p", -1)


def _with_addresses(tokens: Sequence[Token]) -> Iterator[Token]:
    """Return the tokens of a line with words in place of images, and the address behind the words of each link."""
    address, words = "", ""
    for token in tokens:
        if token.type == "link_open":
            address, words = str(token.attrs["href"]), ""
        if token.type == "image":
            source = str(token.attrs["src"])
            token = Token("text", "", 0, content=f"{token.content or 'image'} ({source})")  # noqa: PLW2901
        words += token.content
        yield token
        if token.type == "link_close" and words not in {address, address.removeprefix("mailto:")}:
            yield Token("text", "", 0, content=f" ({address})")


def _formula(state: StateInline, silent: bool) -> bool:
    """Take a formula as it is written, without escapes and emphasis in it."""
    for opening, closing in _FORMULAS:
        if not state.src.startswith(opening, state.pos):
            continue
        start = state.pos + len(opening)
        end = state.src.find(closing, start, start + _FORMULA_CHARS)
        if end > start and (opening != "$" or _is_formula(state.src, start, end)):
            _push_text(state, end + len(closing), silent=silent)
            return True
    return False


def _is_formula(source: str, start: int, end: int) -> bool:
    """Return whether two single dollars enclose a formula, by Pandoc's rule."""
    return not (source[start].isspace() or source[end - 1].isspace() or source[end + 1 : end + 2].isdigit())


def _push_text(state: StateInline, end: int, *, silent: bool) -> None:
    if not silent:
        state.push("text", "", 0).content = state.src[state.pos : end]
    state.pos = end


def _formula_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Take a formula of several lines whole: a line of it may begin like an item of a list."""
    line = line_of(state, first)
    opening, closing = next((pair for pair in _BLOCKS if line.startswith(pair[0])), ("", ""))
    if not opening or closing in line[len(opening) :]:
        return False
    for place in range(first + 1, min(last, first + _FORMULA_LINES)):
        if closing in line_of(state, place):
            if not silent:
                _push_paragraph(state, first, place + 1)
            return True
    return False


def _push_paragraph(state: StateBlock, first: int, end: int) -> None:
    text = state.getLines(first, end, state.blkIndent, keepLastLF=False)
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.children = [Token("text", "", 0, content=text)]
    state.push("paragraph_close", "p", -1)
    state.line = end
