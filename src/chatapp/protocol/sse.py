"""Server-sent events both ways: bytes in, events out, no sockets.

The format is https://html.spec.whatwg.org/multipage/server-sent-events.html. Answer text travels raw in unnamed
events; everything else is JSON in named events, written `data:{…}` without the optional space, so that a client which
only looks for lines starting with `data: ` sees nothing but the answer.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

from chatapp.errors import BackendProtocolError, EventTooLargeError
from chatapp.protocol.events import Citation, Done, Event, Failed, Notice, Reasoning, Start, Text, ToolCallDelta

KEEP_ALIVE = b": keep-alive\n\n"
"""A comment: every parser drops it, and the connection is seen to be alive."""

_KINDS: dict[str, type[Event]] = {
    "start": Start,
    "reasoning": Reasoning,
    "tool_call": ToolCallDelta,
    "citation": Citation,
    "notice": Notice,
    "done": Done,
}
_TOLD = {kind: [field.name for field in fields(kind) if field.name != "extra"] for kind in _KINDS.values()}
_WRITTEN = {kind: (name.encode(), _TOLD[kind], attrgetter(*_TOLD[kind])) for name, kind in _KINDS.items()}


def _as_json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class ServerSentEvent(NamedTuple):
    """One event as it was on the wire; `name` is empty for an unnamed one, `id` is the last one seen."""

    data: bytes
    name: str = ""
    id: str = ""


def encode(event: Event, position: int, *, as_json: Callable[[Any], bytes] = _as_json) -> bytes:
    """Return the bytes of one event; `position` is where a reader stands once it has it.

    `as_json` may be an encoder that is faster than the standard library's, and has no blanks either.
    """
    if isinstance(event, Text):
        return encode_text(event.text, position)
    if isinstance(event, Reasoning):
        name, body = b"reasoning", {"text": event.text}
    elif isinstance(event, Failed):
        name, body = b"error", event.error
    else:
        name, told, values = _WRITTEN[type(event)]
        body = dict(zip(told, values(event), strict=True))
        if isinstance(event, Done) and event.model is None:
            del body["model"]
    return b"id: %d\nevent: %b\ndata:%b\n\n" % (position, name, as_json(body))


def encode_text(text: str, position: int) -> bytes:
    """Return the bytes of an unnamed event; `text` has no CR."""
    if "\n" in text:
        text = text.replace("\n", "\ndata: ")
    return f"id: {position}\ndata: {text}\n\n".encode()


class Decoder:
    """Turns bytes, cut anywhere, into the events they hold. An event that the stream does not finish is dropped.

    `takes_json`: a line that is an object by itself is data too, though no field's name is before it, and the field
    `error` is an event of that name, as llama.cpp wrote until 2025.
    """

    def __init__(self, *, max_event_bytes: int = 16 * 1024 * 1024, takes_json: bool = False) -> None:
        self._max_event_bytes = max_event_bytes
        self._bare = b'{"' if takes_json else b"\n"  # which no line has
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._after_cr = False
        self._at_start = True
        self._data: list[bytes] = []
        self._size = 0
        self._name = ""
        self._id = ""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Return the events that `data` completes, oldest first, may be empty.

        Raises:
            EventTooLargeError: an event passes `max_event_bytes`.
        """
        if plain := self.plain(data):
            return [ServerSentEvent(piece, "", self._id) for piece in plain]
        events: list[ServerSentEvent] = []
        for line in self._lines(data):
            self._take(line, events)
        if self._size + self._rest_size > self._max_event_bytes:
            raise EventTooLargeError(f"An event is larger than {self._max_event_bytes} bytes.")
        return events

    def plain(self, data: bytes) -> list[bytes]:
        """Return what the events hold, as `feed` would, if all are whole, unnamed and of one line; else none is taken.

        So do model servers send them, and to make an object of each takes longer than to find it.
        """
        is_between_events = not (self._rest or self._data or self._name)
        if not is_between_events or len(data) > self._max_event_bytes:
            return []
        if plain := _plain_events(data):
            self._after_cr = self._at_start = False
        return plain

    def end(self) -> list[ServerSentEvent]:
        """Return the event that the stream has begun and not ended, if there is one.

        The specification drops it. For whoever knows that the stream was not cut it is the last.
        """
        events: list[ServerSentEvent] = []
        if self._rest:
            self._take(self._completed(b""), events)
        self._dispatch(events)
        return events

    def _lines(self, data: bytes) -> list[bytes]:
        if not data:
            return []
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *others = data.split(b"\n")
        lines = [self._completed(first), *others[:-1]] if others else []
        self._keep(others[-1] if others else first)
        if self._at_start and lines:
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            self._at_start = False
        return lines

    def _completed(self, end: bytes) -> bytes:
        line = b"".join([*self._rest, end])
        self._rest, self._rest_size = [], 0
        return line

    def _keep(self, beginning: bytes) -> None:
        if beginning:
            self._rest.append(beginning)
            self._rest_size += len(beginning)

    def _take(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if not line:
            self._dispatch(events)
            return
        field, _, value = (b"data", b"", line) if line.startswith(self._bare) else line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
            if self._size > self._max_event_bytes:
                raise EventTooLargeError(f"An event is larger than {self._max_event_bytes} bytes.")
        elif field == b"error" and self._bare != b"\n":
            self._name = "error"
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            events.append(ServerSentEvent(b"\n".join(self._data), self._name, self._id))
        self._data, self._size, self._name = [], 0, ""


def _plain_events(data: bytes) -> list[bytes]:
    """Return the events of `data` if all are whole, unnamed and of one line, as model servers send them; else none."""
    if not (data.startswith(b"data: ") and data.endswith(b"\n\n")) or b"\r" in data:
        return []
    events = data[6:-2].split(b"\n\ndata: ")
    return [] if b"\n" in b"".join(events) else events  # to count them takes ten times as long


def parse_event(raw: ServerSentEvent) -> Event | None:
    """Return the event that our backend meant, or None for a name that this version does not know.

    Raises:
        BackendProtocolError: the JSON of a named event cannot be read.
    """
    if raw.name in {"", "message"}:
        return Text(raw.data.decode(errors="replace"))
    try:
        if raw.name == "error":
            return Failed(_object(raw.data))
        kind = _KINDS.get(raw.name)
        return kind(**_known(kind, _object(raw.data))) if kind else None
    except (ValueError, TypeError, RecursionError) as error:
        raise BackendProtocolError(f"The backend sent a {raw.name!r} event that cannot be read.") from error


def _object(data: bytes) -> dict[str, Any]:
    body = json.loads(data)
    if not isinstance(body, dict):
        raise TypeError("not a JSON object")
    return body


def _known(kind: type[Event], body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a newer backend may have added."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in body.items() if name in names}
