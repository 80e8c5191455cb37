"""What a reader sees of a web page where Markdown has no form for it: what is raised, hidden, or over several rows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_UNSEEN = ["head", "script", "style", "noscript", "template", "svg", "img"]
_HIDING = ("display:none", "visibility:hidden")
_SIGNS = "0123456789+-\u2212=()"
_RAISED = str.maketrans(f"{_SIGNS}n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans(_SIGNS, "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_MOST_FILLED = 10_000


def without_unseen(page: "BeautifulSoup") -> None:
    """Take out what is not shown: scripts, styles, pictures, and what says that it is hidden, as mails have above."""
    for unseen in [*page(_UNSEEN), *page(hidden=True), *page(style=_hides)]:
        unseen.decompose()


def with_powers(page: "BeautifulSoup") -> None:
    """Write what is raised or lowered as signs of that form: without them 10⁶ would read 106."""
    for raised in page(["sup", "sub"]):
        text = raised.get_text().strip()
        signs, mark = (_RAISED, "^") if raised.name == "sup" else (_LOWERED, "_")
        if text and all(ord(sign) in signs for sign in text):
            raised.replace_with(text.translate(signs))
        elif len(text) == 1 and text.isalpha():
            raised.replace_with(f"{mark}{text}")


def with_rows_filled(page: "BeautifulSoup") -> None:
    """Give each row a cell in each column, also where one of a row above reaches into it."""
    left = _MOST_FILLED
    for table in page("table"):
        reaching: dict[int, int] = {}
        for row in [row for row in table("tr") if row.find_parent("table") is table]:
            column = 0
            for cell in row(["td", "th"], recursive=False):
                while reaching.get(column, 0) > 0 and left > 0:
                    cell.insert_before(page.new_tag("td"))
                    reaching[column] -= 1
                    column, left = column + 1, left - 1
                width = _number(cell, "colspan")
                reaching.update(dict.fromkeys(range(column, column + width), _number(cell, "rowspan") - 1))
                column += width
            reaching = {other: max(rows - (other >= column), 0) for other, rows in reaching.items()}


def _hides(style: str | None) -> bool:
    told = "".join((style or "").lower().split())
    return any(hiding in told for hiding in _HIDING)


def _number(cell: "Tag", span: str) -> int:
    told = str(cell.get(span, "1"))
    return max(1, min(int(told), 100)) if told.isdecimal() else 1
