"""Markdown of messages as HTML: what models and people write, with nothing in it that loads or runs."""

from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatapp.rendering.code import highlighted
from chatapp.rendering.formula_rules import add_formulas
from chatapp.rendering.mathml import mathml

MAX_CHARS = 200_000
"""Longer messages are shown as they are written; a page of them formatted is more than a browser draws in time."""

_ADDRESSES = ("http://", "https://", "mailto:", "#")


def html_of(text: str) -> str:
    """Return a message's Markdown as HTML, or its text where that cannot be made."""
    if len(text) > MAX_CHARS:
        return plain(text)
    try:
        rendered: str = _renderer().render(text)
    except (RecursionError, ValueError, LookupError):
        return plain(text)
    return rendered


def plain(text: str) -> str:
    """Return a text as it is written."""
    content = text.strip("\n")
    return f'<div class="plain">{escape(content)}</div>\n' if content else ""


@cache
def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    add_formulas(markdown)
    for kind, rule in _RULES.items():
        markdown.add_render_rule(kind, rule)
    return markdown


def _code(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
    return f"<pre><code>{highlighted(token.content, language)}</code></pre>\n"


def _formula(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    return mathml(token.content, is_display=token.block or token.markup == "display")


def _image(_self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    """Return a link where an image was: nothing is loaded."""
    token = tokens[index]
    return _link(str(token.attrGet("src") or ""), token.content.strip() or "image")


def _link(address: str, label: str) -> str:
    if not address.lower().startswith(_ADDRESSES):
        return escape(label)
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{escape(label)}</a>'


def _link_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    address = str(token.attrGet("href") or "")
    if address.lower().startswith(_ADDRESSES):
        token.attrSet("rel", "noopener noreferrer")
    else:
        token.attrs.pop("href", None)
    rendered: str = self.renderToken(tokens, index, options, env)
    return rendered


def _cell(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Return the begin of a cell, aligned by a class: the page's policy forbids styles of its own."""
    token = tokens[index]
    alignment = str(token.attrs.pop("style", "")).rpartition(":")[2]
    if alignment in {"right", "center"}:
        token.attrSet("class", alignment)
    rendered: str = self.renderToken(tokens, index, options, env)
    return rendered


_RULES: dict[str, Any] = {
    "fence": _code,
    "code_block": _code,
    "formula": _formula,
    "image": _image,
    "link_open": _link_open,
    "th_open": _cell,
    "td_open": _cell,
}
