"""What is known of a file once it was read."""

import base64
import json
from dataclasses import dataclass
from typing import Literal, Self

Kind = Literal["text", "image", "audio", "unknown"]
"""What a model can make of it: words, pixels, sound, nothing."""

_PICTURES = ("picture", "thumbnail")


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

    def as_json(self) -> str:
        """Return it as a JSON object."""
        pictures = {name: _packed(getattr(self, name)) for name in _PICTURES}
        pages = [(number, base64.b64encode(drawn).decode()) for number, drawn in self.page_pictures]
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps({**told, **pictures, "page_pictures": pages})

    @classmethod
    def from_json(cls, told: str | bytes) -> Self:
        """Return what `as_json` wrote."""
        fields = json.loads(told)
        pictures = {name: _unpacked(fields[name]) for name in _PICTURES}
        pages = tuple((number, base64.b64decode(drawn)) for number, drawn in fields["page_pictures"])
        return cls(**{**fields, **pictures, "notes": tuple(fields["notes"]), "page_pictures": pages})


def _packed(picture: bytes | None) -> str | None:
    return None if picture is None else base64.b64encode(picture).decode()


def _unpacked(told: str | None) -> bytes | None:
    return None if told is None else base64.b64decode(told)
