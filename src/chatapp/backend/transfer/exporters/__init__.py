"""Conversations as files: to be imported again, to be read, or for other programs."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from chatapp.backend.store.attachments import Attachments
from chatapp.backend.store.conversations import Conversations
from chatapp.backend.store.messages import Messages
from chatapp.backend.store.project_files import ProjectFiles
from chatapp.backend.store.projects import Projects
from chatapp.backend.store.records import Conversation, Project, Share, StoredMessage
from chatapp.backend.transfer.exporters import chatgpt, json_document, markdown, zip_archive
from chatapp.backend.transfer.exporters.exported import Exported, OwnedFiles
from chatapp.errors import InvalidRequestError, NotFoundError
from chatapp.protocol.events import PROJECT_FILES
from chatapp.protocol.export_formats import EXPORT_FORMATS, ExportFormat
from chatapp.protocol.messages import AttachmentPart

CHUNK_BYTES = 64 * 1024
"""About as much is handed out at a time."""


class Writer(NamedTuple):
    """What writes a format. `write` gives the file piece by piece, while it takes one conversation after the other."""

    write: Callable[[Iterable[Exported]], Iterator[bytes]]
    write_all: Callable[[Iterable[Exported]], Iterator[bytes]]
    wants_every_branch: bool = False


def _page(conversations: Iterable[Exported]) -> Iterator[bytes]:
    from chatapp.backend.transfer.exporters import html  # noqa: PLC0415 - its packages, 60 ms of every start

    return html.write(conversations)


def _page_of_all(conversations: Iterable[Exported]) -> Iterator[bytes]:
    from chatapp.backend.transfer.exporters import html  # noqa: PLC0415 - as above

    return html.write_all(conversations)


WRITERS = {
    "zip": Writer(zip_archive.write, zip_archive.write, wants_every_branch=True),
    "json": Writer(json_document.write, json_document.write, wants_every_branch=True),
    "md": Writer(markdown.write, markdown.write),
    "html": Writer(_page, _page_of_all),
    "chatgpt": Writer(chatgpt.write, chatgpt.write, wants_every_branch=True),
}
"""By the names in `protocol/export_formats.py`."""

_Project = tuple[Project | None, Sequence[AttachmentPart]]

_FORMATS = {it.name: it for it in EXPORT_FORMATS}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to hand out, piece by piece and once; `name` is safe in every file system and in a header."""

    name: str
    media_type: str
    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """Return all of it."""
        return b"".join(self.chunks)


@dataclass(frozen=True, slots=True)
class Exports:
    """Writes conversations down."""

    conversations: Conversations
    messages: Messages
    attachments: Attachments

    def file(self, conversation_id: str, *, owner: str, as_format: str, branch: str | None = None) -> ExportedFile:
        """Return one conversation: with every branch, to be imported again; else only `branch`, to be read.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
            InvalidRequestError: there is no such format.
        """
        form, writer = _known(as_format)
        conversation = self.conversations.get(conversation_id, owner=owner)
        if writer.wants_every_branch:
            messages = self.messages.all(conversation_id, owner=owner)
        else:
            messages = self.messages.whole_branch(conversation_id, owner=owner, branch=branch)
        exported = Exported(conversation, messages, OwnedFiles(self.attachments, owner), *self._project(conversation))
        name = f"{_slug(conversation.title)}-{conversation.created_at:%Y-%m-%d}.{form.ending}"
        return ExportedFile(name, form.media_type, _joined(writer.write([exported])))

    def shared(self, share: Share) -> ExportedFile:
        """Return the page of a shared conversation: its branch up to the last message then, without instructions.

        Summaries are such too: their owner writes them for the model, also after the link was made.

        Raises:
            NotFoundError: it is not there any more.
        """
        form, writer = _known("html")
        conversation = self.conversations.get(share.conversation_id, owner=share.owner)
        messages = self.messages.whole_branch(share.conversation_id, owner=share.owner, branch=share.leaf_id)
        end = next(place for place, message in enumerate(messages, 1) if message.id == share.leaf_id)
        shown = [_as_shared(message) for message in messages[:end]]
        exported = Exported(replace(conversation, system=None), shown, OwnedFiles(self.attachments, share.owner))
        return ExportedFile("shared.html", form.media_type, _joined(writer.write([exported])))

    def everything(self, *, owner: str, as_format: str, ids: Sequence[str] = ()) -> ExportedFile:
        """Return all conversations of `owner` that are not deleted, in the order in which they were begun.

        With `ids` it is those of them, in that order; one that `owner` does not have is left out.
        They are read one at a time while the file is, each as it is then; one that is deleted meanwhile is left out.

        Raises:
            InvalidRequestError: there is no such format.
        """
        form, writer = _known(as_format)
        found = self._chosen(ids, owner) if ids else self.conversations.each(owner=owner)
        conversations = self._each(found, owner, wants_every_branch=writer.wants_every_branch)
        name = f"chatapp-{datetime.now(UTC):%Y-%m-%d}.{form.ending}"
        return ExportedFile(name, form.media_type, _joined(writer.write_all(conversations)))

    def _chosen(self, ids: Iterable[str], owner: str) -> Iterator[Conversation]:
        for conversation_id in dict.fromkeys(ids):
            with suppress(NotFoundError):
                yield self.conversations.get(conversation_id, owner=owner)

    def _each(self, found: Iterable[Conversation], owner: str, *, wants_every_branch: bool) -> Iterator[Exported]:
        owned_files = OwnedFiles(self.attachments, owner)
        projects: dict[str | None, _Project] = {}
        read = self.messages.all if wants_every_branch else self.messages.whole_branch
        for conversation in found:
            with suppress(NotFoundError):
                messages = read(conversation.id, owner=owner)
                if conversation.project_id not in projects:
                    projects[conversation.project_id] = self._project(conversation)
                yield Exported(conversation, messages, owned_files, *projects[conversation.project_id])

    def _project(self, conversation: Conversation) -> "_Project":
        """Return the project of a conversation and its files; none where it was deleted just now."""
        id_, owner, database = conversation.project_id, conversation.owner, self.conversations.database
        if id_ is not None:
            with suppress(NotFoundError):
                files = ProjectFiles(database).all(id_, owner=owner)
                return Projects(database).get(id_, owner=owner), [file.part() for file in files]
        return None, []


def _as_shared(message: StoredMessage) -> StoredMessage:
    """Return a message without what its owner's summaries and files of the project are."""
    notices = tuple(notice for notice in message.notices if notice.code != PROJECT_FILES)
    return replace(message, summary=None, summarised=None, notices=notices)


def _known(as_format: str) -> tuple[ExportFormat, Writer]:
    form, writer = _FORMATS.get(as_format), WRITERS.get(as_format)
    if form is None or writer is None:
        raise InvalidRequestError("There is no such export format.", hint=f"There are {', '.join(_FORMATS)}.")
    return form, writer


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return the pieces with small ones joined: each is a way through threads and sockets."""
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _slug(title: str | None) -> str:
    plain = unicodedata.normalize("NFKD", title or "").encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].rstrip("-") or "conversation"
