"""JSON as it comes in, in pieces: a window of text that moves over a file of any size."""

import codecs
import json
import re
from typing import Any, Protocol

from chatapp.backend.transfer.importers.budget import (
    MAX_ELEMENT_CHARS,
    MAX_HELD,
    MAX_VALUES,
    VALUE_COST,
    ImportBudget,
)

CHUNK = 1024**2

_BLANKS = re.compile(r"[ \t\r\n]*+")
_OUTSIDE = re.compile(r'[^"\[\]{}]*+')
_BETWEEN = re.compile(r'(?:[^"\[\]{}]++|\[[^"\[\]{}]*+\]|\{[^"\[\]{}]*+\})*+')
"""Also whole lists and objects that hold no other and no text: a million of them one by one took seconds."""
_INSIDE = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_VALUES_UNCHECKED = 4 * CHUNK
_ENDS = '"]}'
_TAIL = 20
"""An error so near to the end of what was read may be one of the end alone."""
_BEHIND = 16 * 1024
"""Of text that was read no more stays before a value that cannot be: its error counts all lines before it."""


class UnreadableError(ValueError):
    """Something in a file is no JSON, or too large; the sentence says which."""


class TooLargeError(UnreadableError):
    """A value is too large to be read at once."""


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


class JsonText:
    """The text of a file from `at` on, as far as it was read. What is behind `at` is forgotten.

    `weight` is what all that was read would take in memory, as `MAX_HELD` counts.
    """

    def __init__(self, file: Readable, budget: ImportBudget) -> None:
        self.window, self.at, self.weight = "", 0, 0
        self._file, self._budget = file, budget
        self._encoding: str | None = None
        self._scan = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """Return the next character that is no blank, "" at the end, and go to it."""
        while True:
            blanks = _BLANKS.match(self.window, self.at)
            self.at = blanks.end() if blanks else self.at
            if self.at < len(self.window):
                return self.window[self.at]
            if not self._more(CHUNK):
                return ""

    def has(self, size: int) -> bool:
        """Return whether `size` characters follow, and have them in the window."""
        while len(self.window) - self.at < size:
            if not self._more(max(CHUNK, size - (len(self.window) - self.at))):
                return False
        return True

    def value(self) -> tuple[Any, str]:
        """Return the value that begins here with its text, and go to its end. NaN and half characters are kept.

        Raises:
            UnreadableError: there is none, or it is too large. Nothing was passed over.
        """
        while True:
            try:
                value, end = self._scan(self.window, self.at)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated string") or error.pos >= len(self.window) - _TAIL
                if not is_cut or not self._grow():
                    blanks = _BLANKS.match(self.window, error.pos)
                    is_end = error.msg.startswith("Unterminated string") or (
                        blanks and blanks.end() == len(self.window)
                    )
                    self._forget_behind()
                    raise UnreadableError("it ends in the middle" if is_end else "it is no JSON") from None
            except RecursionError:
                raise UnreadableError("it is nested too deeply") from None
            except ValueError:  # a number of more than 4300 digits
                raise UnreadableError("it holds a number that is too long") from None
            else:
                if end - self.at > MAX_ELEMENT_CHARS:
                    raise _too_large()
                text = self.window[self.at : end]
                if text[-1] in _ENDS or end < len(self.window) or not self._more(CHUNK):
                    self.at += len(text)
                    return value, text

    def skip(self) -> None:
        """Go behind the object, the list or the text that begins here, however large it is."""
        depth, is_inside = 0, False
        while self.has(1):
            between = _BETWEEN if depth else _OUTSIDE
            found = (_INSIDE if is_inside else between).match(self.window, self.at)
            self.at = found.end() if found else self.at
            mark = self.window[self.at : self.at + 1]
            if mark == "\\" and self.has(2):  # its second half had not been read
                self.at += 2
                continue
            self.at += len(mark)
            if mark == '"':
                is_inside = not is_inside
            elif mark:
                depth += 1 if mark in "[{" else -1
            if mark and depth <= 0 and not is_inside:
                return

    def is_line(self) -> bool:
        """Return whether an object begins on the next line, if that is not too far away: as in files of one a line."""
        size = 0
        while size < MAX_ELEMENT_CHARS and self.has(size + 1):
            end = self.window.find("\n", self.at + size)
            if end >= 0:
                size = end - self.at
                self.has(size + _TAIL)
                below = self.window[self.at + size : self.at + size + _TAIL]
                return below.lstrip(" \t\r\n").startswith("{")
            size = len(self.window) - self.at
        return False

    def skip_line(self) -> None:
        """Go behind the line that begins here."""
        while self.has(1):
            end = self.window.find("\n", self.at)
            self.at = end + 1 if end >= 0 else len(self.window)
            if end >= 0:
                return

    def _forget_behind(self) -> None:
        if self.at > _BEHIND:
            self.window, self.at = self.window[self.at :], 0

    def _grow(self) -> bool:
        """Read more of the value that begins here: as much again, so that its length is what it costs."""
        size = len(self.window) - self.at
        if size > MAX_ELEMENT_CHARS:
            raise _too_large()
        if size > _VALUES_UNCHECKED and values_in(self.window, self.at) > MAX_VALUES:
            raise TooLargeError(f"it holds more than {MAX_VALUES} values")
        return self._more(max(CHUNK, size))

    def _more(self, size: int) -> bool:
        """Read about `size` bytes more, and forget what is behind."""
        chunk = self._file.read(size)
        self._budget.unpack(len(chunk))
        text = self._decoded(chunk)
        self.weight += len(text) + VALUE_COST * values_in(text)
        self.window, self.at = self.window[self.at :] + text, 0
        return bool(chunk)

    def _decoded(self, chunk: bytes) -> str:
        """Return text, of UTF-8 or what else JSON may be in. What is none is replaced, character by character."""
        if self._encoding is None:
            encoding = json.detect_encoding(chunk)
            self._encoding = "utf-8-sig" if encoding == "utf-8" else encoding
            self._decoder = codecs.getincrementaldecoder(self._encoding)("surrogatepass")
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            lenient = codecs.getincrementaldecoder(self._encoding)("replace")
            lenient.setstate(state)
            text = lenient.decode(chunk, final=not chunk)
            self._decoder.setstate(lenient.getstate())
            return text


def values_in(text: str, start: int = 0) -> int:
    """Return about how many values a text of JSON holds, at least."""
    return sum(text.count(mark, start) for mark in ",[{")


def check_held(weight: int) -> None:
    """Go on, unless what is held of one file is too much.

    Raises:
        UnreadableError: it is.
    """
    if weight > MAX_HELD:
        raise UnreadableError("it is too large for a file of its kind")


def _too_large() -> TooLargeError:
    return TooLargeError(f"it is larger than {MAX_ELEMENT_CHARS // 1024**2} MiB")
