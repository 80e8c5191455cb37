"""The lines of a file of text, in UTF-8, UTF-16 or a code page of Windows."""

import codecs
from collections.abc import Iterator
from functools import partial
from itertools import chain

from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.json_text import CHUNK, Readable, UnreadableError

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def first_line(head: bytes) -> str:
    """Return the first line that says something, as far as it is in what a file begins with."""
    return next(iter(head.decode(_encoding(head), errors="replace").strip().splitlines()), "")


def lines_of(file: Readable, budget: ImportBudget) -> Iterator[str]:
    r"""Return the lines, each with its `\n`.

    Raises:
        StoppedError: the budget is used up.
        UnreadableError: a line is too long.
    """
    chunk, pending = file.read(CHUNK), ""
    encoding = _encoding(chunk)
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    for text in codecs.iterdecode(chain([chunk], iter(partial(file.read, CHUNK), b"")), encoding, errors):
        budget.unpack(len(text))
        *lines, pending = (pending + text).split("\n")
        yield from (_readable(line).removesuffix("\r") + "\n" for line in lines)
        if len(pending) > MAX_ELEMENT_CHARS:
            raise UnreadableError("a line of it is too long")
    yield _readable(pending)


def _encoding(head: bytes) -> str:
    return "utf-16" if head.startswith(_WIDE) else "utf-8-sig"


def _readable(line: str) -> str:
    """Return a line, one of a code page of Windows too, as Excel saves them, in which no letter is right as UTF-8."""
    if line.isascii():
        return line
    raw = line.encode(errors="surrogateescape")
    text = raw.decode(errors="replace")
    is_of_windows = text != line and all(char.isascii() or char == "\ufffd" for char in text)
    return raw.decode("cp1252", errors="replace") if is_of_windows else text
