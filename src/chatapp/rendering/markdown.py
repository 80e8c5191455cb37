"""Markdown of messages as HTML: what models and people write, with nothing in it that loads or runs."""

from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatapp.rendering.addresses import add_addresses
from chatapp.rendering.code import highlighted
from chatapp.rendering.directions import add_directions
from chatapp.rendering.emphasis import WideTextParser
from chatapp.rendering.folds import add_folds
from chatapp.rendering.footnotes import add_footnotes, footnotes_of
from chatapp.rendering.formula_rules import add_formulas
from chatapp.rendering.mathml import mathml
from chatapp.rendering.table_rows import add_whole_rows
from chatapp.rendering.tags import add_tags
from chatapp.rendering.task_lists import add_task_lists

MAX_CHARS = 200_000
"""Longer messages are shown as they are written; a page of them formatted is more than a browser draws in time."""

_ADDRESSES = ("http://", "https://", "mailto:", "#")
_MAX_CELL_CHARS = 18
_TOOLS = '<button type="button" class="wrap">Wrap</button><button type="button" class="copy-code">Copy</button>'
_PICTURE = '<button type="button" class="picture">Show as a picture</button>'


def html_of(text: str, *, is_live: bool = False) -> str:
    """Return a message's Markdown as HTML, or its text where that cannot be made.

    `is_live`: for a page with scripts, which make the buttons on code and footnotes work.
    """
    return _html_of(text, {"is_live": is_live})


def html_of_part(text: str) -> str:
    """Return a part of a message in the making, for a page with scripts: its footnotes may stand in other parts."""
    return _html_of(text, {"is_live": True, "is_part": True})


def _html_of(text: str, env: dict[str, Any]) -> str:
    if len(text) > MAX_CHARS:
        return plain(text)
    try:
        rendered: str = _renderer().render(text, env)
        return rendered + footnotes_of(_renderer(), env)
    except (RecursionError, ValueError, LookupError):
        return plain(text)


def plain(text: str) -> str:
    """Return a text as it is written."""
    content = text.strip("\n")
    return f'<div class="plain" dir="auto">{escape(content)}</div>\n' if content else ""


@cache
def _renderer() -> MarkdownIt:
    markdown = MarkdownIt()
    markdown.inline = WideTextParser()
    markdown.configure("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    for add in _ADDITIONS:
        add(markdown)
    for kind, rule in _RULES.items():
        markdown.add_render_rule(kind, rule)
    return markdown


def _code(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    token = tokens[index]
    language = token.info.split(maxsplit=1)[0].strip("{}").lstrip(".") if token.info.strip() else ""
    if language == "math":
        return mathml(token.content, is_display=True)
    code = f"<code>{highlighted(token.content, language.partition(':')[0])}</code></pre>"
    if not env.get("is_live"):
        return f"<pre>{code}\n"
    is_drawn = language.lower() in {"mermaid", "svg"} or token.content.lstrip().startswith("<svg")
    picture = _PICTURE if is_drawn else ""
    head = f"<figcaption><span>{escape(language)}</span>{picture}{_TOOLS}</figcaption>"
    return f'<figure class="code">{head}<pre tabindex="0">{code}</figure>\n'


def _formula(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    token = tokens[index]
    is_display = token.block or token.markup == "display"
    drawn = mathml(token.content, is_display=is_display)
    return drawn.replace("<math ", '<math tabindex="0" ', 1) if is_display and env.get("is_live") else drawn


def _image(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    """Return a link where an image was, the label alone in another link: nothing is loaded."""
    token = tokens[index]
    address, label = str(token.attrGet("src") or ""), escape(token.content.strip() or "image")
    if env.get("is_in_link") or not address.lower().startswith(_ADDRESSES):
        return label
    target = ' target="_blank"' if env.get("is_live") else ""
    return f'<a href="{escape(address)}" rel="noopener noreferrer"{target}>{label}</a>'


def _link_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Return the begin of a link, with its address where it says nothing."""
    token = tokens[index]
    address = str(token.attrGet("href") or "")
    if address.lower().startswith(_ADDRESSES):
        token.attrSet("rel", "noopener noreferrer")
        if env.get("is_live"):
            token.attrSet("target", "_blank")
        env["is_in_link"] = True
    else:
        token.attrs.pop("href", None)
    rendered: str = self.renderToken(tokens, index, options, env)
    return rendered + escape(address) if tokens[index + 1].type == "link_close" else rendered


def _link_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    env["is_in_link"] = False
    rendered: str = self.renderToken(tokens, index, options, env)
    return rendered


def _cell(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Return the begin of a cell, aligned by a class: the page's policy forbids styles of its own.

    A cell with many words is wide; its table scrolls then, and the words are not squeezed into one a line.
    """
    token = tokens[index]
    alignment = str(token.attrs.pop("style", "")).rpartition(":")[2]
    classes = [alignment] if alignment in {"right", "center"} else []
    if len(tokens[index + 1].content) >= _MAX_CELL_CHARS:
        classes.append("wide")
    if classes:
        token.attrSet("class", " ".join(classes))
    rendered: str = self.renderToken(tokens, index, options, env)
    return rendered


def _table_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    if env.get("is_live"):  # what scrolls sideways can be reached without a mouse
        tokens[index].attrSet("tabindex", "0")
    rendered: str = self.renderToken(tokens, index, options, env)
    return rendered


_ADDITIONS: tuple[Callable[[MarkdownIt], None], ...] = (
    add_formulas,
    add_footnotes,
    add_addresses,
    add_tags,
    add_folds,
    add_task_lists,
    add_whole_rows,
    add_directions,
)
_RULES: dict[str, Any] = {
    "fence": _code,
    "code_block": _code,
    "formula": _formula,
    "image": _image,
    "link_open": _link_open,
    "link_close": _link_close,
    "table_open": _table_open,
    "th_open": _cell,
    "td_open": _cell,
}
