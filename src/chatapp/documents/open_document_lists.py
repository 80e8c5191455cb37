"""Numbers of lists in texts of LibreOffice, which stand in their styles alone."""

from collections.abc import Iterator
from xml.etree import ElementTree

from chatapp.documents.numerals import numeral

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
NUMBERED = "numbered"
"""The attribute of lists whose items begin with their numbers."""


def write_numbers(root: ElementTree.Element, *styles: ElementTree.Element) -> None:
    """Write numbers of items as text, as their styles and those of other members tell to count them."""
    levels = {
        (style.get(f"{_STYLE}name"), level.get(f"{_TEXT}level")): level
        for held in (*styles, root)
        for style in held.iter(f"{_TEXT}list-style")
        for level in style.iterfind(f"{_TEXT}list-level-style-number")
    }
    counted: dict[object, int] = {}
    for found, style, depth in _lists(root):
        level = levels.get((style, str(depth)))
        if level is None or not level.get(f"{_STYLE}num-format"):
            continue
        before = found.get(f"{_TEXT}continue-list", (style, depth) if _is_continued(found) else "none")
        number = counted.get(before, _number(level.get(f"{_TEXT}start-value"), 1) - 1)
        for item in found.iterfind(f"{_TEXT}list-item"):
            number = _number(item.get(f"{_TEXT}start-value"), number + 1)
            for words in item[:1]:
                shown = numeral(number, level.get(f"{_STYLE}num-format", ""))
                before_it, behind = level.get(f"{_STYLE}num-prefix", ""), level.get(f"{_STYLE}num-suffix", "")
                words.text = f"{before_it}{shown}{behind} {words.text or ''}"
        counted.update(dict.fromkeys(((style, depth), found.get(_ID, "")), number))
        found.set(NUMBERED, "")


def _lists(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str, int]]:
    """Return lists with their styles, which those within others have from these, and how deep they are."""
    stack = [(root, "", 0)]
    while stack:
        node, style, depth = stack.pop()
        if node.tag == f"{_TEXT}list":
            style, depth = node.get(f"{_TEXT}style-name", style), depth + 1
            yield node, style, depth
        stack.extend((child, style, depth) for child in reversed(node))


def _is_continued(found: ElementTree.Element) -> bool:
    return found.get(f"{_TEXT}continue-numbering") == "true"


def _number(told: str | None, usual: int) -> int:
    return int(told) if told and told.isdecimal() and len(told) < 9 else usual  # noqa: PLR2004
