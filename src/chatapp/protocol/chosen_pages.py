"""Pages that are chosen of a file, as people write them to print some: `2-5, 8, 12-`.

Behind a name or an id they stand as in the address of a PDF: `report.pdf#pages=2-5`.
"""

from typing import NamedTuple

from chatapp.errors import InvalidRequestError

_MARK = "#pages="
_MOST_CHARS, _MOST_DIGITS = 100, 6
_DIVISIONS = {
    "spreadsheetml.sheet": "sheet",
    "opendocument.spreadsheet": "sheet",
    "ms-excel": "sheet",
    "presentation": "slide",
    "epub+zip": "chapter",
}
"""What the media types of files end in that have something else than pages to choose from."""


class ChosenPages(NamedTuple):
    """Ranges of pages, both ends among them; the last may have no end."""

    ranges: tuple[tuple[int, int | None], ...]

    @classmethod
    def parse(cls, text: str) -> "ChosenPages":
        """Return what `text` chooses.

        Raises:
            ValueError: it is no list of pages.
        """
        if len(text) > _MOST_CHARS:
            raise ValueError(f"More than {_MOST_CHARS} characters choose no pages.")
        return cls(tuple(_range(part.strip()) for part in text.split(",")))

    def __str__(self) -> str:
        return ",".join(str(first) if first == last else f"{first}-{last or ''}" for first, last in self.ranges)

    def has(self, number: int) -> bool:
        """Return whether a page is among them; the first is number 1."""
        return any(first <= number and (last is None or number <= last) for first, last in self.ranges)


def pages_among(wanted: str, *, name: str, count: int | None, division: str = "page") -> ChosenPages:
    """Return the pages that `wanted` chooses of the file `name`, which has `count` of them, None where it has none.

    Raises:
        InvalidRequestError: it chooses none, or one that is not there.
    """
    if count is None:
        raise InvalidRequestError(f"{name} has no pages to choose from.", hint="Attach all of it.")
    try:
        chosen = ChosenPages.parse(wanted)
    except ValueError as error:
        raise InvalidRequestError(str(error), hint="Write pages as 2-5,8.") from error
    beyond = next((first for first, _ in chosen.ranges if first > count), None)
    if beyond is not None:
        raise InvalidRequestError(f"{name} has no {division} {beyond}: its last is {count}.", hint="Choose others.")
    return chosen


def division_of(media_type: str) -> str:
    """Return what each page of a file is: "page", "sheet", "slide" or "chapter"."""
    return next((name for kind, name in _DIVISIONS.items() if media_type.endswith(kind)), "page")


def with_pages(name: str, pages: str | None) -> str:
    """Return a name or an id with the pages that were chosen behind it."""
    return name if pages is None else f"{name}{_MARK}{pages}"


def without_pages(reference: str) -> tuple[str, str | None]:
    """Return a name or an id, and the pages that stand behind it, None where none do."""
    name, mark, pages = reference.rpartition(_MARK)
    return (name, pages) if mark else (reference, None)


def _range(part: str) -> tuple[int, int | None]:
    first, dash, last = (piece.strip() for piece in part.partition("-"))
    begin = _number(first)
    end = begin if not dash else _number(last) if last else None
    if end is not None and end < begin:
        raise ValueError(f"{part} ends before it begins.")
    return begin, end


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and int(text)):
        raise ValueError(f"{text[:_MOST_DIGITS]!r} is no page.")
    return int(text)
