"""Addresses that stand in a text as they are: each becomes a link."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

_SCHEMES = ("https", "http")
_REST = re.compile(r'://[^\W_][^\s<>"`|\\\[\]\u2014\u2018-\u201f\u2026\u2039\u203a\xab\xbb\u3000-\u303f\uff00-\uff65]*')
"""Quotation marks and dashes of print, and Chinese and Japanese signs, end an address: there is no blank behind it."""
_BEHIND = frozenset("?!.,:;*_~'")
"""What ends a sentence or an emphasis, not an address (https://github.github.com/gfm/#autolinks-extension-)."""


_BEFORE = frozenset('*_~([",;:|>')
_LOOKED_BACK = 300
_OPEN_TAG = re.compile(r"<[A-Za-z/!][^<>]*+\Z")
"""Half of a tag that stays text: an address in it is its own, and no link."""


def add_addresses(markdown: MarkdownIt) -> None:
    """Have `markdown` link what begins with `http://` or `https://`."""
    markdown.inline.ruler.after("text", "address", _address)


def _address(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != ":" or state.linkLevel:
        return False
    scheme = _scheme_before(state)
    found = _REST.match(state.src, state.pos, state.posMax) if scheme else None
    if found is None or (not silent and not state.pending.endswith(scheme)):
        return False
    rest = _trimmed(found[0])
    if not silent:
        state.pending = state.pending[: -len(scheme)]
        state.push("link_open", "a", 1).attrSet("href", state.md.normalizeLink(scheme + rest))
        state.push("text", "", 0).content = scheme + rest
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _scheme_before(state: StateInline) -> str:
    """Return what stands before a colon, as it is written, where an address may begin with it."""
    before = state.src[max(state.pos - _LOOKED_BACK, 0) : state.pos]
    scheme = next((before[-len(name) :] for name in _SCHEMES if before.lower().endswith(name)), "")
    ahead = before[: len(before) - len(scheme)]
    is_apart = not ahead or ahead[-1] in _BEFORE or ahead[-1].isspace() or not ahead[-1].isascii()
    return scheme if is_apart and not _OPEN_TAG.search(ahead) else ""


def _trimmed(address: str) -> str:
    """Return an address without what belongs to the sentence around it."""
    end, unopened = len(address), address.count(")") - address.count("(")
    while address[end - 1] in _BEHIND or (address[end - 1] == ")" and unopened > 0):
        unopened -= address[end - 1] == ")"
        end -= 1
    return address[:end]
