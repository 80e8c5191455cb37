"""One answer of an OpenAI-compatible server: bytes → events → chunks → batches.

Reading is tolerant: what comes beside the answer never costs it. What the chunks come to is judged by `AnswerState`.
"""

from collections.abc import Sequence

from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.openai.answer_state import AnswerState
from chatapp.backend.models.openai.chunk import read_chunk, read_whole
from chatapp.backend.models.openai.failures import is_failure_name
from chatapp.backend.models.openai.finish_reasons import nothing_came
from chatapp.backend.models.openai.form import (
    COMPLETION_TYPES,
    DONE,
    Form,
    beginning,
    media_type,
    no_completion,
    recognised,
    require_uncompressed,
)
from chatapp.backend.models.openai.ordinary import UNREADABLE, decode_ordinary
from chatapp.backend.models.openai.pieces import unreadable
from chatapp.backend.models.transport.base import Response
from chatapp.errors import EventTooLargeError, IncompleteAnswerError, UpstreamBadResponseError, UpstreamError
from chatapp.protocol.sse import Decoder


class OpenAIStream:
    """The chunks of one chat completion, as batches of what one read held.

    `answer` is what they have come to. `is_well`: the last read has met no failure. `stop` ends the answer, for servers
    that leave it in.
    """

    def __init__(self, response: Response, *, max_event_bytes: int, stop: Sequence[str] = ()) -> None:
        self.answer = AnswerState(stop=stop)
        self.is_well = False
        self._response = response
        self._max_event_bytes = max_event_bytes
        self._decoder = Decoder(max_event_bytes=max_event_bytes, takes_json=True)
        self._frame = self.answer.frame
        self._form: Form | None = None
        self._head = b""
        self._is_flowing = self._is_plain = self._is_over = False

    @classmethod
    async def open(cls, response: Response, *, max_event_bytes: int, stop: Sequence[str] = ()) -> "OpenAIStream":
        """Return the stream of a response that is one, whatever its Content-Type says.

        Raises:
            UpstreamBadResponseError: the response is a web page or the like, or compressed.
        """
        stream = cls(response, max_event_bytes=max_event_bytes, stop=stop)
        try:
            require_uncompressed(response)
            if media_type(response) not in COMPLETION_TYPES:
                await stream._recognise()
        except BaseException as error:
            await response.release()
            if isinstance(error, IncompleteAnswerError):
                raise no_completion() from None
            raise
        return stream

    async def next_batch(self) -> Batch:
        """Return what has come since the last read. What breaks behind the finish reason is no harm."""
        batch = Batch()
        try:
            if not self._is_flowing:
                await self._begin(batch)
            elif data := await self._response.read():
                self._read_events(data, batch)
            else:
                self._end_of_body(batch)
        except EventTooLargeError:
            batch.failure = unreadable("the model server sent an event that is too large.")
        except UpstreamError as error:  # Hayhooks breaks off before the first byte, and tells why of a whole answer
            has_begun = self._form is not None or not isinstance(error, IncompleteAnswerError)
            batch.failure = error if has_begun else nothing_came(is_cut=True)
        if self.answer.usage is not None or batch.usage is not None or batch.failure is not None:
            self.answer.settle(batch)
        self.is_well = batch.failure is None
        return batch

    async def close(self) -> None:
        """Hang up; an answer that was read to its end leaves its connection for the next one."""
        await self._response.release(is_over=self._is_over)

    async def _begin(self, batch: Batch) -> None:
        """Read what comes first, and all of an answer that is not streamed."""
        if self._form is None:
            await self._recognise()
        if self._form is Form.JSON:
            await self._read_whole(batch)
        else:
            head, self._head, self._is_flowing = self._head, b"", True
            self._read_events(head, batch)

    async def _recognise(self) -> None:
        self._form, self._head = await recognised(self._response, await self._response.read())

    async def _read_whole(self, batch: Batch) -> None:
        """Read the answer of a server that does not stream, or that writes a chunk a line."""
        data = self._head + await beginning(self._response, size=self._max_event_bytes - len(self._head))
        if len(data) > self._max_event_bytes:
            raise EventTooLargeError("a body that is too large")
        for chunk in read_whole(data):
            self.answer.add(chunk, batch)
        if not self.answer.end_whole(batch):
            raise unreadable("the model server sent no answer.")
        batch.is_last = True

    def _read_events(self, data: bytes, batch: Batch) -> None:
        if (
            self._is_plain
            and len(data) <= self._max_event_bytes
            and (text := self._frame.text_in(data) or self._frame.texts_in(data))
        ):
            self.answer.add_text(text, batch)  # as almost always, for half of what it takes to find out step by step
            return
        self._is_plain = bool(plain := self._decoder.plain(data))
        for text, chunk in self._frame.parted(plain):
            if text:
                self.answer.add_text(text, batch)
            if chunk and self._add_event(chunk, "", batch):
                return
        for event in [] if plain else self._decoder.feed(data):
            if self._add_event(event.data, event.name, batch):
                return

    def _add_event(self, data: bytes, name: str, batch: Batch) -> bool:
        """Add an event and return whether it was the last."""
        is_added = self.answer.is_ordinary and not name and self._add_ordinary(data, batch)
        return not is_added and self._read_event(data, name, batch)

    def _add_ordinary(self, data: bytes, batch: Batch) -> bool:
        """Add a chunk if it is as almost all are: a piece of text, or of thought, and nothing else."""
        try:
            chunk = decode_ordinary(data)
        except UNREADABLE:
            return False
        if not self.answer.add_ordinary(chunk, batch):
            return False
        if chunk.usage is None and chunk.choices[0].delta.content:
            self._frame.learn(data)
        return True

    def _read_event(self, data: bytes, name: str, batch: Batch) -> bool:
        """Add an event that is not quite ordinary, and return whether it was the last."""
        said = data
        if not data.startswith(b"{"):
            said = data.strip().removeprefix(b"data:").strip()  # which some gateways put before it once more
            if said in DONE:
                self._is_over = True
                self.answer.end(batch, says_so=True)
                batch.is_last = True
                return True
            if not said and not is_failure_name(name):
                return False
        try:
            chunk = read_chunk(said, name)
        except UpstreamBadResponseError:
            if b"\n" not in data:
                raise
            return any(self._read_event(line, name, batch) for line in data.split(b"\n"))  # parted by one newline
        if chunk is not None:
            self.answer.add(chunk, batch)
        return False

    def _end_of_body(self, batch: Batch) -> None:
        """Take in that nothing more comes, and the last event that nothing has ended."""
        for event in self._decoder.end():
            try:
                if self._read_event(event.data, event.name, batch):
                    return
            except UpstreamBadResponseError:
                if self.answer.has_failed:
                    raise
        self.answer.end(batch, says_so=False)
        batch.is_last = True
