"""An answer on its way: the stream of one response, and who makes it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.cooldown import pause_before_retry
from chatapp.backend.models.openai.dialect import MOST_FORMS
from chatapp.backend.models.openai.liveness import Liveness
from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.errors import (
    IncompleteAnswerError,
    UpstreamError,
    UpstreamParameterRefusedError,
    UpstreamUnavailableError,
)
from chatapp.protocol.events import Notice

Ask = Callable[[], Awaitable[OpenAIStream]]
Reword = Callable[[UpstreamParameterRefusedError], Awaitable[OpenAIStream | None]]


class OpenAIAnswer:
    """What one question got from one connection.

    `asked_for` is what the server calls the model that goes by `goes_by` here. `ask_whole` asks it again without
    streaming: llama-cpp-python says nothing at all where it streams, but does say then that a conversation is too long.
    It is called only where nothing came; where the connection broke, only of a server that `is_free`, as another may
    have the lost answer paid for. `ask_again` asks it as it was asked, where it said first of all that it is
    overloaded or asked too often, as others say by their status. One of the two is called, once at most. `reword` asks
    in another form, if there is one, where a parameter is refused in the stream; `tell` returns what readers are to
    know of the form. `explained` returns a failure with its cause, as far as we know it.
    """

    def __init__(
        self,
        stream: OpenAIStream,
        *,
        connection: str,
        asked_for: str,
        goes_by: str,
        tell: Callable[[], list[Notice]],
        liveness: Liveness,
        attempts: Attempts,
        ask_whole: Ask,
        ask_again: Ask,
        reword: Reword,
        is_free: bool,
        explained: Callable[[UpstreamError], UpstreamError],
    ) -> None:
        self.connection = connection
        self.prefix = ""
        self.notices = tell()
        self._stream = stream
        self._asked_for = asked_for
        self._goes_by = goes_by
        self._liveness: Liveness | None = liveness
        self._told_model: str | None = None
        self._model = goes_by
        self._attempts = attempts
        self._ask_whole: Ask | None = ask_whole
        self._ask_again = ask_again
        self._reword = reword
        self._tell = tell
        self._is_free = is_free
        self._explained = explained

    @property
    def model(self) -> str:
        """The model that answers."""
        told = self._stream.answer.told_model
        if told != self._told_model:
            answers = answering_model(self._asked_for, told)
            self._told_model, self._model = told, self._goes_by if answers == self._asked_for else answers
        return self._model

    def read(self) -> Coroutine[Any, Any, Batch]:
        """Return what has come since the last read; once something has, of the stream alone, which is read often."""
        return self._stream.next_batch() if self._ask_whole is None else self._read_first()

    async def _read_first(self) -> Batch:
        batch = await self._stream.next_batch()
        for _ in range(MOST_FORMS - 1):
            if not isinstance(batch.failure, UpstreamParameterRefusedError) or batch.deltas():
                break
            batch = await self._reworded(batch.failure)
        if batch.failure is not None:
            batch = await self._second_try(batch.failure) or batch
            batch.failure = self._explained(batch.failure) if batch.failure else None
        elif batch.is_alive or batch.deltas():
            self._ask_whole = None
        return batch

    async def close(self) -> None:
        """Hang up."""
        liveness, self._liveness = self._liveness, None
        if liveness is not None:
            liveness.end(is_well=self._stream.is_well)
        await self._stream.close()

    async def _reworded(self, failure: UpstreamParameterRefusedError) -> Batch:
        """Return what comes of the question in another form, or `failure` where there is none."""
        try:
            if (stream := await self._reword(failure)) is None:
                return Batch(failure=failure)
        except UpstreamError as error:
            return Batch(failure=error)
        refused, self._stream = self._stream, stream
        await refused.close()
        batch = await stream.next_batch()
        batch.notices = [*(notice for notice in self._tell() if notice not in self.notices), *batch.notices]
        return batch

    async def _second_try(self, failure: UpstreamError) -> Batch | None:
        """Return the answer to the one further try, or why there is none; None where the server still does not say."""
        lost = failure if isinstance(failure, IncompleteAnswerError) and failure.is_empty else None
        pause_s = pause_before_retry(failure) if _is_refusal(failure, self._stream) else None
        if (ask_whole := self._ask_whole) is None or not (lost or pause_s):
            return None
        if lost and lost.is_cut and not self._is_free:
            return None
        self._ask_whole = None
        await self._stream.close()
        self._attempts.fail(failure)
        try:
            if pause_s:
                await asyncio.sleep(pause_s)
            self._stream = await (self._ask_again() if pause_s else _asked_whole(ask_whole))
        except UpstreamError as error:
            return Batch(failure=error)
        batch = await self._stream.next_batch()
        return batch if batch.deltas() or pause_s else None


def _is_refusal(failure: UpstreamError, stream: OpenAIStream) -> bool:
    """Return whether a stream holds nothing but a failure that is explained, as a refusal would."""
    return not failure.is_unexplained and not stream.answer.has_begun


async def _asked_whole(ask_whole: Ask) -> OpenAIStream:
    """Return the whole answer. llama-cpp-python closes the connection behind a stream that is empty, without a word."""
    try:
        return await ask_whole()
    except UpstreamUnavailableError:
        return await ask_whole()


def answering_model(asked_for: str, named: str | None) -> str:
    """Return the name of the model that answers, where the server says `named`.

    A date, a tag or a path around the name that was asked for is no other model: `gpt-4o-2024-08-06`, `llama3:latest`.
    Nor is the place of a file: Xinference 4.1.0 says where it keeps the weights, whatever the model is called.
    """
    if not named or named == asked_for or named.startswith(("/", "\\\\")) or named[1:3] == ":\\":
        return asked_for
    asked, answers = (name.rpartition("/")[2].lower() for name in (asked_for, named))
    return asked_for if answers.startswith(asked) else named
