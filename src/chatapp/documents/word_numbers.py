"""The numbers that Word counts for paragraphs: `4.2`, `(a)`, `Article III`. They stand nowhere in their text."""

import re
from typing import NamedTuple, Self
from xml.etree import ElementTree

from chatapp.documents.numerals import number_in, numeral

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_BULLET = "bullet"
_TICKS = set("\u2610\u2611\u2612\u2713\u2714\u2717\u2718\uf0a8\uf0fe\uf0fc\uf052")
_MOST_CHARS = 100


class ListLevel(NamedTuple):
    """How a level of a list counts: from where, in which form, and within which text."""

    start: int = 1
    form: str = "decimal"
    text: str = "%1."
    style: str = ""
    is_legal: bool = False
    """Whether the numbers of levels above are in digits, whatever these show: `Section 1.01` in `Article I`."""

    @classmethod
    def of(cls, node: ElementTree.Element) -> Self:
        """Return what a level is told to be."""
        text = _value(node.find(f"{WORD}lvlText"), "")[:_MOST_CHARS]
        form = _value(node.find(f"{WORD}numFmt"), "decimal")
        style, legal = _value(node.find(f"{WORD}pStyle"), ""), node.find(f"{WORD}isLgl")
        is_legal = legal is not None and _value(legal, "1") not in {"0", "false", "off"}
        return cls(_number(node.find(f"{WORD}start"), 1), form, text, style, is_legal)


class WordLists:
    """The lists of a document, which count as its paragraphs come."""

    def __init__(self, numbering: ElementTree.Element, styles: ElementTree.Element) -> None:
        """Read how lists count, and which styles are numbered."""
        kinds, lists = numbering.findall(f"{WORD}abstractNum"), numbering.findall(f"{WORD}num")
        named = {_value(node.find(f"{WORD}styleLink"), ""): node for node in kinds}
        linked = {node: named.get(_value(node.find(f"{WORD}numStyleLink"), "none"), node) for node in kinds}
        self._levels = {node.get(f"{WORD}abstractNumId", ""): _levels(linked[node]) for node in kinds}
        self._lists = {node.get(f"{WORD}numId", ""): _value(node.find(f"{WORD}abstractNumId"), "") for node in lists}
        self._restarts = {node.get(f"{WORD}numId", ""): dict(_restarts(node)) for node in lists}
        self._styles = {node.get(f"{WORD}styleId", ""): node for node in styles.iter(f"{WORD}style")}
        self._counted: dict[str, list[int | None]] = {}

    def label(self, paragraph: ElementTree.Element) -> str | None:
        """Return the number or box of the next paragraph, "" for a blank bullet, None for another bullet or nothing."""
        list_id, level = self._place_of(paragraph)
        name = self._lists.get(list_id, "")
        levels = self._levels.get(name, {})
        if level not in levels:
            return None
        counted = self._counted.setdefault(name, [None] * _LEVELS)
        for restarted, start in self._restarts.pop(list_id, {}).items():
            counted[restarted:] = [start - 1, *[None] * (_LEVELS - restarted - 1)]
        before = counted[level]
        counted[level] = levels[level].start if before is None else before + 1
        counted[level + 1 :] = [None] * (_LEVELS - level - 1)
        if levels[level].form == _BULLET:
            bullet = levels[level].text
            return f"- {bullet}" if bullet in _TICKS else None if bullet.strip() else ""
        return _written(levels, level, counted)

    def _place_of(self, paragraph: ElementTree.Element) -> tuple[str, int]:
        """Return in which list a paragraph stands, and how deep, as it says itself or as its style does."""
        numbering = paragraph.find(f"{WORD}pPr/{WORD}numPr")
        style = _value(paragraph.find(f"{WORD}pPr/{WORD}pStyle"), "")
        list_id, level = _value(_in(numbering, "numId"), ""), _number(_in(numbering, "ilvl"), -1)
        for name in self._with_those_below(style) if not list_id else ():
            numbering = self._styles[name].find(f"{WORD}pPr/{WORD}numPr")
            if list_id := _value(_in(numbering, "numId"), ""):
                levels = self._levels.get(self._lists.get(list_id, ""), {})
                of_style = [depth for depth, it in levels.items() if it.style == name]
                level = of_style[0] if of_style else _number(_in(numbering, "ilvl"), 0)
                break
        return list_id, min(max(level, 0), _LEVELS - 1)

    def _with_those_below(self, style: str) -> list[str]:
        found: list[str] = []
        while style in self._styles and style not in found:
            found.append(style)
            style = _value(self._styles[style].find(f"{WORD}basedOn"), "")
        return found


def _levels(node: ElementTree.Element) -> dict[int, ListLevel]:
    found = node.findall(f"{WORD}lvl")
    return {int(at): ListLevel.of(it) for it in found if (at := it.get(f"{WORD}ilvl", "")) in set("012345678")}


def _restarts(node: ElementTree.Element) -> list[tuple[int, int]]:
    told = [(it.get(f"{WORD}ilvl", ""), it.find(f"{WORD}startOverride")) for it in node.iter(f"{WORD}lvlOverride")]
    return [(int(at), _number(start, 1)) for at, start in told if at in set("012345678") and start is not None]


def _written(levels: dict[int, ListLevel], level: int, counted: list[int | None]) -> str:
    def counted_at(place: re.Match[str]) -> str:
        above = int(place[1]) - 1
        kind = levels.get(above, ListLevel())
        number = counted[above]
        form = "decimal" if levels[level].is_legal and above < level else kind.form
        return numeral(kind.start if number is None else number, form)

    return _PLACE.sub(counted_at, levels[level].text) if levels[level].form != "none" else ""


def _in(node: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    return None if node is None else node.find(f"{WORD}{name}")


def _value(node: ElementTree.Element | None, usual: str) -> str:
    return usual if node is None else node.get(f"{WORD}val", usual)


def _number(node: ElementTree.Element | None, usual: int) -> int:
    return number_in(_value(node, ""), usual)
