"""What a reader sees of a web page where Markdown has no form for it: what is raised, hidden, filled in, or wide."""

from typing import TYPE_CHECKING, cast

from chatapp.documents.numerals import number_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bs4 import BeautifulSoup, Tag

_UNSEEN = {
    "head", "script", "style", "noscript", "template", "svg", "img", "iframe", "video", "audio", "canvas", "datalist",
    "rp",
}  # fmt: skip
_FOR_EYES = "katex-html"
"""Signs of a formula that stands in TeX beside them."""
_TYPED = {"text", "search", "email", "url", "tel", "number", "date", "time", "datetime-local", "month", "week"}
_HIDING = ("display:none", "visibility:hidden")
_SIGNS = "0123456789+-\u2212=()"
_RAISED = str.maketrans(f"{_SIGNS}n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans(_SIGNS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_MOST_FILLED = 10_000


def tags(page: "BeautifulSoup", *names: str) -> list["Tag"]:
    """Return the tags of these names, in order; the library's own search asks a rule of each name at each tag."""
    wanted = {*names}
    return [it for it in _tags(page) if it.name in wanted]


def _tags(page: "BeautifulSoup") -> "Iterator[Tag]":
    return (cast("Tag", it) for it in page.descendants if getattr(it, "name", None))


def without_unseen(page: "BeautifulSoup") -> None:
    """Take out what is not shown: scripts, styles, pictures, and what says that it is hidden, as mails have above."""
    for unseen in [it for it in _tags(page) if _is_unseen(it)]:
        unseen.decompose()


def with_fields_filled(page: "BeautifulSoup") -> None:
    """Write what fields of a form show: ticks, what is typed, what is chosen; and how signs are read above them."""
    for field in tags(page, "input", "select", "rt"):
        if field.name == "rt":
            field.replace_with(f"({field.get_text().strip()})")
        elif field.name == "select":
            chosen = field("option", selected=True) or field("option", limit=1)
            field.replace_with(", ".join(" ".join(option.get_text().split()) for option in chosen))
        elif field.get("type") in {"checkbox", "radio"}:
            field.replace_with("[x] " if field.has_attr("checked") else "[ ] ")
        elif field.get("type", "text") in _TYPED:
            field.replace_with(str(field.get("value", "")))
    page.smooth()


def with_powers(page: "BeautifulSoup") -> None:
    """Write what is raised or lowered as signs of that form: without them 10⁶ would read 106."""
    for raised in tags(page, "sup", "sub"):
        text = raised.get_text()
        if (power := as_power(text, is_raised=raised.name == "sup")) != text:
            raised.replace_with(power)


def as_power(text: str, *, is_raised: bool) -> str:
    """Return text that is raised or lowered in signs of that form, as it is where there are none."""
    signs, mark = (_RAISED, "^") if is_raised else (_LOWERED, "_")
    said = text.strip()
    if said and all(ord(sign) in signs for sign in said):
        return said.translate(signs)
    return f"{mark}{said}" if len(said) == 1 and said.isalpha() else text


def with_rows_filled(page: "BeautifulSoup") -> None:
    """Give each row a cell in each column, also where one of a row above reaches into it."""
    left = _MOST_FILLED
    for table in tags(page, "table"):
        _only_rows(table)
        reaching: dict[int, int] = {}
        for row in [row for row in table("tr") if row.find_parent("table") is table]:
            column = 0
            for cell in row(["td", "th"], recursive=False):
                while reaching.get(column, 0) > 0 and left > 0:
                    cell.insert_before(page.new_tag("td"))
                    reaching[column] -= 1
                    column, left = column + 1, left - 1
                width = _span(cell, "colspan")
                reaching.update(dict.fromkeys(range(column, column + width), _span(cell, "rowspan") - 1))
                column += width
            left_of = ((other, rows - (other >= column)) for other, rows in reaching.items())
            reaching = {other: rows for other, rows in left_of if rows > 0}


def _only_rows(table: "Tag") -> None:
    """Leave of a table its rows alone, its name above it: a part of its own would begin with a head of its own."""
    for part in table(["caption", "colgroup", "col", "thead", "tbody", "tfoot"], recursive=False):
        if part.name == "caption":
            part.name = "p"
            table.insert_before(part)
        elif part.name.startswith("col"):
            part.extract()
        else:
            part.unwrap()


def _is_unseen(tag: "Tag") -> bool:
    if tag.name in _UNSEEN or "hidden" in tag.attrs or (tag.name == "dialog" and "open" not in tag.attrs):
        return True
    style = "".join(str(tag.attrs.get("style") or "").lower().split())
    return any(hiding in style for hiding in _HIDING) or _FOR_EYES in (tag.attrs.get("class") or ())


def _span(cell: "Tag", span: str) -> int:
    return max(1, min(number_in(cell.get(span), 1), 100))
