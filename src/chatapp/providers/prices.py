"""What tokens cost, by the price list of `genai-prices` as it is installed: nothing is fetched.

The sums are our own, in whole picodollars: the package takes a tenth of a millisecond for each, takes a missing price
for 0, and refuses counts that contradict each other. A test holds them against the package's.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_PICO_OF_A_TOKEN = Decimal(10) ** 6
"""Picodollars for one token at a dollar for a million."""

_PICO_OF_A_REQUEST = Decimal(10) ** 9
"""Picodollars for one request at a dollar for a thousand."""


_FREE_VARIANT = ":free"
"""What OpenRouter puts behind a model's name where it costs nothing. On the list it has no price, as others."""


class Tokens(NamedTuple):
    """What a call has taken. Cached tokens are part of the prompt, reasoning of the completion."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0


class Tier(NamedTuple):
    """Prices in picodollars a token, where the prompt has more than `above` tokens. None stands for an unknown one."""

    above: int
    prompt: int | None
    completion: int | None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of a model: `tiers` from the smallest prompts to the largest, and what each request costs beside."""

    tiers: tuple[Tier, ...]
    request: int = 0

    def cost(self, tokens: Tokens) -> int | None:
        """Return picodollars, or None where a price that is needed is not known.

        The tier of the prompt holds for all tokens of the call, as vendors have it: the price of two calls together is
        not that of their sum.
        """
        tier = self.tiers[0]
        for higher in self.tiers[1:]:
            if tokens.prompt > higher.above:
                tier = higher
        cached, reasoning = min(tokens.cached, tokens.prompt), min(tokens.reasoning, tokens.completion)
        counted = (
            (tokens.prompt - cached, tier.prompt),
            (cached, tier.prompt if tier.cached is None else tier.cached),
            (tokens.completion - reasoning, tier.completion),
            (reasoning, tier.completion if tier.reasoning is None else tier.reasoning),
        )
        pico = self.request
        for count, price in counted:
            if count and price is None:
                return None
            pico += count * (price or 0)
        return pico


FREE = Tariff((Tier(-1, 0, 0),))


def own_tariff(prompt: Decimal | None, completion: Decimal | None, cached: Decimal | None) -> Tariff:
    """Return the prices that somebody has set, in dollars per million tokens, exact to the sixth decimal."""
    return Tariff(
        (Tier(-1, *(None if price is None else per_million(price) for price in (prompt, completion, cached))),)
    )


class PricedModel:
    """A model of the price list, whose prices may depend on the day and on the time of day."""

    def __init__(self, info: "ModelInfo") -> None:
        self._info = info
        self._tariffs: dict[tuple[int, str | None], tuple[ModelPrice, Tariff]] = {}

    def tariff(self, when: datetime, *, service_tier: str | None = None) -> Tariff | None:
        """Return the prices that hold at `when`, in the usual service tier or in another; None if it is not listed."""
        prices = self._info.get_prices(when)
        if not prices.__dict__ and self._info.id.endswith(_FREE_VARIANT):
            return FREE
        known = self._tariffs.get((id(prices), service_tier))
        if known is None:
            if service_tier is not None and not self._has_tier(service_tier, when):
                return None
            there = prices if service_tier is None else self._info.get_prices(when, {"service_tier": service_tier})
            known = self._tariffs[id(prices), service_tier] = (prices, _tariff(there))
        return known[1]

    def _has_tier(self, name: str, when: datetime) -> bool:
        return any(
            variant.when == {"service_tier": name} and (variant.constraint is None or variant.constraint.active(when))
            for variant in self._info.price_variants or ()
        )


def find_model(model: str, base_url: str) -> PricedModel | None:
    """Return the model that the vendor at `base_url` sells as `model`, or None for one that is not on its list.

    Only the address says who sells it: without one the package gives models of the user's own machine the price of a
    vendor who has one by that name. It takes 0.2 s to load.
    """
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - see above

    providers = get_snapshot().providers
    vendor = next((provider for provider in providers if re.match(provider.api_pattern, base_url)), None)
    found = vendor.find_model(model.lower(), all_providers=providers) if vendor else None
    return PricedModel(found) if found else None


@cache
def list_version() -> str:
    """Return which price list is installed: the version of the package."""
    return version("genai-prices")


def list_date(today: date) -> date | None:
    """Return the day of the newest price on the list that holds by now; the list does not say when it was made."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - 0.2 s

    models = (model for provider in get_snapshot().providers for model in provider.models)
    dated = (entry for model in models if isinstance(model.prices, list) for entry in model.prices)
    days = (getattr(entry.constraint, "start_date", None) for entry in dated)
    return max((day for day in days if day is not None and day <= today), default=None)


def per_million(dollars: Decimal) -> int:
    """Return a price in dollars per million tokens as picodollars a token."""
    return round(dollars * _PICO_OF_A_TOKEN)


def _tariff(prices: "ModelPrice") -> Tariff:
    by_unit = [prices.input_mtok, prices.output_mtok, prices.cache_read_mtok, prices.output_reasoning_mtok]
    starts = {
        tier.start for price in by_unit if price is not None and not isinstance(price, Decimal) for tier in price.tiers
    }
    request = prices.requests_kcount
    return Tariff(
        tuple(Tier(start, *(_in_tier(price, start) for price in by_unit)) for start in (-1, *sorted(starts))),
        round(request * _PICO_OF_A_REQUEST) if isinstance(request, Decimal) else 0,
    )


def _in_tier(price: object, start: int) -> int | None:
    """Return a price as it holds for prompts of more than `start` tokens."""
    if price is None or isinstance(price, Decimal):
        return None if price is None else per_million(price)
    holds = price.base  # type: ignore[attr-defined] # TieredPrices, the only other kind
    for tier in price.tiers:  # type: ignore[attr-defined]
        holds = tier.price if tier.start <= start else holds
    return per_million(holds)
