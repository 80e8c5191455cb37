"""Takes files in for projects: read and kept as every attachment, and cut into passages that questions find."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.attachments.media import MEDIA_TOKENS
from chatapp.backend.attachments.passages import passages_of
from chatapp.backend.store import Attachment, Attachments, ProjectFile, ProjectFiles, Projects
from chatapp.errors import UnsupportedMediaTypeError


class ProjectDesk:
    """Makes files those of a project."""

    def __init__(
        self,
        desk: AttachmentDesk,
        *,
        attachments: Attachments,
        projects: Projects,
        files: ProjectFiles,
        estimate: Callable[[str], int],
    ) -> None:
        self._desk, self._attachments, self._projects, self._files = desk, attachments, projects, files
        self._estimate = estimate

    async def take(self, path: Path, *, name: str, project_id: str, owner: str) -> ProjectFile:
        """Return the file of a project that the file at `path` has become.

        Raises:
            NotFoundError: no such project.
            UnsupportedMediaTypeError: there is nothing in it that a model could read, see or hear.
            InvalidRequestError: the project has as many files as it can.
            BodyTooLargeError: with the others of its owner it is too large.
            StoreUnavailableError: it cannot be saved.
        """
        await asyncio.to_thread(self._projects.get, project_id, owner=owner)
        attachment = await self._desk.take(path, name=name, owner=owner)
        return await asyncio.to_thread(self._add, attachment, project_id)

    def fill(self, project_id: str, attachment_id: str, owner: str) -> ProjectFile:
        """Return the file of a project that an attachment has become. Blocks.

        Raises:
            NotFoundError: no such project, or no such attachment.
            UnsupportedMediaTypeError: there is nothing in it that a model could read, see or hear.
            InvalidRequestError: the project has as many files as it can.
            StoreUnavailableError: it cannot be saved.
        """
        return self._add(self._attachments.get(attachment_id, owner=owner), project_id)

    def _add(self, attachment: Attachment, project_id: str) -> ProjectFile:
        text, picture = self._attachments.for_models([attachment.id], owner=attachment.owner)[attachment.id]
        tokens = self._estimate(text) if text.strip() else MEDIA_TOKENS * self._media_of(attachment, picture)
        if not tokens:
            raise UnsupportedMediaTypeError(
                f"{attachment.name} has nothing that conversations of the project could read.",
                hint="Add text, a document, a picture or a recording.",
            )
        return self._files.add(
            project_id, attachment.id, owner=attachment.owner, tokens=tokens, passages_of_it=passages_of(text)
        )

    def _media_of(self, attachment: Attachment, picture: bytes | None) -> int:
        """Return how many pictures or sounds a file is."""
        if picture is not None or attachment.kind == "audio":
            return 1
        return len(self._attachments.pages_for_models([attachment.id], owner=attachment.owner).get(attachment.id, []))
