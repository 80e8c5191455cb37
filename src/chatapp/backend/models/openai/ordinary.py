"""Chunks of a chat completion as OpenAI sends them, decoded into the few fields that are used.

Almost every chunk is one: the `openai` package's own objects cost more than everything else a token passes through.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from chatapp.backend.models.openai.usage import UsageFields


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: Any = None
    annotations: Any = None
    reasoning_details: Any = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    error: Any = None
    logprobs: Any = None


class OrdinaryChunk(msgspec.Struct, gc=False):
    """A chunk of one choice as OpenAI sends it; what it holds else is not decoded."""

    choices: tuple[_Choice]
    usage: UsageFields | None = None
    error: Any = None
    citations: Any = None
    search_results: Any = None


decode_ordinary = msgspec.json.Decoder(OrdinaryChunk).decode
"""Read a chunk if it is an ordinary one; raises what `UNREADABLE` lists if it is not."""


class _PlainDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: str | None = None
    content: str | None = None
    refusal: None = None
    reasoning_content: None = None
    reasoning: None = None
    tool_calls: None = None


class _PlainChoice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    delta: _PlainDelta
    index: int = 0
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    logprobs: Any = None


class PlainChunk(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A chunk with the fields of OpenAI's own, of which all are known: it says nothing that has to be looked for."""

    choices: list[_PlainChoice]
    id: Any = None
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: Any = None
    model: str | None = None
    service_tier: Any = None
    system_fingerprint: Any = None
    usage: UsageFields | None = None
    obfuscation: Any = None


decode_plain = msgspec.json.Decoder(PlainChunk).decode
"""Read a chunk if there is nothing special about it; raises what `UNREADABLE` lists if there is."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode_text = msgspec.json.Decoder(str).decode
_decode_texts = msgspec.json.Decoder(list[str]).decode

MOST_FRAMES = 4
"""So many frames of no use are looked at: OpenAI pads each chunk with letters by chance."""


class _RawDelta(msgspec.Struct):
    content: msgspec.Raw


class _RawChoice(msgspec.Struct):
    delta: _RawDelta


class _RawChunk(msgspec.Struct):
    choices: tuple[_RawChoice]


_decode_raw = msgspec.json.Decoder(_RawChunk).decode


class ContentFrame:
    """What stands around the text in a chunk. Most servers repeat it, byte by byte, from one to the next.

    Another string between the same two pieces of JSON makes a chunk that differs in that string alone. To read it by
    itself takes a third of the time. `blanks` are the chunks with no text behind the last that has some.
    """

    __slots__ = ("_begin", "_between", "_end", "_head", "_is_of_use", "_misses", "_tail", "_text", "blanks")

    def __init__(self) -> None:
        self._head = self._tail = self._begin = self._between = self._end = b"\0"  # which no JSON has
        self._text = slice(0)
        self._misses = self.blanks = 0
        self._is_of_use = False

    def text_in(self, event: bytes) -> str:
        """Return the text of what is one event of this frame and nothing else; empty for all that may be more."""
        if event.startswith(self._begin) and event.endswith(self._end):
            try:
                text = _decode_text(event[self._text])
            except UNREADABLE:
                return ""
            self._is_of_use = True
            if text:
                self.blanks = 0
            return text
        return ""

    def texts_in(self, events: bytes) -> str:
        """Return the text of several events of this frame and nothing else; empty for all that may be more.

        They are read as one list. No string can hold the newlines in it, so none becomes part of its neighbour.
        """
        if not (events.startswith(self._begin) and events.endswith(self._end)):
            return ""
        strings = events[self._text].split(self._between)
        try:
            texts = _decode_texts(b"[%b]" % b",\n".join(strings))
        except UNREADABLE:
            return ""
        if len(texts) != len(strings) or not texts[-1]:
            return ""
        self._is_of_use = True
        self.blanks = 0
        return "".join(texts)

    def parted(self, chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
        """Yield each chunk of another frame behind the text of those before it that have this one.

        The last of these stands before nothing. What is learned meanwhile holds for what follows.
        """
        texts: list[str] = []
        for data in chunks:
            if data.startswith(self._head) and data.endswith(self._tail):
                try:
                    texts.append(text := _decode_text(data[len(self._head) : -len(self._tail)]))
                    self.blanks = 0 if text else self.blanks + 1
                    continue
                except UNREADABLE:
                    pass
            if texts:
                self._is_of_use = True
                yield "".join(texts), data
                texts = []
            else:
                yield "", data
        if texts:
            self._is_of_use = True
            yield "".join(texts), b""

    def learn(self, data: bytes) -> None:
        """Take the frame of a chunk, which says some text and nothing else, for that of those to come."""
        self._misses = 1 if self._is_of_use else self._misses + 1
        if self._misses > MOST_FRAMES:
            return
        raw = bytes(_decode_raw(data).choices[0].delta.content)
        if data.count(raw) == 1:  # else nobody could tell which is the text
            self._head, _, self._tail = data.partition(raw)
            self._begin, self._end = b"data: " + self._head, self._tail + b"\n\n"
            self._between = self._end + self._begin
            self._text = slice(len(self._begin), -len(self._end))
            self._is_of_use = False

    def forget(self) -> None:
        """Let no chunk have this frame any more."""
        self._head = self._begin = b"\0"
