"""What is known of a file once it was read."""

import base64
import json
from dataclasses import dataclass
from typing import Literal, Self

Kind = Literal["text", "image", "audio", "unknown"]
"""What a model can make of it: words, pixels, sound, nothing."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    `text` is Markdown, empty where there are no words in it. `pages` counts pages, slides or sheets, None where there
    are none. `notes` says in sentences what did not come along. `picture` is a JPEG or PNG for models that see:
    upright, of a size that they take, without what else a camera notes, such as places. `page_pictures` are those of
    pages without words, by their numbers.
    """

    kind: Kind
    media_type: str
    text: str = ""
    pages: int | None = None
    notes: tuple[str, ...] = ()
    picture: bytes | None = None
    page_pictures: tuple[tuple[int, bytes], ...] = ()

    def as_json(self) -> str:
        """Return it as a JSON object."""
        picture = base64.b64encode(self.picture).decode() if self.picture is not None else None
        pages = [(number, base64.b64encode(drawn).decode()) for number, drawn in self.page_pictures]
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps({**told, "picture": picture, "page_pictures": pages})

    @classmethod
    def from_json(cls, told: str | bytes) -> Self:
        """Return what `as_json` wrote."""
        fields = json.loads(told)
        picture = base64.b64decode(fields["picture"]) if fields["picture"] is not None else None
        pages = tuple((number, base64.b64decode(drawn)) for number, drawn in fields["page_pictures"])
        return cls(**{**fields, "notes": tuple(fields["notes"]), "picture": picture, "page_pictures": pages})
