"""How far the tokens that servers count are from the ones that are estimated, model by model."""

from collections.abc import Sequence

from chatapp.backend.turns.context import estimated_tokens
from chatapp.protocol.messages import Message

_MOST = 4.0
_MOST_MODELS = 256


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
        if len(self._by_model) >= _MOST_MODELS:
            del self._by_model[next(iter(self._by_model))]
        self._by_model[model] = max(1.0, min(_MOST, counted / estimated))
