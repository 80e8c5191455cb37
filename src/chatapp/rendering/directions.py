"""Which way blocks of text run: as most of their words do, code, formulas and addresses aside."""

import re
from typing import NamedTuple
from unicodedata import bidirectional

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")
_BLOCKS = frozenset({"paragraph", "heading", "bullet_list", "ordered_list", "table", "blockquote"})
_WAYS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


class _Words(NamedTuple):
    """How many words run each way."""

    ltr: int = 0
    rtl: int = 0

    def and_those(self, other: "_Words") -> "_Words":
        return _Words(self.ltr + other.ltr, self.rtl + other.rtl)


def add_directions(markdown: MarkdownIt) -> None:
    """Have `markdown` say of each block which way it runs, in texts with letters that run from right to left."""
    markdown.core.ruler.push("directions", _direct)


def runs_from_right(text: str) -> bool:
    """Return whether a text has letters that run from right to left."""
    return _FROM_RIGHT.search(text) is not None


def _direct(state: StateCore) -> None:
    if not runs_from_right(state.src):
        return
    found = list(_blocks(state.tokens))
    of_all = _way(found[-1][1], _way_of(state.src) or "ltr")
    for block, words in found[:-1]:
        if block is not None and any(words):
            block.attrSet("dir", _way(words, of_all))


def _blocks(tokens: list[Token]) -> list[tuple[Token | None, _Words]]:
    """Return each block with its words, the whole text last, as a block that has no token."""
    done: list[tuple[Token | None, _Words]] = []
    around: list[tuple[Token | None, _Words]] = [(None, _Words())]
    for token in tokens:
        kind, _, which = token.type.rpartition("_")
        if token.type == "inline":
            around[-1] = (around[-1][0], around[-1][1].and_those(_words(token)))
        elif kind in _BLOCKS and which == "open":
            around.append((token, _Words()))
        elif kind in _BLOCKS:
            done.append(around.pop())
            around[-1] = (around[-1][0], around[-1][1].and_those(done[-1][1]))
    return [*done, around[0]]


def _words(inline: Token) -> _Words:
    texts = (child.content for child in inline.children or () if child.type == "text")
    ways = [_way_of(word) for text in texts for word in text.split() if "://" not in word]
    return _Words(ways.count("ltr"), ways.count("rtl"))


def _way_of(word: str) -> str | None:
    return next((way for letter in word if (way := _WAYS.get(bidirectional(letter)))), None)


def _way(words: _Words, otherwise: str) -> str:
    """Return which way most words run, `otherwise` where it is as many each way."""
    return otherwise if words.ltr == words.rtl else "rtl" if words.rtl > words.ltr else "ltr"
