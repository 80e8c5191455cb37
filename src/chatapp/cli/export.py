"""`chatapp export`: all conversations as one file."""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from chatapp.cli.backends import connect
from chatapp.cli.files import new_file, write_whole
from chatapp.cli.terminal import StatusLine, printable
from chatapp.errors import BackendUnreachableError, SettingsError
from chatapp.protocol.export_formats import OF_ALL

STDOUT = "-"
_KB = 1000


def run(file: str, *, as_format: str | None, backend_url: str | None) -> None:
    """Write what the backend has, or without a running one what the store on this machine has.

    Without `as_format` it is the one that the file's name ends in; one called by another opens nowhere.

    Raises:
        SettingsError: there is no such format, the name is another's, or the file cannot be made.
    """
    kinds = {it.name: it.ending for it in OF_ALL}
    ending = Path(file).suffix[1:].lower()
    if as_format is None:
        endings = [name for name in kinds if kinds[name] == name]
        if ending.isalpha() and ending not in endings:
            raise SettingsError(f"{file} ends in none of {', '.join(endings)}.", hint="Name it so, or say --format.")
        as_format = ending if ending in endings else endings[0]
    if as_format not in kinds:
        raise SettingsError(f"--format is {as_format!r}: it must be one of {', '.join(kinds)}.")
    if ending != kinds[as_format] and ending in kinds.values():
        raise SettingsError(
            f"{file} ends in {ending}, but --format {as_format} writes {kinds[as_format]}.",
            hint=f"Name it {Path(file).stem}.{kinds[as_format]}, or leave --format out.",
        )
    status = StatusLine()
    if file == STDOUT:
        _print(_shown(_chunks(as_format, backend_url), status))
        return
    path = new_file(file)
    try:
        size = write_whole(path, _shown(_chunks(as_format, backend_url), status))
    finally:
        status.clear()
    typer.echo(printable(f"{path}: {size // _KB + 1} kB"))


def _print(chunks: Iterator[bytes]) -> None:
    if sys.stdout.isatty():
        raise SettingsError("A file is not for a terminal.", hint="Send it on: chatapp export - > chats.zip")
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _chunks(as_format: str, backend_url: str | None) -> Iterator[bytes]:
    with connect(backend_url) as backend:
        try:
            yield from backend.conversations.export_all(as_format)
        except BackendUnreachableError:
            if backend_url is not None:
                raise
            yield from _stored_here(as_format)


def _stored_here(as_format: str) -> Iterator[bytes]:
    from chatapp.backend.store import Store  # seconds that only an export without a backend pays
    from chatapp.backend.transfer.exporters import Exports
    from chatapp.config.settings import Settings

    store = Store.open(Settings.load())
    try:
        yield from (
            Exports(store.conversations, store.messages, store.attachments)
            .everything(owner="", as_format=as_format)
            .chunks
        )
    finally:
        store.close()


def _shown(chunks: Iterator[bytes], status: StatusLine) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        status.show(f"{size // _KB} kB …")
        yield chunk
