"""The pages of a file that were chosen: which there can be, and their text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from chatapp.backend.store import Attachment, Attachments
from chatapp.protocol.chosen_pages import ChosenPages, division_of, pages_among
from chatapp.protocol.messages import AttachmentPart

PDF = "application/pdf"

_PAGE = re.compile(r"^\[(?:page|slide|chapter) (\d{1,6})\]$", re.MULTILINE)
_SHEET = re.compile(r"^## ", re.MULTILINE)


MOST_PICTURES, MOST_DRAWN = 20, 200
"""Pages without words that are drawn of a choice, and of a file in all: what is drawn takes room."""

_AT_ONCE = 20
"""Files that are read from the store together: as many as a question may show."""


class Shown(NamedTuple):
    """What a model may get of a file; `pages` are pictures of those without words, by their numbers.

    `last` is the number of its last page, where some of them were chosen.
    """

    text: str
    picture: bytes | None
    pages: Sequence[tuple[int, bytes]]
    last: int | None = None

    def of(self, pages: str | None) -> "Shown":
        """Return what is on the pages that were chosen; all of it where none were, or nobody can read which."""
        chosen = _parsed(pages)
        if chosen is None:
            return self
        return Shown(text_of_pages(self.text, chosen), None, [it for it in self.pages if chosen.has(it[0])])

    def to_draw(self, pages: str | None) -> list[int]:
        """Return those of the chosen pages that are to be drawn now, blank ones among them: nobody knows before."""
        room = min(MOST_PICTURES, MOST_DRAWN - len(self.pages))
        return self._wordless(pages)[: max(room, 0)]

    def undrawn(self, pages: str | None) -> list[int]:
        """Return those of the chosen pages of which there are neither words nor a picture, as others were drawn.

        Where there was room for all, what is not drawn is blank, which the notes of the file say.
        """
        chosen, undrawn = _parsed(pages), self._wordless(pages)
        drawn = sum(chosen.has(number) for number, _ in self.pages) if chosen else 0
        had_room = drawn + len(undrawn) <= MOST_PICTURES and len(self.pages) + len(undrawn) <= MOST_DRAWN
        return [] if had_room else undrawn

    def _wordless(self, pages: str | None) -> list[int]:
        chosen = _parsed(pages)
        if chosen is None or self.last is None:
            return []
        there = {number for number, _ in _pages(self.text)} | {number for number, _ in self.pages}
        return [number for number in range(1, self.last + 1) if chosen.has(number) and number not in there]


class ShownFiles:
    """What models may get of all pages of the files `parts`, read some at a time as they are asked for in this order.

    To read all of them at once would take as much memory as they have. Without `has_text` it is what can be seen.
    """

    def __init__(
        self, attachments: Attachments, parts: Iterable[AttachmentPart], *, owner: str, has_text: bool = True
    ) -> None:
        self._attachments, self._owner, self._has_text = attachments, owner, has_text
        self._parts = list({part.reference: part for part in parts if part.content_id}.values())
        self._places = {part.reference: place for place, part in enumerate(self._parts)}
        self._begin: int | None = None
        self._held: dict[str, Shown] = {}

    def of(self, part: AttachmentPart) -> Shown | None:
        """Return what models may get of one of the files, None where it is not there."""
        begin = self._places[part.reference] // _AT_ONCE * _AT_ONCE
        if begin != self._begin:
            self._held = {}  # before the next ones are read
            self._begin, wanted = begin, self._parts[begin : begin + _AT_ONCE]
            self._held = shown_of(self._attachments, wanted, owner=self._owner)
        shown = self._held.get(str(part.content_id))
        return shown if self._has_text or shown is None else shown._replace(text="")


def shown_of(attachments: Attachments, parts: Iterable[AttachmentPart], *, owner: str) -> dict[str, Shown]:
    """Return what models may get of all pages of the files, by their ids, as far as they are there."""
    parts = [part for part in parts if part.content_id]
    ids = {str(part.content_id) for part in parts}
    found = attachments.for_models(ids, owner=owner)
    pages = attachments.pages_for_models(ids, owner=owner)
    chosen = {str(part.content_id) for part in parts if part.pages is not None and part.media_type == PDF}
    there = list(chosen & found.keys())
    last = {one.id: one.pages for one in attachments.get_many(there, owner=owner)} if there else {}
    return {id_: Shown(text, picture, pages.get(id_, []), last.get(id_)) for id_, (text, picture) in found.items()}


def chosen_part(attachment: Attachment, pages: str | None) -> AttachmentPart:
    """Return the part of a message that `pages` of an attachment are; all of it where that is None.

    Raises:
        InvalidRequestError: it has no such pages.
    """
    if pages is None:
        return attachment.part()
    division = division_of(attachment.media_type)
    chosen = pages_among(pages, name=attachment.name, count=attachment.pages, division=division)
    return attachment.part(str(chosen))


def numbered(pages: Sequence[int]) -> str:
    """Return page numbers, in their order, as a reader writes them: `pages 1, 3-5`."""
    runs: list[list[int]] = []
    for number in pages:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    told = ", ".join(("-" if run[-1] - run[0] > 1 else ", ").join(map(str, run)) for run in runs)
    return f"page{'s' if len(pages) > 1 else ''} {told}"


def text_of_pages(text: str, chosen: ChosenPages) -> str:
    """Return the pages of a file's text that were chosen, each behind its number or the name of its sheet.

    All of it where none are told apart, as in a book that was attached before its chapters were numbered.
    """
    pages = list(_pages(text))
    return "\n\n".join(page for number, page in pages if chosen.has(number)) if pages else text


def _parsed(pages: str | None) -> ChosenPages | None:
    """Return the pages that were chosen; None where none were, or nobody can read which, as of what was imported."""
    try:
        return None if pages is None else ChosenPages.parse(pages)
    except ValueError:
        return None


def _pages(text: str) -> Iterator[tuple[int, str]]:
    """Return the pages of a text with their numbers; sheets are counted.

    Marks come in order, so one that leads back is what a page says.
    """
    places: list[tuple[int, int]] = []
    for found in _PAGE.finditer(text):
        if not places or int(found[1]) > places[-1][0]:
            places.append((int(found[1]), found.start()))
    if not places:
        places = list(enumerate((found.start() for found in _SHEET.finditer(text)), 1))
    ends = [begin for _, begin in places[1:]]
    for (number, begin), end in zip_longest(places, ends):
        yield number, text[begin:end].rstrip()
