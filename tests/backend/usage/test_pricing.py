"""What calls cost: ten published price lists, computed by hand, and what the list itself would get wrong."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import Usage

from chatapp.backend.models.attempts import Attempts
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.backend.store import ModelCall
from chatapp.backend.turns.call_record import Asker, CallRecord
from chatapp.backend.turns.usage_details import usage_details
from chatapp.backend.usage.pricing import Pricer
from chatapp.protocol.money import dollars, picodollars, shown_dollars
from chatapp.providers.connection import Upstream
from chatapp.providers.prices import PricedModel, Tokens, find_model, list_date

WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPENAI, ANTHROPIC, GOOGLE = (
    "https://api.openai.com/v1",
    "https://api.anthropic.com/v1",
    "https://generativelanguage.googleapis.com/v1beta/openai",
)

# Dollars per million tokens, of prompts, cached prompts and completions, as vendors publish them, and the sums by hand.
PUBLISHED = {
    # 0.15, 0.075, 0.60: 700 * 0.15 + 300 * 0.075 + 500 * 0.60
    "cached": (OPENAI, "gpt-4o-mini", Tokens(1000, 500, cached=300), "0.0004275"),
    # 2.50, 1.25, 10: 176 * 2.50 + 1024 * 1.25 + 350 * 10
    "mostly cached": (OPENAI, "gpt-4o-2024-08-06", Tokens(1200, 350, cached=1024), "0.00522"),
    # 15, 7.50, 60; thoughts are paid for as the answer: 976 * 15 + 1024 * 7.50 + 3000 * 60
    "thoughts": (OPENAI, "o1", Tokens(2000, 3000, cached=1024, reasoning=2500), "0.20232"),
    # 3, 15 up to 200,000 tokens of prompt: 150,000 * 3 + 1000 * 15
    "below the tier": (ANTHROPIC, "claude-sonnet-4-5", Tokens(150_000, 1000), "0.465"),
    # 6, 22.50 for all tokens beyond that: 200,001 * 6 + 1000 * 22.50
    "above the tier": (ANTHROPIC, "claude-sonnet-4-5", Tokens(200_001, 1000), "1.222506"),
    # 1.25, 10 up to 200,000 tokens, these included: 200,000 * 1.25 + 500 * 10
    "on the edge": (GOOGLE, "gemini-2.5-pro", Tokens(200_000, 500), "0.255"),
    # 2.50, 0.25, 15: 200,000 * 2.50 + 100,000 * 0.25 + 2000 * 15
    "cached above the tier": (GOOGLE, "gemini-2.5-pro", Tokens(300_000, 2000, cached=100_000), "0.555"),
    # 0.075, 0.0375, 0.30: 668 * 0.075 + 333 * 0.0375 + 77 * 0.30, where a token is less than a nanodollar
    "tiny": ("https://api.groq.com/openai/v1", "openai/gpt-oss-20b", Tokens(1001, 77, cached=333), "0.0000856875"),
    # 1, 1 and 12 for 1000 requests: 500 * 1 + 200 * 1 + 12 / 1000
    "by request": ("https://api.perplexity.ai", "sonar", Tokens(500, 200), "0.0127"),
    # 3, 15: 100 * 3 + 550 * 15
    "dear": ("https://api.x.ai/v1", "grok-4-0709", Tokens(100, 550, reasoning=500), "0.00855"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_prices_are_added_up_to_the_last_digit(name: str) -> None:
    base_url, model, tokens, cost = PUBLISHED[name]
    assert dollars(call(base_url, model, tokens).cost_pico or 0) == cost


def call(base_url: str, model: str, tokens: Tokens, *, answered: str | None = None) -> ModelCall:
    """Return a priced call."""
    total = tokens.prompt + tokens.completion
    return made(
        base_url, model, TokenUsage(tokens.prompt, tokens.completion, total, tokens.cached, tokens.reasoning), answered
    )


def made(
    base_url: str, model: str, usage: TokenUsage | None, answered: str | None = None, **parameters: Any
) -> ModelCall:
    """Return a call that took `usage`."""
    attempts = Attempts()
    upstream = Upstream(base_url=base_url, model=model, provider="", reason="")
    record = CallRecord(
        attempts,
        Asker("ann"),
        model=model,
        guess=TokenUsage,
        pricer=Pricer(lambda: {"default": upstream}),
        request=ModelRequest([], parameters=parameters),
    )
    attempts.begin("default")
    record.answered_model, record.usage = answered, usage
    (call,) = record.end("complete", None)
    return call


# gpt-5.1 costs 1.25 and 10 dollars a million, half of it in the tier flex, twice as much in priority
BESIDE: dict[str, tuple[str, str, dict[str, Any], str | None]] = {
    "usual": (OPENAI, "gpt-5.1", {"service_tier": "auto"}, "0.01125"),
    "flex": (OPENAI, "gpt-5.1", {"service_tier": "flex"}, "0.005625"),
    "priority": (OPENAI, "gpt-5.1", {"service_tier": "priority"}, "0.0225"),
    "of a tier that is not listed": (OPENAI, "gpt-5.1", {"service_tier": "scale"}, None),
    "a search": (OPENAI, "gpt-5.1", {"web_search_options": {"search_context_size": "low"}}, None),
    "a tool of the vendor's": (OPENAI, "gpt-5.1", {"tools": [{"type": "web_search"}]}, None),
    "a tool of one's own": (OPENAI, "gpt-5.1", {"tools": [{"type": "function", "function": {}}]}, "0.01125"),
    "one's own model": ("http://gpu:8000/v1", "m", {"service_tier": "priority", "plugins": [{"id": "web"}]}, "0"),
    "sound": (OPENAI, "gpt-4o-audio-preview", {"audio": {"voice": "alloy"}}, None),
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_is_asked_for_beside_tokens_is_priced_or_unknown(what: str) -> None:
    base_url, model, parameters, cost = BESIDE[what]
    paid = made(base_url, model, TokenUsage(1000, 1000, 2000), **parameters).cost_pico
    assert (None if paid is None else dollars(paid)) == cost


# what is asked for, what the answer says, and what is paid
TIERS: dict[str, tuple[str | None, str | None, str | None]] = {
    "another is busy": ("priority", "default", "0.01125"),
    "the project's own": (None, "flex", "0.005625"),
    "the one that was asked": ("flex", "flex", "0.005625"),
    "one that is not listed": ("auto", "scale", None),
    "one that is not listed, and is not used": ("scale", "Default", "0.01125"),
    "a word that says nothing": ("flex", "auto", "0.005625"),
    "nothing": ("flex", None, "0.005625"),
}


@pytest.mark.parametrize("what", TIERS)
def test_the_tier_that_the_answer_names_is_paid_for(what: str) -> None:
    asked, answered, cost = TIERS[what]
    usage = TokenUsage(1000, 1000, 2000, service_tier=answered)
    paid = made(OPENAI, "gpt-5.1", usage, **({"service_tier": asked} if asked else {})).cost_pico
    assert (None if paid is None else dollars(paid)) == cost


def test_thoughts_that_are_only_in_the_total_are_paid_for() -> None:
    call = made("https://api.x.ai/v1", "grok-4-0709", TokenUsage(100, 50, 650, reasoning_tokens=500))
    assert (call.completion_tokens, call.reasoning_tokens, call.cost_pico) == (550, 500, picodollars("0.00855"))


@pytest.mark.parametrize("base_url", ["http://localhost:11434/v1", "http://192.168.1.7:8080/v1", "http://gpu:8000/v1"])
@pytest.mark.parametrize("model", ["deepseek-r1:8b", "gpt-oss-20b", "gpt-4o"])
def test_a_model_of_ones_own_costs_nothing_although_others_sell_one_by_that_name(base_url: str, model: str) -> None:
    paid = call(base_url, model, Tokens(1000, 1000))
    assert (paid.cost_pico, paid.price_source) == (0, "local")


UNKNOWN = [(OPENAI, "no-such-model"), ("https://llm.example.org/v1", "gpt-4o")]


@pytest.mark.parametrize(("base_url", "model"), UNKNOWN)
def test_an_unknown_price_is_not_nothing(base_url: str, model: str) -> None:
    assert call(base_url, model, Tokens(1, 1)).cost_pico is None


def test_a_price_that_is_missing_is_not_nothing() -> None:
    embedding = "text-embedding-3-small"  # which has no price for what it says
    assert call(OPENAI, embedding, Tokens(1_000_000, 0)).cost_pico == picodollars("0.02")
    assert call(OPENAI, embedding, Tokens(1_000_000, 1)).cost_pico is None


def test_of_models_without_a_price_those_are_free_that_are_called_so() -> None:
    free, unknown = "agentica-org/deepcoder-14b-preview:free", "google/gemini-flash-1.5-8b-exp"
    tokens = Tokens(1000, 1000)
    costs = [call("https://openrouter.ai/api/v1", model, tokens).cost_pico for model in (free, unknown)]
    assert costs == [0, None]


def test_a_call_that_took_no_tokens_costs_nothing() -> None:
    assert made(OPENAI, "no-such-model", None).cost_pico == 0


def test_the_model_that_answered_is_paid_for() -> None:
    paid = call(OPENAI, "gpt-4o", Tokens(1000, 0), answered="gpt-4o-mini")
    assert paid.cost_pico == picodollars("0.00015")


def test_more_cached_than_there_is_is_no_discount_on_the_rest() -> None:
    assert call(OPENAI, "gpt-4o-mini", Tokens(10, 0, cached=99)).cost_pico == picodollars("0.00000075")


def test_the_price_of_two_calls_is_not_that_of_their_sum() -> None:
    half, whole = Tokens(150_000, 500), Tokens(300_000, 1000)
    calls = [call(ANTHROPIC, "claude-sonnet-4-5", half)] * 2
    usage = usage_details(calls)
    assert usage is not None
    assert (usage["total_tokens"], usage["cost"]) == (301_000, "0.915")
    assert call(ANTHROPIC, "claude-sonnet-4-5", whole).cost_pico == picodollars("1.8225")


def test_an_answer_with_one_call_of_unknown_price_has_none() -> None:
    usage = usage_details([call(OPENAI, "gpt-4o", Tokens(1, 1)), call(OPENAI, "no-such-model", Tokens(1, 1))])
    assert usage is not None
    assert (usage["cost"], usage["price_source"]) == (None, None)


def test_sums_are_those_of_the_package_for_every_model_it_sells() -> None:
    counts = [Tokens(*each) for each in product((1000, 250_000), (0, 700), (0, 400), (0, 300)) if each[3] <= each[1]]
    compared = 0
    for provider in get_snapshot().providers:
        for model in provider.models:
            tariff = PricedModel(model).tariff(WHEN)
            if tariff.cost(Tokens(2, 2)) is None:
                continue
            for tokens in counts:
                used = Usage(
                    input_tokens=tokens.prompt,
                    output_tokens=tokens.completion,
                    cache_read_tokens=tokens.cached,
                    output_reasoning_tokens=tokens.reasoning,
                )
                theirs = model.calc_price(used, provider, genai_request_timestamp=WHEN).total_price
                ours = Decimal(tariff.cost(tokens) or 0).scaleb(-12)
                assert abs(theirs - ours) < Decimal("1e-12"), (provider.id, model.id, tokens)
                compared += 1
    assert compared > 10_000


def test_the_list_tells_how_new_it_is() -> None:
    newest = list_date(WHEN.date())
    assert newest is not None
    assert WHEN.replace(year=2026, month=1, day=1).date() < newest <= WHEN.date()
    assert find_model("", OPENAI) is None


MONEY = {
    "0": "$0",
    "0.0004275": "$0.00043",
    "0.0012": "$0.0012",
    "0.05": "$0.05",
    "0.99996": "$1.00",
    "12.3": "$12.30",
    "0.00000001": "$0.00000001",
}


@pytest.mark.parametrize("exact", MONEY)
def test_people_read_money_in_figures_that_say_something(exact: str) -> None:
    assert shown_dollars(exact) == MONEY[exact]
    assert dollars(picodollars(exact)) == exact


@pytest.mark.parametrize("wrong", ["", ".", "1e3", "0x1", "1.2.3", "0.0000000000001", "½"])
def test_what_is_no_money_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="dollars were expected"):
        picodollars(wrong)
