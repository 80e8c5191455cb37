"""What `--attach` names: files, patterns of them, folders, addresses, and what is piped in."""

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from chatapp.cli.folders import as_text, files_in, is_ignored
from chatapp.cli.terminal import StatusLine
from chatapp.cli.writing import note
from chatapp.client import BackendClient
from chatapp.errors import SettingsError
from chatapp.protocol.chosen_pages import ChosenPages, with_pages, without_pages
from chatapp.protocol.resources import AttachmentInfo

STDIN = "-"

MAX_STDIN_BYTES = 64 * 1024 * 1024
"""More than any backend accepts, and less than what a runaway pipe could fill the memory with."""

MOST_AT_ONCE = 20
"""As many as a question takes."""

ADDRESSES = ("http://", "https://")
_NAMED_AT_MOST = 5


def expanded(names: Sequence[str]) -> list[str]:
    """Return `names` with patterns as the files that they match, and the pages that stand behind them.

    Raises:
        SettingsError: one of them is not there, has something else than pages behind it, or they are more than a
            question takes.
    """
    found = [with_pages(name, pages) for each, pages in map(_with_choice, names) for name in matching(each)]
    if len(found) > MOST_AT_ONCE:
        raise SettingsError(
            f"{len(found)} files are more than the {MOST_AT_ONCE} that a question takes.",
            hint="Name their folder: it goes along as one text.",
        )
    return found


def _with_choice(name: str) -> tuple[str, str | None]:
    """Return a name without the pages that are chosen behind it, and these; a file that is called so has none."""
    path, pages = (name, None) if is_there(name) else without_pages(name)
    try:
        return path, None if pages is None else str(ChosenPages.parse(pages))
    except ValueError as error:
        raise SettingsError(f"{name}: {error}", hint="Choose pages as in report.pdf#pages=2-5,8.") from error


def is_there(name: str) -> bool:
    """Return whether there is a file of that name; a text that is too long for a name is none."""
    return os.path.exists(name)  # that of `Path` raises


def attached(backend: BackendClient, name: str, status: StatusLine) -> AttachmentInfo:
    """Send what `name` stands for, and tell what models do not get of it."""
    name, pages = _with_choice(name)
    path = Path(name)
    status.show(f"Sending {path.name or name} …" if name != STDIN else "Reading what is piped in …")
    if name == STDIN:
        attachment = backend.attach(BytesIO(sys.stdin.buffer.read(MAX_STDIN_BYTES)), name="stdin")
    elif name.startswith(ADDRESSES):
        attachment = _fetched(backend, name)
    elif path.is_dir():
        attachment = _of_folder(backend, path, status)
    else:
        attachment = _of_file(backend, path)
    status.clear()
    for text in attachment.notes:
        note(f"{attachment.name}: {text}")
    return attachment._replace(chosen=pages)


def matching(name: str) -> Iterator[str]:
    """Return what a name stands for: itself, or the files that it matches where it is a pattern.

    Raises:
        SettingsError: there is nothing of that name.
    """
    if name == STDIN or name.startswith(ADDRESSES) or is_there(name):
        yield name
        return
    matches = glob.glob(name, recursive=True) if glob.has_magic(name) else []
    found = [match for match in matches if Path(match).is_file() and not is_ignored(Path(match))]
    by_place = {
        Path(match).resolve(): match for match in sorted(found, key=len, reverse=True)
    }  # links may go in circles
    files = sorted(by_place.values())
    if not files:
        what = "matches no file" if glob.has_magic(name) else "is not there"
        raise SettingsError(f"{name} {what}.", hint="Name files, folders, or addresses that begin with http.")
    yield from files


def _of_file(backend: BackendClient, path: Path) -> AttachmentInfo:
    try:
        return backend.attach(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error


def _fetched(backend: BackendClient, address: str) -> AttachmentInfo:
    """Send what is at an address. It is fetched here, by who named it: the backend fetches nothing."""
    from chatapp.client.download import downloaded  # most questions name no address

    with downloaded(address) as (name, content):
        return backend.attach(content, name=name)


def _of_folder(backend: BackendClient, folder: Path, status: StatusLine) -> AttachmentInfo:
    text, others = as_text(folder, list(files_in(folder)))
    if not text:
        raise SettingsError(f"There is no text in {folder}.", hint="Name the files in it that you mean.")
    attachment = backend.attach(BytesIO(text.encode()), name=f"{folder.resolve().name or 'folder'}.md")
    if others:
        status.clear()
        more = f" and {len(others) - _NAMED_AT_MOST} more" if len(others) > _NAMED_AT_MOST else ""
        note(f"{folder}: Left out, as no text or too large: {', '.join(others[:_NAMED_AT_MOST])}{more}.")
    return attachment
