"""The most that a call to a model can take, before it is made."""

import json
from dataclasses import replace
from typing import NamedTuple

from chatapp.backend.models.chat_model import ANSWER_LIMITS, ModelRequest
from chatapp.backend.store import Amount
from chatapp.providers.prices import Tariff, Tokens

ANSWER_TOKENS = 4096
"""What an answer may take whose length nobody has limited, where a budget has to hold."""

PER_MESSAGE = 16

PER_PICTURE = 20_000
"""More than any vendor counts for a picture, by the rules they publish: tiles (OpenAI to GPT-5, 1,445; Gemini, 2,240),
patches (later ones of OpenAI, 17,200; Qwen, 16,384), or pixels by 750 (Claude, 4,784)."""

PER_PICTURE_OF_SMALL = 50_000
"""The same for GPT-4o mini, which counts 2,833 and 5,667 for each of up to eight tiles."""

_SMALL = "gpt-4o-mini"

_BY_LENGTH = (("input_audio", "data", 31), ("file", "file_data", 1))
"""Parts that have as many tokens as they are long, and of how many bytes at least: Gemini counts 32 for a second of
sound, more than others, and no second has less than 1,000 bytes; of a file that the vendor reads nobody knows."""


class Ceiling(NamedTuple):
    """The most that a call can take: its prompt, its answer, and what a token of each costs at most."""

    prompt: int
    answer: int
    tariff: Tariff | None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows what it costs."""
        return self.tariff is None or self.tariff.cost(Tokens(self.prompt, self.answer)) is None

    def amount(self, answer: int) -> Amount:
        """Return what is put aside for an answer of that many tokens."""
        return Amount(_most(self.tariff, self.prompt, answer) if self.tariff else 0, self.prompt + answer)


def ceiling_of(request: ModelRequest, tariff: Tariff | None, *, answer_tokens: int | None = None) -> Ceiling:
    """Return the most that `request` can take; its answer at most `answer_tokens`, None for what it says itself."""
    if answer_tokens is None:
        limits = [count for name in ANSWER_LIMITS if (count := _count(request, name))]
        answer_tokens = min(limits, default=ANSWER_TOKENS) * _answers(request)
    return Ceiling(_most_tokens(request), answer_tokens, tariff)


def limited(request: ModelRequest, answer_tokens: int) -> ModelRequest:
    """Return the request for answers of at most `answer_tokens` in all."""
    names = [name for name in ANSWER_LIMITS if name in request.parameters] or ["max_tokens"]
    each = answer_tokens // _answers(request)
    return replace(request, parameters={**request.parameters, **dict.fromkeys(names, each)})


def _most_tokens(request: ModelRequest) -> int:
    """Return what no tokenizer exceeds: each token is a byte at least, of tools and the like too. Pictures are dear."""
    read = sum(len(text.encode(errors="replace")) + PER_MESSAGE for text in request.read_texts())
    is_small = _SMALL in (request.model or "").lower()
    media = sum(_most_of(part, PER_PICTURE_OF_SMALL if is_small else PER_PICTURE) for part in request.read_media())
    return read + media + len(json.dumps(request.parameters, default=str))


def _most_of(part: object, of_picture: int) -> int:
    """Return the tokens that a part beside text takes at most."""
    for kind, name, bytes_per_token in _BY_LENGTH:
        told = part.get(kind) if isinstance(part, dict) else None
        data = told.get(name) if isinstance(told, dict) else None
        if isinstance(data, str):
            return of_picture + len(data) // bytes_per_token
    return of_picture


def _most(tariff: Tariff, prompt: int, answer: int) -> int:
    """Return the picodollars that so many tokens cost at most, whatever was thought and in whichever tier it is."""
    said, thought = tariff.cost(Tokens(prompt, answer)), tariff.cost(Tokens(prompt, answer, reasoning=answer))
    return max(said or 0, thought or 0)


def _answers(request: ModelRequest) -> int:
    return _count(request, "n") or 1


def _count(request: ModelRequest, name: str) -> int | None:
    """Return a parameter that counts something; what is no count, as -1 for no limit, holds nobody back."""
    value = request.parameters.get(name)
    return value if isinstance(value, int) and value > 0 else None
