"""The files of a folder that a person would show: without what `.gitignore` leaves out, and as one text."""

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MOST_BYTES = 4_000_000
"""Of the text of a folder: as much as a backend reads of any file."""

_FIRST = 8192
_NEVER = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"}


def files_in(folder: Path) -> Iterator[Path]:
    """Return the files below `folder`, by name. Links are not followed, and what git would ignore is left out.

    A folder that cannot be read stands for itself.
    """
    if not is_ignored(folder):
        yield from _below(folder)


def _below(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in found:
        path = Path(entry.path)
        if entry.is_symlink() or entry.name in _NEVER or _is_left_out(path, is_folder=entry.is_dir()):
            continue
        if entry.is_dir():
            yield from _below(path)
        elif entry.is_file():
            yield path


def is_ignored(path: Path) -> bool:
    """Return whether git would ignore `path`, or a folder that it is in."""
    return any(_is_left_out(place, is_folder=place != path or path.is_dir()) for place in (path, *path.parents))


def as_text(folder: Path, files: Sequence[Path]) -> tuple[str, list[str]]:
    """Return the text of `files`, each behind its place in `folder`, and the names of those that are no text."""
    from chatapp.documents import fenced  # most questions show no folder

    shown: list[str] = []
    others: list[str] = []
    room = MOST_BYTES
    for file in files:
        name = file.relative_to(folder).as_posix()
        text = _text_of(file, room)
        if text is None:
            others.append(name)
        else:
            room -= len(text.encode())
            shown.append(f"{name}\n{fenced(text, file.suffix.removeprefix('.'))}")
    return "\n\n".join(shown), others


def _text_of(file: Path, most_bytes: int) -> str | None:
    """Return the text in a file, None where it is none, cannot be read, or is more than there is room for."""
    try:
        with file.open("rb") as content:
            raw = content.read(_FIRST)
            if b"\0" in raw or file.stat().st_size > most_bytes:
                return None
            return (raw + content.read()).decode()
    except (OSError, UnicodeDecodeError):
        return None


def _is_left_out(path: Path, *, is_folder: bool) -> bool:
    """Return whether a `.gitignore` beside `path` or above it says so; of several the nearest counts."""
    for folder in path.absolute().parents:
        rules = _rules_of(folder)
        if rules is not None:
            place = path.absolute().relative_to(folder).as_posix()
            verdict = rules.check_file(f"{place}/" if is_folder else place).include
            if verdict is not None:
                return verdict
        if _has_git(folder):
            return False
    return False


def _has_git(folder: Path) -> bool:
    try:
        return (folder / ".git").exists()
    except OSError:  # one that may be listed and not entered
        return False


@cache
def _rules_of(folder: Path) -> "GitIgnoreSpec | None":
    from pathspec import GitIgnoreSpec  # most questions show no folder

    try:
        lines = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(lines)
