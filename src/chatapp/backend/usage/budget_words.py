"""What is said of budgets: that one has not enough left, that one is nearly spent, and when it renews."""

import math
from datetime import UTC, datetime, timedelta

from chatapp.backend.store import Amount, Standing
from chatapp.config.budgets import Budget
from chatapp.errors import BudgetExceededError
from chatapp.protocol.events import Notice
from chatapp.protocol.money import dollars, shown_dollars

_IN_A_MOMENT_S = 5


def renewal(budget: Budget, now: datetime) -> datetime:
    """Return when the next day or month begins, in UTC."""
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    if budget.period == "day":
        return today + timedelta(days=1)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def value(budget: Budget, amount: Amount) -> int:
    """Return what of `amount` counts for a budget: its picodollars, or its tokens."""
    return amount.pico if budget.unit == "dollars" else amount.tokens


def named(budget: Budget) -> str:
    """Return whose budget it is, within a sentence."""
    if budget.connection is not None:
        return f"the connection {budget.connection}"
    return budget.owner if budget.owner is not None else "all keys together"


def _told(budget: Budget, amount: Amount) -> str:
    return shown_dollars(dollars(amount.pico)) if budget.unit == "dollars" else f"{amount.tokens:,} tokens"


def exceeded(budget: Budget, standing: Standing, now: datetime) -> BudgetExceededError:
    """Return the error for a call that a budget has not enough left for."""
    renews = renewal(budget, now)
    spent = _told(budget, standing.spent)
    if value(budget, standing.reserved) and value(budget, standing.spent) < budget.amount:
        return BudgetExceededError(
            f"The budget of {named(budget)} has not enough left: {spent} of {budget.text} a {budget.period} spent, "
            f"and {_told(budget, standing.reserved)} put aside for answers that are being made.",
            hint=f"Ask again in a moment. It renews on {renews:%Y-%m-%d at %H:%M} UTC.",
            retry_after=_IN_A_MOMENT_S,
        )
    return BudgetExceededError(
        f"The budget of {named(budget)} has not enough left: {spent} of {budget.text} a {budget.period} spent.",
        hint=f"It renews on {renews:%Y-%m-%d at %H:%M} UTC.",
        retry_after=max(1, math.ceil((renews - now).total_seconds())),
    )


def notice(budget: Budget, standing: Standing, now: datetime) -> Notice:
    """Return what readers are to know of a budget that is nearly spent."""
    share = value(budget, standing.spent) * 100 // max(budget.amount, 1)
    renews = renewal(budget, now)
    return Notice(
        "budget_low",
        f"{share} % of the budget of {named(budget)} is spent: {_told(budget, standing.spent)} of {budget.text} a "
        f"{budget.period}. It renews on {renews:%Y-%m-%d}.",
    )
