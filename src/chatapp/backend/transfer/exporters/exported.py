"""What an exporter writes: a conversation, its messages and the files that were shown in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatapp.backend.store.attachments import Attachments
from chatapp.backend.store.records import Conversation, Project, StoredMessage
from chatapp.protocol.messages import AttachmentPart

_AT_ONCE = 500
"""Databases take no question of any length."""


@dataclass(frozen=True, slots=True)
class OwnedFiles:
    """The files of one owner, read from the store when they are written down; of another's it has none."""

    attachments: Attachments
    owner: str

    def pictures(self, files: Iterable[AttachmentPart]) -> dict[str, bytes]:
        """Return those of `files` that are pictures, as small as models get them, by their ids."""
        ids = {file.content_id for file in files if file.content_id and file.media_type.startswith("image/")}
        found = self.attachments.for_models(ids, owner=self.owner) if ids else {}
        return {id_: picture for id_, (_, picture) in found.items() if picture is not None}

    def kept(self, ids: Iterable[str]) -> list[str]:
        """Return those of `ids` that are there, in their order."""
        wanted = list(ids)
        there: set[str] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            there |= self.attachments.known(wanted[start : start + _AT_ONCE], owner=self.owner)
        return [id_ for id_ in wanted if id_ in there]

    def pieces(self, id_: str) -> Iterator[bytes]:
        """Return the bytes of one that is `kept`, in pieces."""
        return self.attachments.pieces(id_)


@dataclass(frozen=True, slots=True)
class Exported:
    """A conversation with its messages, oldest first: every branch of it, or the one on show; and its project."""

    conversation: Conversation
    messages: Sequence[StoredMessage]
    owned_files: OwnedFiles
    project: Project | None = None
    project_files: Sequence[AttachmentPart] = ()


def files_of(message: StoredMessage) -> list[AttachmentPart]:
    """Return the files of a message whose bytes may be there."""
    return [part for part in message.parts if isinstance(part, AttachmentPart) and part.content_id]
