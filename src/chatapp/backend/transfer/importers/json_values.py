"""The conversations in a JSON file, one at a time: of a list, of a list in an object, or of one object a line."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from chatapp.backend.transfer.importers import cherry_studio, lobe_chat
from chatapp.backend.transfer.importers.budget import MAX_ELEMENT_CHARS, ImportBudget
from chatapp.backend.transfer.importers.fields import Json, mapping, sequence
from chatapp.backend.transfer.importers.json_text import JsonText, Readable, TooLargeError, UnreadableError, check_held

LIST = "conversations"
"""Where an object keeps them."""

_HOLDER = re.compile(r'"conversations"[ \t\r\n]*+:[ \t\r\n]*+\[')
_HEAD = 4096

_SESSION = "session:"
"""How the names of conversations in a backup of Chatbox begin."""

_STARTS, _HOLDING = '[{"', "[{"
_MOST_LEVELS = 3
"""Of a backup that is read in pieces: itself, a store in it, and a list in that. Each is tried as a whole first."""
PREFIX = 256
"""Characters by which a conversation that was read before is recognised."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value of a file. `why` is set where it cannot be read; `fingerprint` stands for its text."""

    value: Any = None
    fingerprint: str | None = None
    why: str | None = None


class Fingerprints:
    """The texts that were read before. They are recognised without being parsed again.

    The same characters from the beginning of a value to its end are the same value: its end need not be looked for.
    `salt` keeps those of one owner and of one version of the readers apart from others. `find` gives the fingerprint
    that begins with a prefix, where not all are to be `known`.
    """

    def __init__(
        self, known: Iterable[str] = (), *, salt: str = "", find: Callable[[str], str | None] | None = None
    ) -> None:
        self._salt = blake2b(salt.encode(errors="replace"), digest_size=32).digest()
        by_prefix = {fingerprint.partition("-")[0]: fingerprint for fingerprint in known}
        self._find = find or (by_prefix.get if by_prefix else None)

    def of(self, text: str) -> str:
        """Return the fingerprint of `text`."""
        return f"{self._prefix(text)}-{len(text):x}-{self._hash(text, 16)}"

    def here(self, text: JsonText) -> tuple[str, int] | None:
        """Return the fingerprint and the length of the known text that begins here."""
        if self._find is None or not text.has(PREFIX):
            return None
        known = self._find(self._prefix(text.window[text.at : text.at + PREFIX]))
        size = int(known.split("-")[1], 16) if known else 0
        if not known or not text.has(size) or self._hash(text.window[text.at : text.at + size], 16) != known[-32:]:
            return None
        return known, size

    def _prefix(self, text: str) -> str:
        return self._hash(text[:PREFIX], 8)

    def _hash(self, text: str, size: int) -> str:
        return blake2b(text.encode(errors="surrogatepass"), digest_size=size, key=self._salt).hexdigest()


class JsonValues:
    """Reads one file. `left_out` says why some parts of one large object cannot be read."""

    def __init__(self, file: Readable, budget: ImportBudget, known: Fingerprints) -> None:
        self._text, self._known = JsonText(file, budget), known
        self.left_out = list[str]()

    @property
    def weight(self) -> int:
        """What all that was read would take in memory."""
        return self._text.weight

    def __iter__(self) -> Iterator[Element]:
        """Return the values as they are read.

        Raises:
            UnreadableError: what follows is no JSON.
        """
        text, has_lines = self._text, None
        while start := text.peek():
            if start == "[":
                yield from self._list()
            elif start != "{":
                raise UnreadableError("it is no JSON")
            elif text.has(1) and _HOLDER.search(text.window, text.at, text.at + _HEAD):
                yield from self._holder()
            else:
                yield from _held(self._element(start, is_line=has_lines))
                has_lines = True

    def _list(self) -> Iterator[Element]:
        self._text.at += 1
        while (start := self._text.peek()) != "]":
            if not start:
                raise UnreadableError("the file ends in the middle")
            if start == ",":
                self._text.at += 1
            else:
                yield self._element(start)
        self._text.at += 1

    def _element(self, start: str, *, is_line: bool | None = False) -> Element:
        """Return what begins here. Of one that cannot be read its end is looked for, or the end of its line.

        With None it `is_line` where another value begins on the next line.
        """
        text = self._text
        known = self._known.here(text)
        if known is not None:
            text.at += known[1]
            return Element(fingerprint=known[0])
        try:
            value, written = text.value()
        except UnreadableError as error:
            if start not in _STARTS:
                raise
            if is_line or (is_line is None and text.is_line()):
                text.skip_line()
            elif is_line is None and isinstance(error, TooLargeError):
                return Element(self._in_pieces())
            else:
                text.skip()
            return Element(why=str(error))
        return Element(value, self._known.of(written) if start == "{" else None)

    def _in_pieces(self, level: int = 1) -> Any:
        """Return the object or list that begins here, too large to be read at once, without what in it is too large.

        Raises:
            UnreadableError: it ends in the middle, is no JSON, or is more than may be held of a file.
        """
        text, items, fields = self._text, list[Any](), Json()
        is_list = text.peek() == "["
        text.at += 1
        while (start := text.peek()) != ("]" if is_list else "}"):
            if not start:
                raise UnreadableError("it ends in the middle")
            if start == ",":
                text.at += 1
                continue
            if is_list:
                items.extend(self._piece(level))
            else:
                name = self._field_name()
                fields.update((name, value) for value in self._piece(level))
            check_held(2 * self.weight)  # what is held here is not made smaller yet
        text.at += 1
        return items if is_list else fields

    def _piece(self, level: int) -> Iterator[Any]:
        """Return the value that begins here, if it or what is in it can be read."""
        start = self._text.peek()
        try:
            yield self._text.value()[0]
        except TooLargeError as error:
            if start in _HOLDING and level < _MOST_LEVELS:
                yield self._in_pieces(level + 1)
            else:
                self._text.skip()
                self.left_out.append(str(error))

    def _holder(self) -> Iterator[Element]:
        """Return what is in the list of an object, or the object itself where it has none after all."""
        text, fields, has_list, size = self._text, {}, False, 0
        text.at += 1
        while (start := text.peek()) != "}":
            if start == ",":
                text.at += 1
                continue
            name = self._field_name()
            if text.peek() == "[" and name == LIST:
                has_list = True
                yield from self._list()
                continue
            fields[name], written = text.value()
            size += len(written)
            if size > MAX_ELEMENT_CHARS:
                raise UnreadableError("the file holds too much beside its conversations")
        text.at += 1
        if not has_list:
            yield Element(fields)

    def _field_name(self) -> str:
        name, _ = self._text.value()
        if not isinstance(name, str) or self._text.peek() != ":":
            raise UnreadableError("it is no JSON")
        self._text.at += 1
        return name


def _held(element: Element) -> Iterator[Element]:
    """Return what is in the list of a small object, or the object itself where it has none."""
    fields = mapping(element.value)
    if isinstance(fields.get(LIST), list):
        yield from (Element(value) for value in sequence(fields[LIST]))
    else:
        yield from [Element(value) for value in _otherwise_held(fields)] or [element]


def _otherwise_held(fields: Json) -> list[Any]:
    """Return what is in a backup of a program that keeps conversations elsewhere."""
    if {"indexedDB", "localStorage"} <= fields.keys():
        return [*cherry_studio.topics(fields)]
    state = mapping(fields.get("state")) or mapping(fields.get("data"))
    if {"messages", "topics"} <= state.keys():
        return [*lobe_chat.topics(state)]
    if {"version", "history"} <= fields.keys():
        return sequence(fields["history"])
    if {"success", "data"} <= fields.keys():
        return sequence(fields["data"])
    if "chat-next-web-store" in fields:
        return sequence(mapping(fields["chat-next-web-store"]).get("sessions"))
    sessions = [value for field, value in fields.items() if field.startswith(_SESSION) and isinstance(value, dict)]
    return sessions or sequence(mapping(fields.get("data")).get("chats"))
