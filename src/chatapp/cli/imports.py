"""`chatapp import`: conversations from elsewhere, how far they are, and the receipt for them."""

import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import typer

from chatapp.cli.attachments import STDIN, is_there
from chatapp.cli.backends import with_backend
from chatapp.cli.terminal import StatusLine, printable
from chatapp.cli.writing import note, write_resource
from chatapp.client import BackendClient
from chatapp.errors import ChatappError, SettingsError
from chatapp.protocol.import_resources import ImportInfo, RunningImportInfo

_LOOK_S = 0.5
_MB = 1000 * 1000
_SKIPPED_SHOWN = 20

Tell = Callable[[str, ImportInfo], None]
"""Takes a file's name and its receipt."""


def run(files: Sequence[str], *, as_json: bool, backend_url: str | None) -> None:
    """Import files one after the other, and print the receipt of each.

    Ctrl-C ends the import that is going on, prints the receipt of what is in, and begins no other.

    Raises:
        SettingsError: one of them is not there, or is a folder; nothing was imported.
        ChatappError: one cannot be imported; those before it are.
    """
    for name in files:
        if name != STDIN and not is_there(name):
            raise SettingsError(f"{name} is not there.")
        if Path(name).is_dir():
            raise SettingsError(f"{name} is a folder.", hint="Import a zip of it: all that it holds is read.")
    status, kept = StatusLine(), list[tuple[str, ImportInfo]]()

    def tell(name: str, receipt: ImportInfo) -> None:
        if as_json:
            kept.append((name, receipt))
        else:
            _print(f"{name}: " if len(files) > 1 else "", receipt)

    try:
        with_backend(partial(_import_all, files, status, tell), backend_url, status=status, asks=False)
    finally:
        if kept:
            write_resource({"imports": [{"file": name, **it._asdict()} for name, it in kept]})


def _import_all(files: Sequence[str], status: StatusLine, tell: Tell, backend: BackendClient) -> None:
    for name in files:
        sending = _Sending(backend, status)
        try:
            with _opened(name) as content:
                receipt = sending.receipt(content)
        except ChatappError:
            status.clear()
            if len(files) > 1:
                note(f"{name} is not imported, nor what follows it:")
            raise
        status.clear()
        tell(name, receipt)
        if sending.is_cancelled:
            raise KeyboardInterrupt


class _Sending:
    """A file on its way: it is sent by another thread, while this one looks how far it is and hears Ctrl-C."""

    def __init__(self, backend: BackendClient, status: StatusLine) -> None:
        self.is_cancelled = False
        self._backend, self._status = backend, status
        self._others = {running.id for running in backend.conversations.imports()}
        self._end: Future[ImportInfo] = Future()

    def receipt(self, file: BinaryIO) -> ImportInfo:
        """Send the file and return the receipt for it, also where Ctrl-C cancelled it; a second one leaves at once."""
        Thread(target=self._send, args=(file,), name="import", daemon=True).start()
        while not self._end.done():
            try:
                wait([self._end], _LOOK_S)
                self._look()
            except KeyboardInterrupt:
                if self.is_cancelled:
                    raise
                self.is_cancelled = True
        return self._end.result()

    def _send(self, file: BinaryIO) -> None:
        try:
            self._end.set_result(self._backend.conversations.import_file(file))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self._end.set_exception(error)

    def _look(self) -> None:
        """Show how far it is, and cancel it where that is wanted; what cannot be told now is told at the next look."""
        if self._end.done():
            return
        with suppress(ChatappError):
            running = next((it for it in self._backend.conversations.imports() if it.id not in self._others), None)
            if running is None:
                return
            self._status.show("Cancelling …" if self.is_cancelled else _progress(running))
            if self.is_cancelled:
                self._backend.conversations.cancel_import(running.id)
                if running.state == "receiving":  # who waits for the rest of a pipe would wait for the receipt too
                    self._status.clear()
                    note("Cancelled before all of it was sent: nothing of it is in.")
                    raise KeyboardInterrupt


def _opened(name: str) -> BinaryIO:
    if name == STDIN:  # a reader of our own: Python's is locked by the thread that waits in it, and ends with an abort
        return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    try:
        log = Path(f"{name}-wal")
        return _with_log(Path(name), log) if log.exists() and log.stat().st_size else Path(name).open("rb")
    except OSError as error:
        raise SettingsError(f"{name} cannot be read ({error.strerror}).") from error


def _with_log(database: Path, log: Path) -> BinaryIO:
    """Return a zip of a database and of what SQLite keeps beside it until all of that is in it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by whoever sends it
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(database, "database.db")
        archive.write(log, "database.db-wal")
    file.seek(0)
    return file


def _progress(running: RunningImportInfo) -> str:
    if running.state == "receiving":
        total = f" of {running.bytes_total // _MB}" if running.bytes_total else ""
        return f"Sending … {running.bytes_received // _MB}{total} MB"
    if running.state == "waiting":
        return "Waiting for others …"
    return f"Importing … {running.conversations_read:,} conversations, {running.conversations_added:,} new"


def _print(lead: str, receipt: ImportInfo) -> None:
    source = f"{', '.join(receipt.sources)}: " if receipt.sources else ""
    told = (
        f"{lead}{source}{receipt.conversations_added:,} of {receipt.conversations_read:,} conversations added, "
        f"with {receipt.messages_added:,} of {receipt.messages_read:,} messages."
    )
    if receipt.messages_read and not (receipt.messages_added or receipt.skipped or receipt.projects_added):
        told += " All of it came in before."
    if receipt.projects_added:
        told += f" Projects added: {receipt.projects_added:,}."
    typer.echo(printable(told))
    for item in receipt.skipped[:_SKIPPED_SHOWN]:
        typer.echo(printable(f"Skipped {item.count:,} in {item.what}: {item.why}"))
    if more := len(receipt.skipped[_SKIPPED_SHOWN:]) + receipt.skipped_more:
        typer.echo(f"… and {more:,} more.")
