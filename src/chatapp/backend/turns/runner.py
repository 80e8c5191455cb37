"""How an answer is made: history → model → events → saved."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from pydantic_core import to_json

from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.models.chat_model import Batch, ChatModel, ModelRequest
from chatapp.backend.store import ModelCall
from chatapp.backend.turns.admissions import Admissions, CallGate
from chatapp.backend.turns.call_record import Asker, CallPricer, CallRecord, TurnObserver
from chatapp.backend.turns.context_fitter import ContextFitter, TokenScales
from chatapp.backend.turns.estimate import likely_usage, rough_usage
from chatapp.backend.turns.idle_timer import IdleTimer
from chatapp.backend.turns.record import TurnRecord
from chatapp.backend.turns.tool_calls import size_of
from chatapp.backend.turns.turn import STOPPED, Turn, final_status
from chatapp.backend.turns.usage_details import usage_details
from chatapp.config.settings import Settings
from chatapp.errors import (
    AnswerTooLongError,
    ChatappError,
    ContextLengthExceededError,
    InternalError,
    StoreUnavailableError,
    UpstreamParameterRefusedError,
    UpstreamTimeoutError,
)
from chatapp.protocol.events import Notice, Reasoning, Text, ToolCallDelta

CLOSING_S = 2.0
"""How long usage and [DONE] may take after the finish reason."""

LOGPROBS_WEIGH = 4
"""Of this many bytes of logprobs each one counts as the answer's: with twenty a token they are a hundred times it."""

SAVE_EVERY_S = 1.0
CLOCK_S = 0.01
"""By how much a timer may go off early: the event loop's clock counts milliseconds."""
SAVE_AGAIN_S = 2.0
"""How long to wait before the next try to save an answer that is whole, but could not be saved."""

log = logging.getLogger(__name__)


class TurnRunner:
    """Fills one turn from the model, within the deadlines and limits of the settings, and keeps its record."""

    def __init__(
        self,
        turn: Turn,
        request: ModelRequest,
        *,
        model: ChatModel,
        settings: Settings,
        record: TurnRecord | None = None,
        observers: Sequence[TurnObserver] = (),
        pricer: CallPricer | None = None,
        scales: TokenScales | None = None,
        gate: CallGate | None = None,
        wording: AttachmentWording | None = None,
    ) -> None:
        self._turn = turn
        self._fitter = ContextFitter(request, turn=turn, model=model, scales=scales, wording=wording)
        self._model = model
        self._settings, self._total_s = settings, settings.total_timeout
        self._record = record
        self._observers = observers
        self._pricer = pricer
        self._admissions = Admissions(gate, turn) if gate is not None and gate.concerns(turn.owner) else None
        self._calls: list[ModelCall] = []
        self._call: CallRecord
        self._task: asyncio.Task[None] | None = None
        self._held_cr = False
        self._has_content = False

    async def run(self) -> None:
        """Make the answer. Every way it can end is an end of the turn."""
        if self._record is not None:
            self._record.save_along(self._turn, every_s=SAVE_EVERY_S)
        try:
            failure = await self._filled()
        finally:
            self._turn.filled_by(None)  # a stop that comes now must not hide how the answer ended
            if self._record is not None:
                await self._record.stop_saving()
        if self._admissions is not None:
            await self._admissions.settle()
        await self._end(failure)

    async def _filled(self) -> ChatappError | None:
        """Make the answer and return what it ended with, None for nothing."""
        self._task = asyncio.current_task()
        self._turn.filled_by(self._task)
        try:
            with IdleTimer(self._fall_silent, at_most_s=self._total_s - self._turn.elapsed_s, listens=True) as due:
                await self._answer(due)
        except ChatappError as error:
            return error
        except asyncio.CancelledError:
            self._turn.finish_reason = self._turn.finish_reason or STOPPED
            return self._turn.stop_error
        return None

    async def _answer(self, deadline: IdleTimer) -> None:
        deadline.reset(self._settings.first_content_timeout)
        await self._fitter.fit()
        while True:
            try:
                return await self._read(deadline)
            except ContextLengthExceededError as error:
                if self._has_content or not await self._fitter.fit_again(error):
                    raise
            except UpstreamParameterRefusedError as error:
                if self._has_content or not await self._fitter.leave_out(error):
                    raise

    async def _read(self, deadline: IdleTimer) -> None:
        """Make one call to the model, and tell the observers what came of it."""
        if (admissions := self._admissions) is not None:
            await admissions.settle()
        self._turn.filled_by(self._task)
        request = self._fitter.request
        model = request.model or self._turn.model
        self._call = self._begun_call(request, model)
        if admissions is not None:
            request = replace(request, admit=admissions.admit(self._call.id, model=model))
        failure: ChatappError | None = InternalError("The call failed.")  # what a defect leaves behind
        try:
            await self._read_stream(request, deadline)
            failure = None
        except ChatappError as error:
            failure = error
            raise
        except asyncio.CancelledError:
            failure = self._turn.stop_error
            self._turn.finish_reason = self._turn.finish_reason or STOPPED
            raise
        finally:
            if admissions is not None:
                admissions.done(self._call.id)
            if admissions is None or admissions.is_made or self._call.is_told:
                self._tell_observers(failure)
            del failure  # its traceback holds this frame

    def _begun_call(self, request: ModelRequest, model: str) -> CallRecord:
        turn = self._turn
        asks_for_more = request.parameters or request.media or request.wire_messages
        prompt_bytes, media = request.prompt_bytes(), len(request.read_media())  # once: the journal asks each second
        return CallRecord(
            request.attempts,
            Asker(turn.owner, turn.id, turn.surface),
            model=model,
            guess=lambda: rough_usage(prompt_bytes, turn.said_bytes, media=media),
            call_id=None if self._calls else turn.id,  # to make one takes 3 us
            request=request if asks_for_more else None,  # what is text alone costs what its tokens do
            pricer=self._pricer,
            observers=self._observers,
        )

    def _tell_observers(self, failure: ChatappError | None) -> None:
        turn, attempts = self._turn, self._fitter.request.attempts
        if not attempts.connection:  # it did not come so far
            attempts.connection = self._model.connection_for(turn.model)
        if self._call.usage is None and self._call.is_accepted:
            calls = "".join([call.name + call.arguments for call in turn.tool_calls])
            self._call.estimate(likely_usage(self._fitter.request, turn.text + calls, turn.reasoning))
        self._calls += self._call.end(final_status(turn, failure), failure.code if failure else None)
        turn.usage_details = usage_details(self._calls, thinking_ms=self._call.thinking_ms)

    async def _read_stream(self, request: ModelRequest, deadline: IdleTimer) -> None:
        stream = await self._model.open(request)
        self._call.is_accepted = True
        try:
            for notice in stream.notices:
                self._turn.append(notice)
            self._turn.accept()
            asked_for = self._turn.model
            is_last = False
            while not is_last:
                batch = await stream.read()
                if not self._has_content:
                    self._turn.model = f"{stream.prefix}{stream.model}"
                is_last = self._take_batch(batch, deadline)
            self._fitter.learn(asked_for, self._call.usage)
        except ChatappError:
            self._turn.filled_by(None)  # a stop while it hangs up must not hide why
            raise
        finally:
            self._call.answered_model = stream.model
            self._turn.model = f"{stream.prefix}{stream.model}"
            await stream.close()

    def _take_batch(self, batch: Batch, deadline: IdleTimer) -> bool:
        """Add what a batch holds and return whether it was the last."""
        if batch.was_thought:
            self._turn.recast()
            self._call.thinks = True
        if batch.notices or batch.citations or batch.logprobs or batch.details:
            self._take_beside(batch)
        pieces = batch.deltas()
        if self._fitter.left_out and (pieces or batch.is_last):  # until now the server might still find it too long
            self._fitter.tell()
        for piece in pieces:
            self._add(piece)
        turn = self._turn
        if batch.usage is not None:
            turn.usage = batch.usage.told()
            self._call.usage = batch.usage
        if pieces or batch.finish_reason:  # content takes an earlier finish reason back
            turn.finish_reason = batch.finish_reason
        if batch.is_closing and not batch.is_last:
            deadline.reset(CLOSING_S)
        elif pieces or batch.finish_reason or (batch.is_alive and turn.finish_reason is None):
            deadline.reset(self._settings.gap_timeout if self._has_content else self._settings.first_content_timeout)
        if batch.failure is not None:
            raise batch.failure
        return batch.is_last

    def _take_beside(self, batch: Batch) -> None:
        """Tell what stands beside the words, and keep what is for those who asked for it; some send it unasked."""
        for beside in batch.beside():
            self._turn.append(beside)
        asked = self._fitter.request.parameters
        if batch.logprobs and asked.get("logprobs"):
            self._turn.logprobs += batch.logprobs
            self._turn.said_bytes += len(to_json(batch.logprobs)) // LOGPROBS_WEIGH
        if batch.details and asked.get("tools"):
            self._turn.reasoning_details += batch.details
            self._turn.said_bytes += len(to_json(batch.details))

    def _fall_silent(self) -> None:
        """End the answer because a deadline on its content has passed."""
        if self._turn.finish_reason is not None and self._has_content:
            self._turn.stop()
        elif self._turn.elapsed_s > self._settings.total_timeout - CLOCK_S:
            self._time_out("the answer took too long.", "Raise TOTAL_TIMEOUT to wait longer.")
        elif self._has_content:
            self._time_out("the model fell silent.", "Ask again, or raise GAP_TIMEOUT.")
        else:
            self._time_out("the model did not begin to answer in time.", "Ask again, or raise FIRST_CONTENT_TIMEOUT.")

    def _time_out(self, what: str, hint: str) -> None:
        hint = self._model.timeouts_for(self._turn.model).in_their_words(hint)
        self._turn.stop(UpstreamTimeoutError(what, hint=hint))

    def _add(self, piece: Text | Reasoning | ToolCallDelta) -> None:
        turn = self._turn
        if not self._has_content:
            self._has_content = True
            self._call.note_token()
            self._call.thinks = type(piece) is Reasoning
        if self._call.thinks and type(piece) is not Reasoning:
            self._call.note_said()
        if isinstance(piece, ToolCallDelta):
            turn.said_bytes += size_of(piece)
        else:
            kind, text = type(piece), piece.text
            if kind is Text and (self._held_cr or "\r" in text):
                piece = Text(text := self._with_line_feeds(text))
            if not text:
                return
            if "\0" in text:  # no store can hold it, and all readers are to read the same
                piece = kind(text := text.replace("\0", "\ufffd"))
            turn.said_bytes += len(text) if text.isascii() else len(text.encode())
        if turn.said_bytes > self._settings.max_answer_bytes:
            raise AnswerTooLongError("the answer is longer than allowed.", hint="Raise MAX_ANSWER_BYTES.")
        turn.append(piece)

    def _with_line_feeds(self, text: str) -> str:
        """Return `text` with CR and CRLF as LF; a CR at its end waits for what follows."""
        text = "\r" + text if self._held_cr else text
        self._held_cr = text.endswith("\r")
        return text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")

    async def _end(self, failure: ChatappError | None) -> None:
        """Save the answer, then end it for its readers; where it cannot be saved they learn so, and saving goes on."""
        if self._held_cr:
            self._turn.append(Text("\n"))
        latency_ms, record, is_saved = round(self._turn.elapsed_s * 1000), self._record, True
        if record is not None:
            try:
                await record.finish(self._turn, failure, latency_ms=latency_ms)
            except StoreUnavailableError as error:
                log.error("turn %s cannot be saved: %s", self._turn.id, error.detail)
                self._turn.append(Notice("not_saved", f"This answer is not saved yet. {error.detail}"))
                is_saved = False
        self._turn.end(failure, latency_ms=latency_ms)
        if record is not None and not is_saved:
            await record.finish_later(self._turn, failure, latency_ms=latency_ms, every_s=SAVE_AGAIN_S)
