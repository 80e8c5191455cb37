"""Imports that the backend reads while the page goes on."""

from threading import Thread
from typing import BinaryIO

from chatapp.client import BackendClient
from chatapp.errors import ChatappError
from chatapp.protocol.import_resources import ImportInfo, RunningImportInfo

SOON_S = 1.0
"""How long a small file may take before the page shows how far it is."""


class ImportWatch:
    """What one session imports, and how far all imports of its person are, begun here or elsewhere.

    `outcome` is the receipt of the last one that was begun here, or what it failed with.
    """

    def __init__(self) -> None:
        self.running: tuple[RunningImportInfo, ...] = ()
        self.outcome: ImportInfo | ChatappError | None = None
        self._sending: Thread | None = None
        self._has_looked = False

    @property
    def is_sending(self) -> bool:
        """Whether the backend has not answered yet to what this session sent."""
        return self._sending is not None

    @property
    def is_going(self) -> bool:
        """Whether anything is imported, as far as is known."""
        return self.is_sending or bool(self.running)

    def begin(self, client: BackendClient, file: BinaryIO) -> None:
        """Send a file, and wait a moment: small ones are read by then."""
        self.outcome = None
        self._sending = Thread(target=self._send, args=(client, file), name="import", daemon=True)
        self._sending.start()
        self._sending.join(SOON_S)

    def look(self, client: BackendClient) -> bool:
        """Return whether what this session sent has come to its end since the last look, and see how far the rest is.

        The backend is asked as long as something is going on, and once before: another tab may have begun it.
        """
        has_ended = self._sending is not None and not self._sending.is_alive()
        if has_ended:
            self._sending = None
        if self.is_going or not self._has_looked:
            self._has_looked = True
            try:
                self.running = client.conversations.imports()
            except ChatappError:
                self.running = ()
        return has_ended

    def _send(self, client: BackendClient, file: BinaryIO) -> None:
        try:
            self.outcome = client.conversations.import_file(file)
        except ChatappError as error:
            self.outcome = error
