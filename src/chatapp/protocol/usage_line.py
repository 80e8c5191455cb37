"""What an answer took, in words: the line under it."""

from collections.abc import Sequence

from chatapp.protocol.events import UsageDetails
from chatapp.protocol.money import dollars, picodollars, shown_dollars
from chatapp.protocol.usage_resources import EstimateInfo


def usage_parts(usage: UsageDetails | None) -> list[str]:
    """Return what to say of `usage`, the price first; nothing where nothing is known."""
    if usage is None:
        return []
    tokens = usage["completion_tokens"]
    parts = [price_of(usage)]
    if tokens:
        parts.append(f"{'about ' if usage['estimated'] else ''}{tokens} tokens")
    if speed := usage["tokens_per_second"]:
        parts.append(f"{speed:.0f} tokens/s")
    if (first_ms := usage["first_token_ms"]) is not None:
        parts.append(f"first word {first_ms / 1000:.1f} s")
    return parts


def price_of(usage: UsageDetails) -> str:
    """Return what it cost; that nothing is to be paid and that nobody knows are different things."""
    cost = usage["cost"]
    if cost is None:
        return "price unknown"
    return "local, no cost" if usage["price_source"] == "local" else shown_dollars(cost)


def gauge_parts(estimate: EstimateInfo) -> list[str]:
    """Return what to say of what goes along with the next question."""
    count = estimate.messages
    parts = [f"{count} {'message' if count == 1 else 'messages'}", f"about {estimate.prompt_tokens:,} tokens"]
    if estimate.window and estimate.share is not None:
        parts.append(f"{_percent(estimate.share)} of {estimate.window:,}")
    if estimate.cost is None:
        parts.append("price unknown")
    elif estimate.price_source != "local":
        parts.append(shown_dollars(estimate.cost))
    if estimate.summarised:
        parts.append(f"{estimate.summarised} earlier as a summary")
    if estimate.left_out:
        parts.append(f"{estimate.left_out} earlier left out")
    return parts


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.01 or not share else "under 1 %"  # noqa: PLR2004 - a hundredth


def usage_sentence(answers: Sequence[UsageDetails]) -> str:
    """Return what several answers have taken together."""
    if not answers:
        return "Nothing was answered yet."
    prompt, completion = (sum(usage[name] for usage in answers) for name in ("prompt_tokens", "completion_tokens"))
    costs = [cost for usage in answers if (cost := usage["cost"]) is not None]
    count = f"{len(answers)} {'answer' if len(answers) == 1 else 'answers'}"
    cost = shown_dollars(dollars(sum(map(picodollars, costs))))
    parts = [f"{count}: {prompt:,} tokens read, {completion:,} written, {cost}"]
    if unknown := len(answers) - len(costs):
        parts.append(f"and {unknown} of unknown price")
    return f"{' '.join(parts)}."
