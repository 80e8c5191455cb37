"""The pages of a file that were chosen: which there can be, and their text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from chatapp.backend.store import Attachment, Attachments
from chatapp.protocol.chosen_pages import ChosenPages, pages_among
from chatapp.protocol.messages import AttachmentPart

_PAGE = re.compile(r"^\[(?:page|slide|chapter) (\d{1,6})\]$", re.MULTILINE)
_SHEET = re.compile(r"^## ", re.MULTILINE)


class Shown(NamedTuple):
    """What a model may get of a file; `pages` are pictures of those without words, by their numbers."""

    text: str
    picture: bytes | None
    pages: Sequence[tuple[int, bytes]]

    def of(self, pages: str | None) -> "Shown":
        """Return what is on the pages that were chosen; all of it where none were, or nobody can read which."""
        try:
            chosen = None if pages is None else ChosenPages.parse(pages)
        except ValueError:  # as what was imported may say
            chosen = None
        if chosen is None:
            return self
        return Shown(text_of_pages(self.text, chosen), None, [it for it in self.pages if chosen.has(it[0])])


def shown_of(attachments: Attachments, parts: Iterable[AttachmentPart], *, owner: str) -> dict[str, Shown]:
    """Return what models may get of all pages of the files, by their ids, as far as they are there."""
    ids = {part.content_id for part in parts if part.content_id}
    found = attachments.for_models(ids, owner=owner)
    pages = attachments.pages_for_models(ids, owner=owner)
    return {id_: Shown(text, picture, pages.get(id_, [])) for id_, (text, picture) in found.items()}


def chosen_part(attachment: Attachment, pages: str | None) -> AttachmentPart:
    """Return the part of a message that `pages` of an attachment are; all of it where that is None.

    Raises:
        InvalidRequestError: it has no such pages.
    """
    if pages is None:
        return attachment.part()
    return attachment.part(str(pages_among(pages, name=attachment.name, count=attachment.pages)))


def undrawn_pages(shown: Shown, count: int, chosen: ChosenPages) -> list[int]:
    """Return those of the chosen pages, of `count`, of which there are neither words nor a picture."""
    there = {number for number, _ in _pages(shown.text)} | {number for number, _ in shown.pages}
    return [number for number in range(1, count + 1) if chosen.has(number) and number not in there]


def text_of_pages(text: str, chosen: ChosenPages) -> str:
    """Return the pages of a file's text that were chosen, each behind its number or the name of its sheet.

    All of it where none are told apart, as in a book that was attached before its chapters were numbered.
    """
    pages = list(_pages(text))
    return "\n\n".join(page for number, page in pages if chosen.has(number)) if pages else text


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
