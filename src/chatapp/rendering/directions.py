"""Which way blocks of text run: by their first letter, code aside."""

import re
from unicodedata import bidirectional

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")
_BLOCKS = frozenset(
    {"paragraph_open", "heading_open", "bullet_list_open", "ordered_list_open", "table_open", "blockquote_open"}
)
_WAYS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def add_directions(markdown: MarkdownIt) -> None:
    """Have `markdown` say of each block which way it runs, in texts with letters that run from right to left."""
    markdown.core.ruler.push("directions", _direct)


def _direct(state: StateCore) -> None:
    if not _FROM_RIGHT.search(state.src):
        return
    undecided: list[Token] = []
    for token in state.tokens:
        if token.type in _BLOCKS:
            undecided.append(token)
        elif token.type == "inline" and undecided and (way := _way(token)):
            for block in undecided:
                block.attrSet("dir", way)
            undecided.clear()


def _way(inline: Token) -> str | None:
    for child in inline.children or ():
        if child.type == "text":
            for letter in child.content:
                if way := _WAYS.get(bidirectional(letter)):
                    return way
    return None
