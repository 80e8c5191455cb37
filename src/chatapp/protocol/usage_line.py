"""What an answer took, in words: the line under it."""

from collections.abc import Sequence

from chatapp.protocol.events import UsageDetails
from chatapp.protocol.money import dollars, picodollars, shown_dollars
from chatapp.protocol.usage_resources import EstimateInfo
from chatapp.protocol.wording import ENGLISH, Words


def usage_parts(usage: UsageDetails | None, t: Words = ENGLISH) -> list[str]:
    """Return what to say of `usage`, the price first; nothing where nothing is known."""
    if usage is None or (usage["cost"] is None and not usage["total_tokens"]):  # as of an answer from elsewhere
        return []
    tokens = usage["completion_tokens"]
    parts = [price_of(usage, t)]
    if tokens:
        parts.append(
            t("about {count} tokens", count=tokens)
            if usage["estimated"]
            else t("{count} token", plural="{count} tokens", count=tokens)
        )
    if speed := usage["tokens_per_second"]:
        parts.append(t("{speed:.0f} tokens/s", speed=speed))
    if (first_ms := usage["first_token_ms"]) is not None:
        parts.append(t("first word {seconds:.1f} s", seconds=first_ms / 1000))
    return parts


def price_of(usage: UsageDetails, t: Words = ENGLISH) -> str:
    """Return what it cost; that nothing is to be paid and that nobody knows are different things."""
    cost = usage["cost"]
    if cost is None:
        return t("price unknown")
    return t("local, no cost") if usage["price_source"] == "local" else t.figures(shown_dollars(cost))


def gauge_parts(estimate: EstimateInfo, t: Words = ENGLISH) -> list[str]:
    """Return what to say of what goes along with the next question."""
    parts = [
        t("{count} message", plural="{count} messages", count=estimate.messages),
        t("about {count} tokens", count=estimate.prompt_tokens),
    ]
    if estimate.window and estimate.share is not None:
        parts.append(t("{share} of {window}", share=_percent(estimate.share, t), window=estimate.window))
    if estimate.cost is None:
        parts.append(t("price unknown"))
    elif estimate.price_source != "local":
        parts.append(t.figures(shown_dollars(estimate.cost)))
    if estimate.summarised:
        parts.append(t("{count} earlier as a summary", count=estimate.summarised))
    if estimate.left_out:
        parts.append(t("{count} earlier left out", count=estimate.left_out))
    return parts


def _percent(share: float, t: Words) -> str:
    return t("{percent:.0f} %", percent=share * 100) if share >= 0.01 or not share else t("under 1 %")  # noqa: PLR2004 - a hundredth


def usage_sentence(answers: Sequence[UsageDetails], summaries: Sequence[UsageDetails] = ()) -> str:
    """Return what several answers have taken together, with the calls that `summaries` were made by."""
    calls = (*answers, *summaries)
    if not calls:
        return "Nothing was answered yet."
    prompt, completion = (sum(usage[name] for usage in calls) for name in ("prompt_tokens", "completion_tokens"))
    costs = [cost for usage in calls if (cost := usage["cost"]) is not None]
    count = f"{len(answers)} {'answer' if len(answers) == 1 else 'answers'}"
    if summaries:
        count += f" and {len(summaries)} {'call' if len(summaries) == 1 else 'calls'} for summaries"
    cost = shown_dollars(dollars(sum(map(picodollars, costs))))
    parts = [f"{count}: {prompt:,} tokens read, {completion:,} written, {cost}"]
    if unknown := len(calls) - len(costs):
        parts.append(f"and {unknown} of unknown price")
    return f"{' '.join(parts)}."
