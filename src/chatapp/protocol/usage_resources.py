"""What `GET /usage` tells, as a client holds it: named tuples, as in `resources`."""

from datetime import datetime
from typing import NamedTuple


class Percentiles(NamedTuple):
    """Milliseconds of the middle call, and of the one that nineteen of twenty are faster than."""

    p50: int
    p95: int


class UsageRow(NamedTuple):
    """What some calls to models have taken together; `name` is what they have in common.

    `cost` are dollars, an exact decimal, without the `unpriced_calls`; of the `estimated_calls` nobody counted tokens.
    """

    name: str
    calls: int
    failures: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: str
    unpriced_calls: int = 0
    estimated_calls: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    first_token_ms: Percentiles | None = None
    duration_ms: Percentiles | None = None


class PriceList(NamedTuple):
    """The prices that are used, and the day of the newest of them."""

    name: str
    newest: str | None = None


class BudgetInfo(NamedTuple):
    """How a budget stands: amounts are dollars as exact decimals, or tokens, as `unit` says."""

    who: str
    unit: str
    period: str
    limit: str
    spent: str
    renews_at: datetime
    reserved: str = "0"


class EstimateInfo(NamedTuple):
    """What would go along with a question: about `prompt_tokens`, which are a `share` of the model's `window`.

    `left_out` earlier messages find no room, a summary stands for those that are `summarised`. `cost` are dollars as an
    exact decimal; None is what nobody knows.
    """

    model: str
    messages: int
    left_out: int
    prompt_tokens: int
    window: int | None = None
    share: float | None = None
    cost: str | None = None
    price_source: str | None = None
    notices: tuple[str, ...] = ()
    summarised: int = 0


class UsageInfo(NamedTuple):
    """What calls to models have taken in the UTC days from `since` to `until`."""

    by: str
    since: str
    until: str
    scope: str
    rows: tuple[UsageRow, ...]
    total: UsageRow
    prices: PriceList
    budgets: tuple[BudgetInfo, ...] = ()
