"""What is known of a file once it was read."""

import json
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal, Self

Kind = Literal["text", "image", "audio", "unknown"]
"""What a model can make of it: words, pixels, sound, nothing."""

MOST_CHARS = 4_000_000
"""Text behind it is left out: no model reads as much."""

_TOLD = ("kind", "media_type", "pages", "notes")
_ANY = "surrogatepass"
"""Text that nobody can encode, as JSON may hold, comes through as it is; the store has its own way with it."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    `text` is Markdown, empty where there are no words in it. `pages` counts pages, slides or sheets, None where there
    are none. `notes` says in sentences what did not come along. `picture` is a JPEG or PNG for models that see:
    upright, of a size that they take, without what else a camera notes, such as places. `thumbnail` is a small copy of
    it for lists. `page_pictures` are those of pages without words, by their numbers.
    """

    kind: Kind
    media_type: str
    text: str = ""
    pages: int | None = None
    notes: tuple[str, ...] = ()
    picture: bytes | None = None
    page_pictures: tuple[tuple[int, bytes], ...] = ()
    thumbnail: bytes | None = None

    def as_bytes(self) -> bytes:
        """Return it as a line of JSON, and behind that its text and its pictures as they are.

        To unpack four million characters from JSON keeps every thread of the backend waiting for as long as it takes.
        """
        pieces = [self.text.encode(errors=_ANY), self.picture, self.thumbnail, *(it for _, it in self.page_pictures)]
        told = {name: getattr(self, name) for name in _TOLD}
        sizes = [None if piece is None else len(piece) for piece in pieces]
        line = json.dumps({**told, "sizes": sizes, "numbers": [number for number, _ in self.page_pictures]})
        return b"".join([line.encode(), b"\n", *(piece for piece in pieces if piece)])

    @classmethod
    def from_bytes(cls, told: bytes) -> Self:
        """Return what `as_bytes` wrote."""
        begin = told.index(b"\n") + 1
        fields = json.loads(told[:begin])
        sizes, numbers = fields.pop("sizes"), fields.pop("numbers")
        places = pairwise(accumulate((size or 0 for size in sizes), initial=begin))
        pieces = [
            None if size is None else memoryview(told)[place:end]
            for size, (place, end) in zip(sizes, places, strict=True)
        ]
        text, picture, thumbnail, *drawn = pieces
        return cls(
            **{**fields, "notes": tuple(fields["notes"])},
            text=str(text or b"", "utf-8", _ANY),
            picture=None if picture is None else bytes(picture),
            thumbnail=None if thumbnail is None else bytes(thumbnail),
            page_pictures=tuple((number, bytes(it or b"")) for number, it in zip(numbers, drawn, strict=True)),
        )
