"""One answer of an OpenAI-compatible server: bytes → events → chunks → batches.

Reading is tolerant: what comes beside the answer never costs it. Judging is strict: nothing that failed, and nothing
that may have been cut, is handed on as a whole answer.
"""

from collections.abc import Iterable

from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.openai.answer_text import AnswerText
from chatapp.backend.models.openai.chunk import Chunk, read_chunk, read_whole
from chatapp.backend.models.openai.citations import Cited
from chatapp.backend.models.openai.failures import is_failure_name
from chatapp.backend.models.openai.finish_reasons import as_openai_says, error_of_empty_answer, nothing_came
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
from chatapp.backend.models.openai.ordinary import UNREADABLE, ContentFrame, decode_ordinary
from chatapp.backend.models.openai.tool_calls import CallNumbers
from chatapp.backend.models.openai.usage import UsageFields, usage_in
from chatapp.backend.models.transport.base import Response
from chatapp.errors import EventTooLargeError, IncompleteAnswerError, UpstreamBadResponseError, UpstreamError
from chatapp.protocol.events import Reasoning, Text
from chatapp.protocol.sse import Decoder


class OpenAIStream:
    """The chunks of one chat completion, as batches of what one read held.

    `told_model` is what the server calls the model that answers, None as long as it does not say. `is_well`: the last
    read has met no failure. `stop` ends the answer, for servers that leave it in. `calls` are those of tools.
    """

    def __init__(self, response: Response, *, max_event_bytes: int, stop: Iterable[str] = ()) -> None:
        self.told_model: str | None = None
        self.is_well = False
        self._response = response
        self._max_event_bytes = max_event_bytes
        self._decoder = Decoder(max_event_bytes=max_event_bytes, takes_json=True)
        self._text = AnswerText(stop=stop)
        self.calls = CallNumbers()
        self._cited = Cited()
        self._frame = ContentFrame()
        self._form: Form | None = None
        self._head = b""
        self._usage: UsageFields | None = None
        self._tier: str | None = None
        self._finish_reason: str | None = None
        self._mentions_reason = self._is_counted = self._is_ordinary = self._is_flowing = self._is_plain = False
        self._was_taken_back = self._has_failed = self._is_over = self._is_told = False
        self._has_content = self._has_deltas = self._has_tokens = False

    @classmethod
    async def open(cls, response: Response, *, max_event_bytes: int, stop: Iterable[str] = ()) -> "OpenAIStream":
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
            batch.failure = UpstreamBadResponseError("the model server sent an event that is too large.")
        except UpstreamError as error:  # Hayhooks breaks off before the first byte, and tells why of a whole answer
            has_begun = self._form is not None or not isinstance(error, IncompleteAnswerError)
            batch.failure = error if has_begun else nothing_came(is_cut=True)
        if self._usage is not None:
            batch.usage, self._usage = usage_in(self._usage) or batch.usage, None
        if batch.usage is not None and self._tier is not None:
            batch.usage.service_tier = self._tier
        if batch.failure is not None:
            self._judge(batch)
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

    def _judge(self, batch: Batch) -> None:
        """Forgive what breaks behind a finish reason that nothing followed, unless the server says that it failed."""
        if self._finish_reason is not None and not self._was_taken_back and not self._has_failed:
            self._text.give_up_held(batch)
            batch.failure, batch.is_last = None, True

    async def _recognise(self) -> None:
        self._form, self._head = await recognised(self._response, await self._response.read())

    async def _read_whole(self, batch: Batch) -> None:
        """Read the answer of a server that does not stream, or that writes a chunk a line."""
        data = self._head + await beginning(self._response, size=self._max_event_bytes - len(self._head))
        if len(data) > self._max_event_bytes:
            raise EventTooLargeError("a body that is too large")
        for chunk in read_whole(data):
            self._take_chunk(chunk, batch)
        self._text.give_up_held(batch)
        batch.is_last = True
        if self._finish_reason is None and not self._has_content:
            raise UpstreamBadResponseError("the model server sent no answer.")
        self._check_emptiness()

    def _read_events(self, data: bytes, batch: Batch) -> None:
        if self._is_plain and len(data) <= self._max_event_bytes and (text := self._frame.text_in(data)):
            self._add_text(text, batch)  # as almost always, for half of what it takes to find that out step by step
            return
        self._is_plain = bool(plain := self._decoder.plain(data))
        for text, chunk in self._frame.parted(plain):
            if text:
                self._add_text(text, batch)
            if chunk and self._add_event(chunk, "", batch):
                return
        for event in [] if plain else self._decoder.feed(data):
            if self._add_event(event.data, event.name, batch):
                return

    def _add_event(self, data: bytes, name: str, batch: Batch) -> bool:
        """Add an event and return whether it was the last."""
        is_added = self._is_ordinary and not name and self._add_ordinary(data, batch)
        return not is_added and self._read_event(data, name, batch)

    def _add_ordinary(self, data: bytes, batch: Batch) -> bool:
        """Add a chunk if it is as almost all are: a piece of text, or of thought, and nothing else."""
        try:
            chunk = decode_ordinary(data)
        except UNREADABLE:
            return False
        if chunk.is_special or (chunk.names_pages and not self._cited) or (chunk.has_details and self.calls.known):
            return False
        text, thought = chunk.text, chunk.thought
        if text and not thought:
            self._add_text(text, batch)
        elif thought and not text and self._has_content:
            batch.add(Reasoning, thought)
        else:
            return False
        self._mentions_reason = self._mentions_reason or chunk.mentions_reason
        self._frame.blanks = 0
        if chunk.usage is not None:
            self._usage = chunk.usage
        elif text:
            self._frame.learn(data)
        return True

    def _add_text(self, text: str, batch: Batch) -> None:
        if not self._text.add_plain(text, batch):
            self._has_content = True
            self._text.add_piece(Text, text, batch)
            self._note_text(batch)

    def _note_text(self, batch: Batch) -> None:
        if self._text.is_cut:
            self._finish("stop", batch, is_closing=True)
        self._is_ordinary = self._finish_reason is None

    def _read_event(self, data: bytes, name: str, batch: Batch) -> bool:
        """Add an event that is not quite ordinary, and return whether it was the last."""
        said = data.strip().removeprefix(b"data:").strip()  # which some gateways put before it once more
        if said in DONE:
            self._is_over = True
            self._end(batch, says_so=True)
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
            self._take_chunk(chunk, batch)
        return False

    def _take_chunk(self, chunk: Chunk, batch: Batch) -> None:
        self.told_model = self.told_model or chunk.model
        self._tier = chunk.service_tier or self._tier
        self._mentions_reason = self._mentions_reason or chunk.mentions_reason
        self._has_deltas = self._has_deltas or chunk.has_delta
        batch.is_alive = batch.is_alive or chunk.is_alive or chunk.is_reading
        self._has_content = self._has_content or chunk.is_alive
        if chunk.usage is not None:
            batch.usage = chunk.usage
            self._is_counted = self._is_counted or chunk.is_last_count
            self._has_tokens = self._has_tokens or chunk.usage.completion_tokens > 0
        batch.logprobs += chunk.logprobs
        batch.details += chunk.details
        if chunk.notices and not self._is_told:
            batch.notices, self._is_told = chunk.notices, True
        if chunk.citations:
            batch.citations = [*batch.citations, *self._cited.new(chunk.citations)]
        is_said = self._take_pieces(chunk, batch)
        self._frame.blanks = 0 if is_said else self._frame.blanks + chunk.mentions_reason
        if chunk.failure is not None:
            self._has_failed = True
            raise chunk.failure
        if chunk.finish_reason is not None and not self._text.is_cut:
            self._finish(chunk.finish_reason, batch, is_closing=not is_said)
        self._note_text(batch)

    def _take_pieces(self, chunk: Chunk, batch: Batch) -> bool:
        """Add what is said and not what a message says again, and take an earlier finish reason back."""
        is_again = self._has_deltas and self._text.has_text and not chunk.has_delta
        pieces = [] if self._text.is_cut or is_again else [piece for piece in chunk.pieces if piece[1]]
        is_passed_over = self._text.is_cut or (is_again and self.calls.has_any)
        calls = [] if is_passed_over else list(map(self.calls.numbered, chunk.calls))
        if (pieces or calls) and self._finish_reason is not None:
            self._finish_reason = batch.finish_reason = None
            self._was_taken_back, self._is_counted, batch.is_closing = True, False, False
        self._has_content = self._has_content or bool(pieces or calls)
        for kind, text in pieces:
            self._text.add_piece(kind, text, batch)
        batch.add_calls(calls)
        return bool(pieces or calls)

    def _finish(self, reason: str, batch: Batch, *, is_closing: bool) -> None:
        """Note why the answer ends, if nothing follows. Gateways of Gemini say so in each chunk.

        Only a reason by itself, behind text and said for the first time, is to be relied on.
        """
        if self._text.is_cut and self._finish_reason is not None:
            return
        self._finish_reason = reason
        self._frame.forget()
        batch.finish_reason = as_openai_says(reason)
        batch.is_closing = is_closing and self._text.has_text and not self._was_taken_back
        if batch.is_closing:
            self._text.give_up_held(batch)

    def _end_of_body(self, batch: Batch) -> None:
        """Take in that nothing more comes, and the last event that nothing has ended."""
        for event in self._decoder.end():
            try:
                if self._read_event(event.data, event.name, batch):
                    return
            except UpstreamBadResponseError:
                if self._has_failed:
                    raise
        self._end(batch, says_so=False)
        batch.is_last = True

    def _end(self, batch: Batch, *, says_so: bool) -> None:
        """Refuse an answer that may have been cut, or is empty, at its end; `says_so`: the server has said [DONE].

        A server that writes `finish_reason: null` into its chunks knows the field: [DONE] without a reason is then how
        llama-cpp-python ends an answer that another request has interrupted. One that has counted the whole has ended
        it itself: Ollama and LightLLM never say why. Nor does NeMo Guardrails, whose last two chunks are blank.
        """
        self._text.give_up_held(batch)
        if self._finish_reason is None and not self._has_content:
            raise nothing_came()
        is_over = self._is_counted or self._frame.blanks > 1 or not self._mentions_reason
        if self._finish_reason is None and not (says_so and is_over):
            raise IncompleteAnswerError("the model's answer broke off.", hint="Ask again.")
        self._check_emptiness()

    def _check_emptiness(self) -> None:
        """Refuse an answer without a word, a thought, or a token that was counted, unless it may be so."""
        if self._finish_reason is None or self._has_content or self._has_tokens or self._text.can_be_cut:
            return
        if error := error_of_empty_answer(self._finish_reason):
            self._has_failed = True
            raise error
