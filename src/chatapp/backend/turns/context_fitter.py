"""Makes what is asked fit the model's window: earlier messages and attachments that find no room are left out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.by_model import make_room
from chatapp.backend.models.chat_model import ChatModel, ModelRequest, TokenUsage
from chatapp.backend.store import BegunTurn, Prospect
from chatapp.backend.turns.turn import Turn
from chatapp.errors import ContextLengthExceededError, UpstreamParameterRefusedError
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import AttachmentPart, Message, TextPart, system_text
from chatapp.protocol.question import Question
from chatapp.providers.modalities import MEDIA, media_in, refused_medium
from chatapp.providers.token_estimates import TOKENS_PER_MESSAGE, estimated_text_tokens

ANSWER_TOKENS = 1024
"""What is kept free in the model's window for an answer whose length nobody has limited."""

LONG_CHARS = 8000
"""A single question that is longer may be beyond a small window, which not every server tells when it refuses."""

_MOST_SCALE = 4.0


def conversation(question: Question, saved: BegunTurn | Prospect | None = None) -> list[Message]:
    """Return what the model reads, oldest first: what the system says, what was said before, what is asked.

    What was said is what is `saved`, or else what the client holds. Nothing is asked where an earlier question is
    answered again. Many models take one system message alone, so a summary is part of it.
    """
    system = system_text(saved.system, saved.summary) if saved else question.system
    messages = [Message.of("system", system)] if system else []
    messages += saved.history if saved else question.messages
    if question.prompt is not None:
        messages.append(Message("user", (*question.attachments, TextPart(question.prompt))))
    return messages


class TokenScales:
    """By how much estimates are too low: a tokenizer may take twice as many tokens for a script as others do."""

    def __init__(self) -> None:
        self._by_model: dict[str, float] = {}

    def of(self, model: str) -> float:
        """Return what an estimate for `model` is to be multiplied with, at least 1: too few is worse than too many."""
        return self._by_model.get(model, 1.0)

    def learn(self, model: str, messages: Sequence[Message], *, counted: int, window: int) -> None:
        """Note that `messages` took `counted` tokens.

        Only what takes half of the window is worth the reckoning; in it, what a server adds to each question is little.
        """
        if 2 * counted < window:
            return
        estimated = sum(map(estimated_tokens, messages))
        make_room(self._by_model)
        self._by_model[model] = max(1.0, min(_MOST_SCALE, counted / estimated))


class ContextFitter:
    """`request` is what goes to the model: what was asked, without what finds no room, and attachments as words.

    `left_out` is how many earlier messages do not go along, as far as readers have not learned it.
    """

    def __init__(
        self,
        request: ModelRequest,
        *,
        turn: Turn,
        model: ChatModel,
        scales: TokenScales | None = None,
        wording: AttachmentWording | None = None,
    ) -> None:
        self.request = request
        self._asked = request.messages
        self._turn = turn
        self._model = model
        self._scales = scales or TokenScales()
        has_files = turn.project_id is not None or any(message.has_files for message in request.messages)
        self._wording = wording if has_files else None
        self._window: int | None = None
        self.left_out = 0
        self._refused: set[str] = set()

    async def fit(self) -> None:
        """Let `request` fit, as far as the window is known."""
        is_long = any(len(message.text) > LONG_CHARS for message in self._asked)
        if len(self._asked) > 1 or self._wording is not None or is_long:
            self._window = await self._model.window(self._turn.model)
        if not self._window:
            await self._word(None)
            return
        room = int((self._window - min(self._answer_tokens, self._window // 4)) / self._scales.of(self._turn.model))
        await self._word(room)
        self._shorten(*fitted(self.request.messages, tokens=room))

    async def fit_again(self, error: ContextLengthExceededError) -> bool:
        """Let less go along after the server has refused `request` as too long; return whether there was any more.

        Earlier messages go first. Then of attachments it is half of what goes along now, once.
        """
        messages = self.request.messages
        if self._shorten(*_fitted_again(messages, error, answer_tokens=self._answer_tokens)):
            return True
        if self._wording is None:
            return False
        half = (error.window or sum(map(estimated_tokens, messages))) // 2
        self.left_out = 0
        await self._word(half)
        self._shorten(*fitted(self.request.messages, tokens=half))
        self._wording = None
        return self.request.messages != messages

    async def leave_out(self, error: UpstreamParameterRefusedError) -> bool:
        """Let earlier pictures or sounds, whichever the model has refused, not go along; return whether there were any.

        Those of the last question stay: who asks about a picture wants no answer without it.
        """
        medium = refused_medium(error.parameter)
        if self._wording is None or medium is None:
            return False
        asked = {part.content_id for part in self._asked[-1].parts if isinstance(part, AttachmentPart)}
        own = [content for id_, content in self.request.media.items() if id_ in asked]
        if error.parameter in media_in(own):
            return False
        before, self.left_out = self.request.media, 0
        self._refused.add(medium)
        await self.fit()
        return self.request.media != before

    def tell(self) -> None:
        """Let the readers learn how many earlier messages were left out in all, if any were."""
        if self.left_out:
            self._turn.append(_left_out_notice(self.left_out))
            self.left_out = 0

    def learn(self, asked_for: str, usage: TokenUsage | None) -> None:
        """Compare what the server has counted with the estimate, for the next questions. Pictures are not estimated."""
        if self._window and usage is not None and not self.request.media:
            messages = self.request.messages
            self._scales.learn(asked_for, messages, counted=usage.prompt_tokens, window=self._window)

    @property
    def _answer_tokens(self) -> int:
        """What the answer may take of the window."""
        return int(self.request.parameters.get("max_tokens", ANSWER_TOKENS))

    async def _word(self, tokens: int | None) -> None:
        if self._wording is None:
            return
        worded = await asyncio.to_thread(
            self._wording.word,
            self._asked,
            owner=self._turn.owner,
            tokens=tokens,
            without=self._not_taken(),
            project_id=self._turn.project_id,
        )
        self.request = replace(self.request, messages=worded.messages, media=worded.media, attempts=Attempts())
        for notice in worded.notices:
            if notice not in self._turn.entries:  # as where it is worded anew after a refusal
                self._turn.append(notice)

    def _not_taken(self) -> set[str]:
        """Return which of pictures and sound the model has refused now, or is known not to take."""
        return self._refused | {medium for medium in MEDIA if self._model.takes(self._turn.model, medium) is False}

    def _shorten(self, messages: list[Message], left_out: int) -> bool:
        """Ask with `messages` if that leaves out any, and return whether it does."""
        if left_out:
            self.request = replace(self.request, messages=messages, attempts=Attempts())
            self.left_out += left_out
        return left_out > 0


def estimated_tokens(message: Message) -> int:
    """Return about how many tokens a message takes; rather too many than too few. Linear in its length."""
    return estimated_text_tokens(message.text) + TOKENS_PER_MESSAGE


def _most_tokens(message: Message) -> int:
    """Return what an estimate never exceeds, found in no time: most conversations are short for their window."""
    text = message.text
    return len(text) * (1 if text.isascii() else 4) + TOKENS_PER_MESSAGE


def fitted(messages: list[Message], *, tokens: int | None) -> tuple[list[Message], int]:
    """Return the messages that go along, oldest first, and how many were left out.

    The system prompt and the last question always stay. Of what lies between, the oldest go first, in whole turns,
    until the rest takes at most `tokens`; None stands for half of what it takes now.
    """
    if tokens is not None and sum(map(_most_tokens, messages)) <= tokens:
        return messages, 0
    head = [message for message in messages[:1] if message.role == "system"]
    between, last = messages[len(head) : -1], messages[-1:]
    sizes = list(map(estimated_tokens, between))
    size = sum(sizes)
    allowed = size // 2 if tokens is None else tokens - sum(map(estimated_tokens, [*head, *last]))
    left_out = 0
    while left_out < len(between) and (size > allowed or (left_out and between[left_out].role != "user")):
        size -= sizes[left_out]
        left_out += 1
    return [*head, *between[left_out:], *last], left_out


def _fitted_again(
    messages: list[Message], error: ContextLengthExceededError, *, answer_tokens: int
) -> tuple[list[Message], int]:
    """Return what goes along after the server has refused `messages` as too long, and how many were left out.

    Where it states its window, and how much it was sent, that is gone by; where that helps nothing, half of it goes.
    """
    if error.window:
        room = error.window - min(answer_tokens, error.window // 4)
        if error.prompt_tokens:
            room = room * sum(map(estimated_tokens, messages)) // error.prompt_tokens
        shorter, left_out = fitted(messages, tokens=room)
        if left_out:
            return shorter, left_out
    return fitted(messages, tokens=None)


def _left_out_notice(count: int) -> Notice:
    """Return the event that tells the readers."""
    earlier = "message was" if count == 1 else "messages were"
    return Notice("context_trimmed", f"{count} earlier {earlier} left out to fit the model's context.")
