"""Takes files in: each is read in a process of its own, a few at a time, and kept."""

import asyncio
import hashlib
import logging
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Event

from chatapp.backend.attachments.choosing import PDF, shown_of
from chatapp.backend.fair_pool import FairPool
from chatapp.backend.store import Attachment, Attachments
from chatapp.documents import read
from chatapp.errors import BodyTooLargeError, ChatappError, UnsupportedMediaTypeError
from chatapp.protocol.messages import AttachmentPart

AT_ONCE, OF_ONE = 3, 2
"""Files that are read at a time, and those of one owner: somebody's slow ones leave room for others."""

MOST_WAITING = 64
"""Files that came with questions and are still to be taken in: they lie in memory."""

WAIT_S = 10.0
"""How long the next question waits for the files of the one before."""

_LONGEST_NAME, _LONGEST_ENDING = 200, 10

log = logging.getLogger(__name__)


class AttachmentDesk:
    """Reads and keeps the files that people send. `quota_bytes` is how much one owner's may take together."""

    def __init__(self, attachments: Attachments, *, quota_bytes: int) -> None:
        self._attachments, self._quota_bytes = attachments, quota_bytes
        self._stopping = Event()
        self._room = BoundedSemaphore(MOST_WAITING)
        self._later: dict[Future[None], str] = {}
        self._pool = FairPool(AT_ONCE, of_one=OF_ONE, name="attachment")

    async def take(self, path: Path, *, name: str, owner: str) -> Attachment:
        """Return the attachment that the file at `path`, which its owner calls `name`, has become.

        Raises:
            UnsupportedMediaTypeError: no model could make anything of it.
            BodyTooLargeError: with the others of its owner it is too large.
            StoreUnavailableError: it cannot be saved.
        """
        work = partial(self._take, path, _plain_name(name), owner)
        return await asyncio.wrap_future(self._pool.submit(work, owner=owner))

    def keep(self, path: Path, name: str, owner: str) -> AttachmentPart:
        """Return the part of a message that the file at `path` has become. Blocks until it is read.

        What its owner has already is not read again.

        Raises:
            UnsupportedMediaTypeError: no model could make anything of it.
            BodyTooLargeError: with the others of its owner it is too large.
            StoreUnavailableError: it cannot be saved.
        """
        id_, name = _sha256(path), _plain_name(name)
        if self._attachments.renew(id_, name, owner=owner):
            return self._attachments.get(id_, owner=owner).part()
        return self._take(path, name, owner).part()

    async def draw(self, part: AttachmentPart, owner: str) -> None:
        """Have pictures of the pages without words that were chosen of a PDF.

        When it was taken in, only its first ones were drawn. Who waits for that holds no thread: others need them.

        Raises:
            StoreUnavailableError: they cannot be saved.
        """
        if part.pages is not None and part.media_type == PDF and part.content_id is not None:
            work = partial(self._draw, part, part.content_id, owner)
            await asyncio.wrap_future(self._pool.submit(work, owner=owner))

    def _draw(self, part: AttachmentPart, id_: str, owner: str) -> None:
        shown = shown_of(self._attachments, [part], owner=owner).get(id_)
        wanted = shown.to_draw(part.pages) if shown else []
        if not wanted:
            return
        with tempfile.NamedTemporaryFile(prefix="chatapp-", suffix=".part") as copy:
            copy.writelines(self._attachments.pieces(id_))
            copy.flush()
            document = read(Path(copy.name), part.name, stopping=self._stopping, drawn=wanted)
        drawn = [(number, picture) for number, picture in document.page_pictures if number in wanted]
        self._attachments.add_pages(id_, drawn, owner=owner)

    def take_later(self, files: Iterable[tuple[str, bytes]], *, owner: str) -> None:
        """Take in the names and bytes of files when there is time. Those that cannot be kept are only named."""
        for name, content in files:
            if not self._room.acquire(blocking=False):
                log.warning("more files came at a time than are kept: %s is only named", _plain_name(name))
                return
            with suppress(RuntimeError):  # the backend is stopping
                work = self._pool.submit(partial(self._keep_bytes, name, content, owner), owner=owner)
                self._later[work] = owner
                work.add_done_callback(self._later.pop)

    def has_taken_in(self, owner: str) -> bool:
        """Return whether what was to be taken in later for `owner` is. Blocks until then, for `WAIT_S` at most."""
        works = [work for work, whose in self._later.copy().items() if whose == owner]
        return not wait(works, timeout=WAIT_S).not_done

    def _keep_bytes(self, name: str, content: bytes, owner: str) -> None:
        try:
            with tempfile.NamedTemporaryFile(prefix="chatapp-", suffix=".part") as copy:
                copy.write(content)
                copy.flush()
                self.keep(Path(copy.name), name, owner)
        except (ChatappError, OSError) as error:
            log.info("a file of a question is only named: %s", type(error).__name__)
        finally:
            self._room.release()

    def close(self) -> None:
        """Read no more files, and end the processes that do."""
        self._stopping.set()
        self._pool.close()

    def _take(self, path: Path, name: str, owner: str) -> Attachment:
        size = path.stat().st_size
        if self._attachments.bytes_of(owner) + size > self._quota_bytes:
            raise BodyTooLargeError(
                f"With {name} your attachments pass {self._quota_bytes} bytes (ATTACHMENT_QUOTA_BYTES).",
                hint="Delete conversations or files of projects that hold some.",
            )
        document = read(path, name, stopping=self._stopping)
        if document.kind == "unknown":
            raise UnsupportedMediaTypeError(
                f"{name} cannot be attached: {' '.join(document.notes)}", hint="Attach text, a document or a picture."
            )
        attachment = Attachment(
            owner=owner,
            id=_sha256(path),
            name=name,
            media_type=document.media_type,
            kind=document.kind,
            size=size,
            pages=document.pages,
            notes=document.notes,
        )
        return self._attachments.add(
            attachment,
            path,
            text=document.text,
            picture=document.picture,
            thumbnail=document.thumbnail,
            page_pictures=document.page_pictures,
        )


def _plain_name(name: str) -> str:
    """Return the last part of `name`, without what only terminals and file systems understand.

    Of a long one its ending stays, which says what the file is where its bytes do not.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in last if char.isprintable()).strip() or "file"
    ending = Path(plain).suffix[:_LONGEST_ENDING]
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - len(ending)] + ending


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
