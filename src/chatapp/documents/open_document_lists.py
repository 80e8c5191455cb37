"""Numbers of lists in texts of LibreOffice, which stand in their styles alone."""

from collections.abc import Iterator
from xml.etree import ElementTree

from chatapp.documents.numerals import number_in, numeral

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
NUMBERED = "numbered"
"""The attribute of items that begin with their numbers."""


_AS_WORD = {"a": "lowerLetter", "A": "upperLetter"}
"""Letters that go on with `aa`, `bb`, `cc`."""

Counts = dict[int, int]
"""The numbers of the last items of a list, by how deep these are."""


def write_numbers(root: ElementTree.Element, *styles: ElementTree.Element) -> None:
    """Write numbers of items as text, as their styles and those of other members tell to count them."""
    levels = {
        (style.get(f"{_STYLE}name", ""), number_in(level.get(f"{_TEXT}level"), 0)): level
        for held in (*styles, root)
        for style in held.iter(f"{_TEXT}list-style")
        for level in style.iterfind(f"{_TEXT}list-level-style-number")
        if level.get(f"{_STYLE}num-format")
    }
    for item, style, depth, counts in _items(root):
        words = item[0] if len(item) else item
        if (style, depth) in levels and words.tag in {f"{_TEXT}p", f"{_TEXT}h"}:  # others are there for those in them
            first = number_in(levels[style, depth].get(f"{_TEXT}start-value"), 1)
            counts[depth] = number_in(item.get(f"{_TEXT}start-value"), counts.get(depth, first - 1) + 1)
            for deeper in [other for other in counts if other > depth]:
                del counts[deeper]
            words.text = f"{_label(levels, style, depth, counts)} {words.text or ''}"
            item.set(NUMBERED, "")


def _label(levels: dict[tuple[str, int], ElementTree.Element], style: str, depth: int, counts: Counts) -> str:
    level = levels[style, depth]
    above = min(number_in(level.get(f"{_TEXT}display-levels"), 1), depth) - 1
    numbers = []
    for shown in range(depth - above, depth + 1):
        about = levels.get((style, shown), level)
        form = about.get(f"{_STYLE}num-format", "")
        if about.get(f"{_STYLE}num-letter-sync") == "true":
            form = _AS_WORD.get(form, form)
        numbers.append(numeral(counts.get(shown, 1), form))
    return f"{level.get(f'{_STYLE}num-prefix', '')}{'.'.join(numbers)}{level.get(f'{_STYLE}num-suffix', '')}"


def _items(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str, int, Counts]]:
    """Return the items of lists with their styles, how deep they are, and what was counted before them."""
    kept: dict[str | None, Counts] = {}
    stack: list[tuple[ElementTree.Element, str, int, Counts]] = [(root, "", 0, {})]
    while stack:
        node, style, depth, counts = stack.pop()
        if node.tag == f"{_TEXT}list":
            style, depth = node.get(f"{_TEXT}style-name", style), depth + 1
            if depth == 1:
                usual = style if node.get(f"{_TEXT}continue-numbering") == "true" else "none"
                counts = kept.get(node.get(f"{_TEXT}continue-list", usual), {})
                kept |= {style: counts, node.get(_ID): counts}
        elif node.tag == f"{_TEXT}list-item":
            yield node, style, depth, counts
        stack.extend((child, style, depth, counts) for child in reversed(node))
