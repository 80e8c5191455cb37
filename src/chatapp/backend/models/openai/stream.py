"""One answer of an OpenAI-compatible server: bytes → events → chunks → batches.

Each chunk is decoded into the few fields we use: the `openai` package's own chunk objects cost more than everything
else a token passes through.
"""

import json
from typing import Any

import msgspec

from chatapp.backend.models.chat_model import Batch, TokenUsage
from chatapp.backend.models.openai.errors import error_from_body
from chatapp.backend.models.transport.sdk import Response
from chatapp.errors import EventTooLargeError, IncompleteAnswerError, UpstreamBadResponseError, UpstreamError
from chatapp.protocol.events import Reasoning, Text
from chatapp.protocol.sse import Decoder, ServerSentEvent


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    total_tokens: int | None = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None
    model: Any = None


_COMPRESSIONS = {"gzip", "x-gzip", "deflate", "br", "zstd"}

_decode_chunk = msgspec.json.Decoder(_Chunk).decode


class OpenAIStream:
    """The chunks of one chat completion, as batches of what one read held."""

    def __init__(self, response: Response, *, max_event_bytes: int) -> None:
        self.model: Any = None
        """What the server calls the model that answers, as it came."""
        self._response = response
        self._max_event_bytes = max_event_bytes
        self._decoder = Decoder(max_event_bytes=max_event_bytes)
        self._finish_reason: str | None = None
        self._half = ""
        self._is_over = False
        self._is_streamed = _content_type(response) == "text/event-stream"

    @classmethod
    async def open(cls, response: Response, *, max_event_bytes: int) -> "OpenAIStream":
        """Return the stream of a response that is one.

        Raises:
            UpstreamBadResponseError: the response is a web page or the like, or compressed.
        """
        if _content_type(response) not in {"text/event-stream", "application/json"}:
            await response.release()
            raise UpstreamBadResponseError(
                "the model server answered with something that is not a chat completion.", hint="Check BASE_URL."
            )
        if response.headers.get("content-encoding", "").lower() in _COMPRESSIONS:
            await response.release()
            raise UpstreamBadResponseError(
                "the answer came compressed, which it was asked not to be.", hint="Check what is in front of BASE_URL."
            )
        return cls(response, max_event_bytes=max_event_bytes)

    async def read(self) -> Batch:
        """Return what has come since the last read. What goes wrong behind the finish reason is no harm."""
        try:
            if self._is_streamed:
                data = await self._response.read()
                batch = self._batch(data) if data else Batch(failure=_broken_off())
            else:
                batch = await self._whole()
        except UpstreamError as error:
            batch = Batch(failure=error)
        if batch.failure is not None and self._finish_reason is not None:
            batch.failure, batch.is_last = None, True
        return batch

    async def close(self) -> None:
        """Hang up; an answer that was read to its end leaves its connection for the next one."""
        await self._response.release(is_over=self._is_over)

    async def _whole(self) -> Batch:
        """Return the answer of a server that does not stream."""
        data = await beginning(self._response, size=self._max_event_bytes)
        batch = self._batch(b"data: " + data.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n\n")
        batch.is_last = True
        if batch.finish_reason is None and not batch.failure and not batch.deltas():
            batch.failure = UpstreamBadResponseError("the model server sent no answer.")
        return batch

    def _batch(self, data: bytes) -> Batch:
        batch = Batch()
        try:
            for event in self._decoder.feed(data):
                if self._read(event, batch):
                    batch.is_last = True
                    break
        except EventTooLargeError:
            batch.failure = UpstreamBadResponseError("the model server sent an event that is too large.")
        except UpstreamError as error:
            batch.failure = error
        return batch

    def _read(self, event: ServerSentEvent, batch: Batch) -> bool:
        """Add one event to `batch` and return whether it was the last."""
        if event.data == b"[DONE]":
            self._is_over = True
            self._give_up_half(batch)
            return True
        chunk = _chunk_of(event.data)
        if chunk.error is not None or event.name == "error":
            raise error_from_body(chunk.error)
        self.model = self.model or chunk.model
        if chunk.usage is not None:
            batch.usage = _usage(chunk.usage)
        if chunk.choices:
            choice = chunk.choices[0]
            delta = choice.delta or choice.message
            if delta is not None:
                self._add(delta, batch)
            if choice.finish_reason:
                self._give_up_half(batch)
                self._finish_reason = batch.finish_reason = choice.finish_reason
        return False

    def _add(self, delta: _Delta, batch: Batch) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought and isinstance(thought, str):
            batch.add(Reasoning, _whole_characters(thought))
        text = delta.content or delta.refusal
        if text:
            if self._half or not text.isascii():
                text = self._join_halves(text)
            batch.add(Text, text)

    def _give_up_half(self, batch: Batch) -> None:
        """At the end, let half a character that stayed alone be seen as what it is."""
        if self._half:
            batch.add(Text, _whole_characters(self._half))
            self._half = ""

    def _join_halves(self, text: str) -> str:
        """Put together a character that the server cut into two \\u escapes of two chunks."""
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _whole_characters(text)


async def beginning(response: Response, *, size: int) -> bytes:
    """Return the body of a response that nothing else bounds: all of it, or what came until it passed `size` bytes."""
    data = bytearray()
    while len(data) <= size and (part := await response.read()):
        data += part
    return bytes(data)


def _content_type(response: Response) -> str:
    kind = response.headers.get("content-type", "text/event-stream")
    return kind.partition(";")[0].strip().lower()


def _broken_off() -> IncompleteAnswerError:
    return IncompleteAnswerError("the model's answer broke off.", hint="Ask again.")


def _whole_characters(text: str) -> str:
    """Return `text` with surrogate pairs joined, and lone halves, which UTF-8 cannot carry, replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _chunk_of(data: bytes) -> _Chunk:
    try:
        return _decode_chunk(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _unusual_chunk_of(data)


def _unusual_chunk_of(data: bytes) -> _Chunk:
    """Decode with the lenient parser: lone surrogates are no JSON for msgspec, but some servers send them."""
    try:
        return msgspec.convert(json.loads(data), _Chunk)
    except (ValueError, RecursionError) as error:
        raise UpstreamBadResponseError("the model server sent a chunk that cannot be read.") from error


def _usage(usage: _Usage) -> TokenUsage:
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    return TokenUsage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=usage.total_tokens or prompt + completion
    )
