"""Writing for people and for pipes: a status line that goes away, and text that cannot command the terminal."""

import re
import shutil
import sys
from contextlib import suppress
from typing import TextIO

import typer

from chatapp.config import environment

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters, those of eight bits too, and what turns the order of letters around."""

_COMMAND_AT_END = re.compile(r"(?<=: )chatapp .*")


def is_terminal() -> bool:
    """Return whether a person reads the answer as it comes, on a terminal that can move its cursor."""
    return sys.stdout.isatty() and not is_dumb()


def is_dumb() -> bool:
    """Return whether the terminal shows what others obey, as Emacs' shell does."""
    return environment.value("TERM") == "dumb"


def has_colours() -> bool | None:
    """Return False where text is to have no colours (https://no-color.org), else None: it has them on a terminal."""
    return False if is_dumb() or environment.value("NO_COLOR") else None


def say(line: str, *, err: bool = False) -> None:
    """Print a line of a command that goes on where nobody reads it: a closed pipe is no reason to stop."""
    with suppress(OSError):
        typer.echo(line, err=err)


def printable(text: str) -> str:
    """Return `text` without the characters that a terminal would obey instead of showing."""
    return _COMMANDS.sub("", text)


def counted(count: int, what: str) -> str:
    """Return a number of things, and what they are."""
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def json_text(value: object) -> str:
    """Return `value` as JSON in which no character is one that a terminal would obey."""
    import json  # milliseconds that only --json needs

    text = json.dumps(value, ensure_ascii=False)
    return _COMMANDS.sub(lambda command: f"\\u{ord(command[0]):04x}", text)


def fitted(text: str, columns: int) -> str:
    """Return `text` cut to `columns` of a terminal, with an ellipsis where something is left out."""
    text = printable(text)
    if columns_of(text) <= columns:
        return text
    taken = 0
    for place, char in enumerate(text):
        taken += columns_of(char)
        if taken >= columns:
            return text[:place] + "…"
    return text


def wrapped(text: str) -> str:
    """Return what is said on stderr in lines of whole words, where it is a terminal.

    A command at the end of a line stays in one piece, so that it can be copied.
    """
    if not sys.stderr.isatty():
        return text
    columns = shutil.get_terminal_size().columns
    return "\n".join(_in_whole_words(line, columns) for line in text.split("\n"))


def _in_whole_words(line: str, columns: int) -> str:
    if columns_of(line) <= columns:
        return line
    from textwrap import wrap  # most lines fit

    whole = _COMMAND_AT_END.sub(lambda found: found[0].replace(" ", "\xa0"), line)
    indent = " " * (len(line) - len(line.lstrip(" ")))
    room = columns - len(indent)
    lines = wrap(whole.lstrip(" "), max(room, 1), break_long_words=False, break_on_hyphens=False)
    return "\n".join(indent + each for each in lines).replace("\xa0", " ")


def columns_of(text: str) -> int:
    """Return how many columns `text` takes: two for each character of East Asian scripts, none for an accent."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # a megabyte that few texts need

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


class StatusLine:
    """One line on stderr that says what is going on; it replaces itself, and nothing is written where nobody looks."""

    def __init__(self) -> None:
        self._is_shown = False

    def show(self, text: str) -> None:
        """Replace the line by `text`, cut to the terminal's width."""
        if sys.stderr.isatty() and not is_dumb():
            width = shutil.get_terminal_size().columns
            _draw(f"\x1b[2m{fitted(text, width - 1)}\x1b[0m")
            self._is_shown = True

    def clear(self) -> None:
        """Remove the line."""
        if self._is_shown:
            _draw("")
            self._is_shown = False


def _draw(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


class PlainAnswer:
    """Writes text to `file`, stdout by default, as it comes: to the character, unless a terminal would obey some."""

    def __init__(self, file: TextIO | None = None, *, is_dim: bool = False) -> None:
        self._file = file or sys.stdout
        self._last = "\n"
        self._is_seen = self._file.isatty()
        self._form = "\x1b[2m{}\x1b[0m" if is_dim else "{}"

    def add(self, text: str) -> None:
        """Write the next piece at once."""
        text = printable(text) if self._is_seen else text
        self._last = text[-1:] or self._last
        self._file.write(self._form.format(text))
        self._file.flush()

    def close(self) -> None:
        """End the last line."""
        if self._last != "\n":
            self.add("\n")
