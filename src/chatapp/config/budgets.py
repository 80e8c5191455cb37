"""BUDGETS as it is written: `ann:5/day,*:100/month`, in dollars or tokens."""

import re
from typing import Literal, NamedTuple

EVERYBODY = "*"
CONNECTION = "connection/"

_WHO = re.compile(r"\*|[\w.@+'-]{1,100}|connection/[A-Za-z0-9._-]{1,64}")
_AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?( ?tokens)?")
_PICO_DIGITS = 12
_PERIODS: dict[str, Literal["day", "month"]] = {"day": "day", "month": "month"}

ALLOWED = "budgets such as ann:5/day,*:100/month,connection/openai:50/month,bob:200000 tokens/day"


class Budget(NamedTuple):
    """The most that may be spent in a UTC day or month: picodollars or tokens.

    `who` is a key's name, `*` for all together, or `connection/NAME`. `text` is the amount as it was written.
    """

    who: str
    amount: int
    unit: Literal["dollars", "tokens"]
    period: Literal["day", "month"]
    text: str

    @property
    def owner(self) -> str | None:
        """The key whose calls count; None for those of all."""
        return None if self.who == EVERYBODY or self.connection is not None else self.who

    @property
    def connection(self) -> str | None:
        """The connection whose calls count; None for those over any."""
        return self.who.removeprefix(CONNECTION) if self.who.startswith(CONNECTION) else None

    def applies_to(self, owner: str, connection: str) -> bool:
        """Return whether a call of this key over this connection counts."""
        return self.owner in {None, owner} and self.connection in {None, connection}


def parse_budgets(text: str) -> tuple[Budget, ...]:
    """Return the entries, which commas separate, in their order.

    Raises:
        ValueError: one is none.
    """
    return tuple(_budget(entry.strip()) for entry in text.split(",") if entry.strip())


def _budget(entry: str) -> Budget:
    who, _, rest = entry.rpartition(":")
    amount, _, named = rest.rpartition("/")
    period = _PERIODS.get(named.strip())
    number = _AMOUNT.fullmatch(amount.strip())
    if not _WHO.fullmatch(who.strip()) or number is None or (period is None):
        raise ValueError(ALLOWED)
    whole, decimals, tokens = number.groups()
    if tokens:
        if decimals:
            raise ValueError(ALLOWED)
        return Budget(who.strip(), int(whole), "tokens", period, f"{int(whole):,} tokens")
    pico = int(whole + (decimals or "").ljust(_PICO_DIGITS, "0"))
    return Budget(who.strip(), pico, "dollars", period, f"${whole}{f'.{decimals}' if decimals else ''}")
