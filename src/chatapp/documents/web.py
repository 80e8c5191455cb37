"""Web pages as Markdown; it loads two libraries, and is imported where there is one."""

import re
from collections.abc import Collection
from typing import Any
from xml.etree import ElementTree

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from bs4.element import PreformattedString
from markdownify import MarkdownConverter

from chatapp.documents.encodings import decoded
from chatapp.documents.formulas import mathml
from chatapp.documents.numerals import number_in, numeral, split_label, with_labels
from chatapp.documents.visible import tags, with_fields_filled, with_powers, with_rows_filled, without_unseen

_Library: Any = MarkdownConverter
"""Its types name its options alone."""

_NOWHERE = ("#", "javascript:", "data:")
_CELLS, _PARTS_OF_TABLES = {"td", "th"}, {"caption", "colgroup", "thead", "tbody", "tfoot"}
_END_A_PARAGRAPH = [
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "main",
    "menu", "nav", "ol", "p", "pre", "search", "section", "table", "ul",
]  # fmt: skip
_ENDS: dict[str, tuple[Collection[str], Collection[str]]] = {
    **dict.fromkeys(_END_A_PARAGRAPH, ({"p"}, {*_CELLS, "caption", "button", "object"})),
    "li": ({"li"}, {"ul", "ol", "menu"}),
    **dict.fromkeys(("dt", "dd"), ({"dt", "dd"}, {"dl"})),
    **dict.fromkeys(("rt", "rp"), ({"rt", "rp"}, {"ruby"})),
    **dict.fromkeys(("option", "optgroup"), ({"option"}, {"select"})),
    **dict.fromkeys(_CELLS, (_CELLS, {"tr", "table"})),
    "tr": ({"tr", "caption", "colgroup"}, {"table"}),
    **dict.fromkeys(_PARTS_OF_TABLES, (_PARTS_OF_TABLES | {"tr"}, {"table"})),
}
"""Which open tags a new one ends, and within which it does not reach further: HTML lets their ends be left out."""

_NOT_DEEPER = 100
_FIRST = 2048
_TEX = ("\\(", "\\[", "$$")
"""What formulas begin with where a script of the page draws them."""

_DIVISIONS = [
    "address", "aside", "center", "details", "dialog", "fieldset", "footer", "form", "header", "hgroup", "main",
    "nav", "search", "summary",
]  # fmt: skip
"""What stands on lines of its own, and the converter takes for words within a line."""


def as_markdown(html: str | bytes) -> str:
    """Return what a reader sees of a web page, without its pictures."""
    if isinstance(html, bytes):
        said = EncodingDetector.find_declared_encoding(html[:_FIRST], is_html=True)
        html = decoded(html, said or "")
    page = _Page(html, "html.parser")
    without_unseen(page)
    with_fields_filled(page)
    for formula in tags(page, "math"):
        if said := _said_by(formula):
            formula.replace_with(page.new_tag("tex", string=said))
    for anchor in tags(page, "a"):
        if str(anchor.get("href", "#")).lower().startswith(_NOWHERE):
            anchor.unwrap()
    for division in tags(page, *_DIVISIONS):
        division.name = "div"
    _unwrap_layouts(page)
    with_rows_filled(page)
    with_powers(page)
    for unsaid in [text for text in page.descendants if isinstance(text, PreformattedString)]:
        unsaid.extract()  # comments, declarations, instructions
    converter = _Converter(heading_style="atx", bullets="-", escape_misc=False, table_infer_header=True)
    markdown = with_labels(converter.convert_soup(page))
    lines = (line.rstrip() for line in markdown.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Page(BeautifulSoup):
    """A page whose tags end where HTML says so; the parser of Python puts the second item of a list into the first."""

    def handle_starttag(self, name: str, *about: Any, **more: Any) -> Tag | None:
        """Take in a tag, behind those that it ends."""
        ended, within = _ENDS.get(name, ((), ()))
        if any(self.open_tag_counter.get(tag) for tag in ended):
            found = ""
            for tag in self.tagStack[: -_NOT_DEEPER - 1 : -1]:
                if tag.name in within:
                    break
                found = tag.name if tag.name in ended else found
            if found:
                self.handle_endtag(found)
        return super().handle_starttag(name, *about, **more)


class _Converter(_Library):  # type: ignore[misc]
    """Markdown as models and tables need it: bars within cells, the numbers of lists, formulas as they are."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Return text in which nothing is taken for Markdown, but for formulas."""
        is_formula = "tex" in parent_tags or any(mark in text for mark in _TEX)
        return text if is_formula else str(super().escape(text, parent_tags))

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Return a cell, whose text cannot end it."""
        return str(super().convert_td(el, text.replace("|", "\\|"), parent_tags))

    convert_th = convert_td

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """Return an item behind its number, as Word, its list or itself says it."""
        label, told = split_label(text.strip())
        above = el.parent
        if label is None and getattr(next(el.children, None), "name", "") in {"ul", "ol"}:
            return f"{told}\n"  # it is there for the items in it alone, as Word's are that begin further in
        if label is None and (above is None or above.name != "ol"):
            return str(super().convert_li(el, text, parent_tags))
        if label is None and above is not None:
            el["value"] = str(number_in(el.get("value"), _counted(el, above)))
            label = f"{numeral(int(str(el['value'])), str(above.get('type', '1')))}."
        lead = f"{label} " if label else "\n  "  # without a mark it goes on with the one above
        inner = re.sub(r"\n(?=[^\n])", "\n" + " " * len(lead.lstrip("\n")), told)
        return f"{lead}{inner}\n" if inner else "\n"


def _counted(item: Tag, above: Tag) -> int:
    """Return the number of an item that says none itself."""
    before, step = item.find_previous_sibling("li"), -1 if above.has_attr("reversed") else 1
    if before is not None:
        return number_in(before.get("value"), 0) + step
    first = 1 if step == 1 else len(above.find_all("li", recursive=False))
    return number_in(above.get("start"), first)


def _said_by(formula: Tag) -> str:
    """Return a formula in TeX, which stands beside its signs, or for them in Wikipedia's pages; else from its signs."""
    told = formula.find("annotation", encoding="application/x-tex")
    tex = (told.get_text() if told else str(formula.get("alttext", ""))).strip()
    return f"${tex}$" if tex else mathml(_tree(formula))


def _tree(tag: Tag) -> ElementTree.Element:
    node = ElementTree.Element(tag.name, {name: str(value) for name, value in tag.attrs.items()})
    node.text = "".join(text for text in tag.find_all(string=True, recursive=False))
    node.extend(_tree(child) for child in tag.find_all(True, recursive=False))
    return node


def _unwrap_layouts(page: BeautifulSoup) -> None:
    """Make blocks of the cells of tables in which there are tables: mails are laid out so, and Markdown cannot."""
    layouts: set[int] = set()
    for inner in tags(page, "table"):
        for above in inner.parents:
            if id(above) in layouts:
                break
            if above.name == "table":
                layouts.add(id(above))
    if not layouts:
        return
    pieces = tags(page, "table", "thead", "tbody", "tfoot", "tr", "th", "td")
    for node in [it for it in pieces if id(it if it.name == "table" else it.find_parent("table")) in layouts]:
        node.name = "div"
