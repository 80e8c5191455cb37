"""What the chunks of one answer come to: what was said, and whether it may end as it does.

Nothing that failed, and nothing that may have been cut, passes for a whole answer.
"""

from collections.abc import Sequence

from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.openai.answer_text import AnswerText
from chatapp.backend.models.openai.chunk import Chunk
from chatapp.backend.models.openai.citations import not_named_before
from chatapp.backend.models.openai.finish_reasons import as_openai_says, error_of_empty_answer, nothing_came
from chatapp.backend.models.openai.ordinary import ContentFrame, OrdinaryChunk
from chatapp.backend.models.openai.other_apis import not_our_api
from chatapp.backend.models.openai.tool_calls import CallNumbers
from chatapp.backend.models.openai.usage import UsageFields, usage_in
from chatapp.errors import ContextLengthExceededError, IncompleteAnswerError
from chatapp.protocol.events import Reasoning, Text


class AnswerState:
    """One answer as far as it has come.

    `told_model` is what the server calls the model that answers, None as long as it does not say. `calls` are those of
    tools. `frame` is what stands around its text. It `is_ordinary` while chunks of text are to be expected. `usage` is
    what was counted last and not told yet.
    """

    def __init__(self, *, stop: Sequence[str] = ()) -> None:
        self.told_model: str | None = None
        self.calls = CallNumbers()
        self.frame = ContentFrame()
        self.is_ordinary = False
        self.usage: UsageFields | None = None
        self.has_failed = False
        self._text = AnswerText(stop=stop)
        self._cited: set[str] = set()
        self._tier: str | None = None
        self._finish_reason: str | None = None
        self._was_taken_back = self._mentions_reason = self._is_counted = False
        self._has_content = self._has_deltas = self._has_tokens = self._is_told = False

    @property
    def has_begun(self) -> bool:
        """Whether a chunk has come that is part of it, if only a role."""
        return self._has_deltas or self._has_content

    def add_text(self, text: str, batch: Batch) -> None:
        """Add a piece of the answer, not empty."""
        if not self._text.add_plain(text, batch):
            self._has_content = True
            self._text.add_piece(Text, text, batch)
            self._look_for_stop(batch)

    def add_ordinary(self, chunk: OrdinaryChunk, batch: Batch) -> bool:
        """Add a chunk if it is a piece of text, or of thought, and nothing else; return whether it is."""
        choice = chunk.choices[0]
        delta = choice.delta
        if choice.finish_reason or choice.logprobs or delta.tool_calls or delta.annotations:
            return False
        if choice.error is not None or chunk.error is not None or (delta.reasoning_details and self.calls.known):
            return False
        if (chunk.citations or chunk.search_results) and not self._cited:
            return False
        text, thought = delta.content, delta.reasoning_content or delta.reasoning
        if text and not thought:
            self.add_text(text, batch)
        elif thought and not text and self._has_content:
            batch.add(Reasoning, thought)
        else:
            return False
        self._mentions_reason = self._mentions_reason or choice.finish_reason is None
        self.frame.blanks = 0
        self.usage = chunk.usage or self.usage
        return True

    def add(self, chunk: Chunk, batch: Batch) -> None:
        """Add what a chunk holds.

        Raises:
            UpstreamError: that it failed.
        """
        self.told_model = self.told_model or chunk.model
        self._tier = chunk.service_tier or self._tier
        self._mentions_reason = self._mentions_reason or chunk.mentions_reason
        self._has_deltas = self._has_deltas or chunk.has_delta
        if chunk.usage is not None:
            batch.usage = chunk.usage
            self._is_counted = self._is_counted or chunk.is_last_count
            self._has_tokens = self._has_tokens or chunk.usage.completion_tokens > 0
        if chunk.says_more:
            self._add_beside(chunk, batch)
        is_said = bool(chunk.pieces or chunk.calls) and self._add_pieces(chunk, batch)
        self.frame.blanks = 0 if is_said else self.frame.blanks + chunk.mentions_reason
        if chunk.failure is not None:
            if not self._has_run_out(chunk):
                self.has_failed = True
                raise chunk.failure
            chunk.finish_reason = "length"
        if chunk.other_api is not None and not self._has_content:
            raise not_our_api(chunk.other_api)
        if chunk.finish_reason is not None and not self._text.is_cut:
            self._finish(chunk.finish_reason, batch, is_closing=not is_said)
        self._look_for_stop(batch)

    def settle(self, batch: Batch) -> None:
        """Tell what was counted, and forgive what breaks behind a finish reason that nothing followed.

        Unless the server says that it failed.
        """
        if self.usage is not None:
            batch.usage, self.usage = usage_in(self.usage) or batch.usage, None
        if batch.usage is not None and self._tier is not None:
            batch.usage.service_tier = self._tier
        is_whole = self._finish_reason is not None and not self._was_taken_back and not self.has_failed
        if batch.failure is not None and is_whole:
            self._text.give_up_held(batch)
            batch.failure, batch.is_last = None, True

    def end(self, batch: Batch, *, says_so: bool) -> None:
        """Refuse an answer that may have been cut, or is empty, at its end; `says_so`: the server has said [DONE].

        A server that writes `finish_reason: null` into its chunks knows the field: [DONE] without a reason is then how
        llama-cpp-python ends an answer that another request has interrupted. One that has counted the whole has ended
        it itself: Ollama and LightLLM never say why. Nor does NeMo Guardrails, whose last two chunks are blank.

        Raises:
            UpstreamError: as it says.
        """
        self._text.give_up_held(batch)
        if self._finish_reason is None and not self._has_content:
            raise nothing_came()
        is_over = self._is_counted or self.frame.blanks > 1 or not self._mentions_reason
        if self._finish_reason is None and not (says_so and is_over):
            raise IncompleteAnswerError("the model's answer broke off.", hint="Ask again.")
        self._require_words()

    def end_whole(self, batch: Batch) -> bool:
        """End an answer that is not streamed; return False where there is none.

        Raises:
            UpstreamError: it is empty.
        """
        self._text.give_up_held(batch)
        if self._finish_reason is None and not self._has_content:
            return False
        self._require_words()
        return True

    def _has_run_out(self, chunk: Chunk) -> bool:
        """Return whether a failure only says why the answer is cut.

        Hermes Agent explains each answer that has reached its longest length; Rapid-MLX finds the conversation too long
        once the answer has filled the window.
        """
        if not chunk.finish_reason:
            return self._has_content and isinstance(chunk.failure, ContextLengthExceededError)
        return chunk.finish_reason == "length"

    def _add_beside(self, chunk: Chunk, batch: Batch) -> None:
        batch.is_alive = batch.is_alive or chunk.is_alive or chunk.is_reading
        self._has_content = self._has_content or chunk.is_alive
        batch.logprobs += chunk.logprobs
        batch.details += chunk.details
        if chunk.notices and not self._is_told:
            batch.notices, self._is_told = chunk.notices, True
        if chunk.citations:
            batch.citations = [*batch.citations, *not_named_before(chunk.citations, self._cited)]

    def _add_pieces(self, chunk: Chunk, batch: Batch) -> bool:
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

    def _look_for_stop(self, batch: Batch) -> None:
        if self._text.is_cut:
            self._finish("stop", batch, is_closing=True)
        self.is_ordinary = self._finish_reason is None

    def _finish(self, reason: str, batch: Batch, *, is_closing: bool) -> None:
        """Note why the answer ends, if nothing follows. Gateways of Gemini say so in each chunk.

        Only a reason by itself, behind text and said for the first time, is to be relied on.
        """
        if self._text.is_cut and self._finish_reason is not None:
            return
        self._finish_reason = reason
        self.frame.forget()
        batch.finish_reason = as_openai_says(reason)
        batch.is_closing = is_closing and self._text.has_text and not self._was_taken_back
        if batch.is_closing:
            self._text.give_up_held(batch)

    def _require_words(self) -> None:
        """Refuse an answer without a word, a thought, or a token that was counted, unless it may be so."""
        if self._finish_reason is None or self._has_content or self._has_tokens or self._text.can_be_cut:
            return
        if error := error_of_empty_answer(self._finish_reason):
            self.has_failed = True
            raise error
