"""Files that go along with the next question of a session."""

import shlex
from collections.abc import Sequence

from chatapp.cli.attachments import MOST_AT_ONCE, STDIN, attached, expanded, is_there
from chatapp.cli.terminal import StatusLine, counted
from chatapp.cli.writing import note
from chatapp.client import BackendClient
from chatapp.errors import SettingsError
from chatapp.protocol.chosen_pages import division_of
from chatapp.protocol.resources import AttachmentInfo


class WaitingFiles:
    """Files that were sent to the backend and wait for a question. Each is told of when it comes in."""

    def __init__(self, backend: BackendClient) -> None:
        self._backend = backend
        self._files: list[AttachmentInfo] = []

    def add(self, names: Sequence[str]) -> None:
        """Send what `names` stand for, and tell what a model gets of each.

        Raises:
            ChatappError: one of them is not there or cannot be read, or a question takes no more; those before it wait.
        """
        if STDIN in names:
            raise SettingsError("Nothing is piped into a session.", hint="Name files.")
        status = StatusLine()
        for name in expanded(names):
            if len(self._files) == MOST_AT_ONCE:
                raise SettingsError(f"{name} does not go along: a question takes {MOST_AT_ONCE} files.")
            try:
                file = attached(self._backend, name, status)
            finally:
                status.clear()
            self._files.append(file)
            tokens = self._backend.preview(file.id, pages=file.chosen).tokens
            note(f"Goes along: {_label(file)}, about {counted(tokens, 'token')}")

    def obey(self, typed: str) -> None:
        """Add the files that `typed` names as in a shell; without any tell which wait, `none` drops them."""
        if typed == "none":
            self._files.clear()
        elif typed:
            self.add(_named(typed))
            return
        note("\n".join(map(_label, self._files)) or "No files go along with the next question.")

    def take(self) -> list[AttachmentInfo]:
        """Return the files, which wait no longer."""
        taken, self._files = self._files, []
        return taken


def _label(file: AttachmentInfo) -> str:
    division = division_of(file.media_type)
    pages = counted(file.pages, division) if file.pages else None
    if file.chosen:
        pages = f"{division}s {file.chosen}"
    return ", ".join(filter(None, (file.name, pages, file.shown_size)))


def _named(typed: str) -> list[str]:
    if is_there(typed):
        return [typed]
    try:
        return shlex.split(typed)
    except ValueError:
        raise SettingsError(f"A quote in {typed} has no end.", hint='Quote names with blanks: "a b.pdf"') from None
