"""Asking one model of several, and the next where it fails before it has said anything."""

import asyncio
import logging
from collections.abc import Container, Sequence
from contextlib import suppress
from typing import NamedTuple

from chatapp.backend.models.chat_model import Batch, ModelRequest, ModelStream
from chatapp.backend.models.cooldown import another_may_do_better
from chatapp.backend.models.member import Member
from chatapp.errors import (
    BudgetExceededError,
    ContextLengthExceededError,
    UpstreamError,
    UpstreamTimeoutError,
)
from chatapp.protocol.events import Notice
from chatapp.providers.token_estimates import TOKENS_PER_MESSAGE, estimated_text_tokens

FAILED_OVER = "failed_over"
"""The code of the notice that another model answers than the one that was to."""

log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """A model that may answer: its connection, and what it is called there."""

    member: Member
    model: str

    @property
    def id(self) -> str:
        """The name it is asked by here."""
        return f"{self.member.name}/{self.model}"


class FailoverStream:
    """An answer of the first of several models that begins one.

    Each of several has as long for its first word as its connection gives it; then the next is asked.
    """

    def __init__(self, candidates: Sequence[Candidate], request: ModelRequest, small: Container[Candidate]) -> None:
        self._left = sorted(candidates, key=lambda each: (each in small, each.member.cool_down.is_on))
        self._request = request
        self._has_begun = False
        self._failures: list[tuple[str, UpstreamError]] = []
        self._refusal: BudgetExceededError | None = None
        self._has_several = len(candidates) > 1
        self._deadline: float | None = None
        self.connection = self.prefix = ""
        self.notices: list[Notice] = []
        if (following := self._left[0]) is not (first := candidates[0]):
            told = f"{first.id} failed a moment ago; {following.id} is asked instead."
            if first in small and following not in small:
                told = f"{first.id} can read less than this; {following.id} is asked instead."
            self.notices.append(Notice(FAILED_OVER, told))

    @classmethod
    async def open(
        cls, candidates: Sequence[Candidate], request: ModelRequest, *, small: Container[Candidate] = ()
    ) -> ModelStream:
        """Return the stream of one answer once one of the models has accepted the question; `small` ones come last.

        Raises:
            UpstreamError: the last of them refused or cannot be reached, or one refused what any would.
            BudgetExceededError: none of them may be asked.
        """
        stream = cls(candidates, request, small)
        await stream._open_next()
        stream.notices += stream._stream.notices
        return stream

    @property
    def model(self) -> str:
        """The model that answers."""
        return self._stream.model

    async def read(self) -> Batch:
        """Return what has come since the last read, of the next model where nothing did."""
        batch = await self._stream.read() if self._has_begun else await self._first_read()
        if batch.failure is not None or batch.is_last:
            self._asking.member.cool_down.note(batch.failure)
        if self._has_begun:
            return batch
        self._has_begun = bool(batch.deltas()) or batch.finish_reason is not None
        if batch.is_alive:
            self._deadline = self._next_deadline()
        if batch.failure is None or self._has_begun:
            return batch
        self.notices = []
        await self._stream.close()
        try:
            await self._fail_over(batch.failure)
        except UpstreamError as error:
            return Batch(failure=error)
        return Batch(is_alive=True, notices=[*self.notices, *self._stream.notices])

    async def close(self) -> None:
        """Hang up."""
        await self._stream.close()

    async def _first_read(self) -> Batch:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._stream.read()
        except TimeoutError:
            return Batch(failure=_silent(self._asking.member))

    async def _open_next(self) -> None:
        self._asking = self._left.pop(0)
        self._deadline = self._next_deadline()
        try:
            await self._open()
        except UpstreamError as error:
            await self._fail_over(error)
        except BudgetExceededError as refusal:
            await self._pass_over(refusal)
        else:
            self.connection, self.prefix = self._stream.connection, self._stream.prefix

    async def _open(self) -> None:
        try:
            async with asyncio.timeout_at(self._deadline):
                self._stream = await self._asking.member.open_stream(
                    self._request, self._asking.model, has_others=bool(self._left)
                )
        except TimeoutError:
            error = _silent(self._asking.member)
            self._asking.member.cool_down.note(error)
            raise error from None

    def _next_deadline(self) -> float | None:
        """Return until when the first word has to come, None where that is for others to say."""
        if not self._has_several:
            return None
        return asyncio.get_running_loop().time() + self._asking.member.connection.first_content_s

    async def _fail_over(self, error: UpstreamError) -> None:
        """Ask the next model that may do better.

        Raises:
            UpstreamError: `error`, where there is none, or what that model met.
        """
        self._failures.append((self._asking.id, error))
        if isinstance(error, ContextLengthExceededError):
            self._left = [candidate for candidate in self._left if await _may_read_more(candidate, error)]
        if not self._left or not another_may_do_better(error):
            raise self._failure()
        failed, following = self._asking, self._left[0]
        told = f"{failed.id} did not answer: {error.what()} {following.id} is asked instead."
        self.notices.append(Notice(FAILED_OVER, told))
        log.warning("%r did not answer (%s); %r is asked instead", failed.id, error.code, following.id)
        self._request.attempts.fail(error)
        await self._open_next()

    async def _pass_over(self, refusal: BudgetExceededError) -> None:
        """Ask the next model in place of one that may not be asked.

        Raises:
            UpstreamError: there is none, and one before it failed so.
            BudgetExceededError: there is none, and none was asked.
        """
        self._refusal = self._refusal or refusal
        if self._left:
            passed, following = self._asking, self._left[0]
            told = f"{passed.id} is not asked: {refusal.detail} {following.id} is asked instead."
            self.notices.append(Notice(FAILED_OVER, told))
            await self._open_next()
        elif self._failures:
            self._request.attempts.take_back()
            raise self._failure()
        else:
            raise self._refusal

    def _failure(self) -> UpstreamError:
        """Return the last failure, which tells how each model has failed where several were asked."""
        _, error = self._failures[-1]
        if len(self._failures) == 1:
            return error
        told = (f"{name}: {failure.what()}" for name, failure in self._failures)
        return error.retold(f"no model answered. {' '.join(told)}")


def _silent(member: Member) -> UpstreamTimeoutError:
    error = UpstreamTimeoutError(
        "the model did not begin to answer in time.", hint="Ask again, or raise FIRST_CONTENT_TIMEOUT."
    )
    member.name_its_settings(error)
    return error


def too_small(candidates: Sequence[Candidate], request: ModelRequest) -> set[Candidate]:
    """Return which of several models are said to read less than what they would be asked."""
    windows = {each: each.member.connection.window_told(each.model) for each in candidates} if candidates[1:] else {}
    if not any(windows.values()):
        return set()
    texts = request.read_texts()
    tokens = sum(map(estimated_text_tokens, texts)) + TOKENS_PER_MESSAGE * len(texts)
    return {candidate for candidate, window in windows.items() if window is not None and tokens > window}


async def _may_read_more(candidate: Candidate, error: ContextLengthExceededError) -> bool:
    """Return whether a model is not known to read as little as the one that found a conversation too long."""
    window = None
    with suppress(UpstreamError):
        window = await candidate.member.connection.window(candidate.model)
    return window is None or error.window is None or window > error.window
