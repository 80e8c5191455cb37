"""What calls to models have taken and cost, as it is told."""

from datetime import datetime

from pydantic import BaseModel, Field


class PercentilesOut(BaseModel):
    """Milliseconds of the middle call, and of the one that nineteen of twenty are faster than."""

    p50: int
    p95: int


class UsageRowOut(BaseModel):
    """What some calls to models have taken together."""

    name: str = Field(description="What they have in common: a UTC day, a model, a connection, a key or a surface.")
    calls: int = Field(description="Each try counts, also failed, stopped and left ones.")
    failures: int
    unpriced_calls: int = Field(description="Those whose price is not known; `cost` is without them.")
    estimated_calls: int = Field(description="Those whose tokens the model server did not count.")
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    total_tokens: int
    cost: str = Field(description="Dollars, an exact decimal: the sum of what each call cost.", examples=["0.0123"])
    first_token_ms: PercentilesOut | None = Field(description="From the call to its first token.")
    duration_ms: PercentilesOut | None = Field(description="From the call to its end, of those whose answer is whole.")


class PriceListOut(BaseModel):
    """The prices that are used where a connection has none of its own."""

    name: str = Field(examples=["genai-prices 0.2.3"])
    newest: str | None = Field(description="Day of the newest price on it.", examples=["2026-11-09"])


class BudgetOut(BaseModel):
    """How a budget stands. Amounts are dollars as exact decimals, or tokens."""

    who: str = Field(description="A key's name, `*` for all together, or `connection/NAME`.")
    unit: str = Field(description="`dollars` or `tokens`.")
    period: str = Field(description="`day` or `month`, in UTC.")
    limit: str
    spent: str
    reserved: str = Field(description="Put aside for answers that are being made.")
    renews_at: datetime


class UsageOfDays(BaseModel):
    """What calls to models have taken in some days."""

    by: str
    since: str = Field(description="First UTC day.")
    until: str = Field(description="Last UTC day.")
    scope: str = Field(description="`own`, or `all` for every key's.")
    rows: list[UsageRowOut] = Field(description="By day the oldest first, else the dearest.")
    total: UsageRowOut
    prices: PriceListOut
    budgets: list[BudgetOut] = Field(description="Those that apply to what is told.")
