"""What the readers of an answer learn of the calls that made it."""

from collections.abc import Sequence

from chatapp.backend.store import ModelCall
from chatapp.protocol.events import COUNTS, UsageDetails
from chatapp.protocol.money import dollars, picodollars

_SHORTEST_MS = 20
"""An answer that comes faster came in one piece: that is no speed."""


def usage_details(calls: Sequence[ModelCall], *, thinking_ms: int | None = None) -> UsageDetails | None:
    """Return what readers of a turn learn of its calls: each is priced by itself, and then they are added.

    None where no call has taken anything. `thinking_ms` is how long the last has thought.
    """
    usage: UsageDetails | None = None
    for call in calls:
        if call.prompt_tokens is not None:
            told = _usage(call)
            usage = told if usage is None else _sum(usage, told)
    if usage is not None:
        usage["thinking_ms"] = thinking_ms
    return usage


def _usage(call: ModelCall) -> UsageDetails:
    prompt, completion = call.prompt_tokens or 0, call.completion_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cached_tokens": call.cached_tokens or 0,
        "reasoning_tokens": call.reasoning_tokens or 0,
        "estimated": call.is_estimated,
        "cost": None if call.cost_pico is None else dollars(call.cost_pico),
        "price_source": call.price_source,
        "first_token_ms": call.first_token_ms,
        "tokens_per_second": _speed(call),
    }


def _sum(earlier: UsageDetails, last: UsageDetails) -> UsageDetails:
    """Return what both took; times are those of the last."""
    costs = (earlier["cost"], last["cost"])
    is_priced = None not in costs
    total = last.copy()
    total.update({name: earlier[name] + last[name] for name in COUNTS})  # type: ignore[literal-required, typeddict-item]
    total["estimated"] = earlier["estimated"] or last["estimated"]
    total["cost"] = dollars(sum(picodollars(cost or "") for cost in costs)) if is_priced else None
    total["price_source"] = last["price_source"] if is_priced else None
    return total


def _speed(call: ModelCall) -> float | None:
    """Return tokens a second from the first to the last; from the question on where some were thought unseen."""
    if call.first_token_ms is None or not call.completion_tokens:
        return None
    spent_ms = call.duration_ms - (0 if call.reasoning_tokens else call.first_token_ms)
    return round(call.completion_tokens * 1000 / spent_ms, 1) if spent_ms >= _SHORTEST_MS else None
