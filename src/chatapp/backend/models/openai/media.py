"""Whether the models of one connection take pictures and sound: as somebody has said, or as it has turned out."""

from collections.abc import Iterable

from chatapp.backend.models.by_model import make_room
from chatapp.providers.modalities import MEDIA, Modalities, seems_to_see


class MediaTaken:
    """What is known of each model. `without` is what the file of connections says that none of them takes."""

    def __init__(self, without: Iterable[str] = ()) -> None:
        self._never = frozenset(without) & frozenset(MEDIA)
        self._refusing: dict[tuple[str, str], None] = {}

    def is_ruled_out(self, medium: str) -> bool:
        """Return whether the file of connections says that no model takes `medium`."""
        return medium in self._never

    def takes(self, model: str, medium: str, listed: Modalities | None) -> bool | None:
        """Return whether `model` takes `medium`, None where nobody knows; `listed` is what its server says of it."""
        if medium in self._never or (model, medium) in self._refusing:
            return False
        if listed is not None and medium in listed:
            return listed[medium]
        return True if medium == "images" and seems_to_see(model) else None

    def refuse(self, model: str, medium: str) -> None:
        """Note that `model` has refused `medium`."""
        make_room(self._refusing)
        self._refusing[model, medium] = None

    def accept(self, model: str, media: Iterable[str]) -> None:
        """Note that it has taken `media`, as where another model is behind the name now."""
        for medium in media:
            self._refusing.pop((model, medium), None)
