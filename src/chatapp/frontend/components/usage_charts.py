"""Charts of usage, as HTML that `assets/style.css` draws: no scripts, any width, light and dark."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from html import escape
from typing import NamedTuple

from chatapp.frontend.conversations.moments import short_day
from chatapp.frontend.languages.words import figures, t, words
from chatapp.protocol.money import dollars, picodollars, shown_dollars
from chatapp.protocol.usage_resources import BudgetInfo, Percentiles, UsageInfo, UsageRow
from chatapp.protocol.wording import later

MOST_COLUMNS = 46
"""As many can be told apart on a phone."""
_BY = {
    "day": later("day"),
    "model": later("model"),
    "connection": later("connection"),
    "key": later("key"),
    "surface": later("surface"),
}
_COUNTS = (
    later("calls"),
    later("cost"),
    later("failed"),
    later("tokens in"),
    later("cached"),
    later("tokens out"),
    later("thought"),
)
_SPANS = (later("first word"), later("whole"))
_BUDGETS = {
    ("day", "dollars"): later("{spent} of {limit} a day, renewed {day}"),
    ("month", "dollars"): later("{spent} of {limit} a month, renewed {day}"),
    ("day", "tokens"): later("{spent} of {limit} tokens a day, renewed {day}"),
    ("month", "tokens"): later("{spent} of {limit} tokens a month, renewed {day}"),
}


class Bar(NamedTuple):
    """One bar: what it is about, its length, and what it says."""

    name: str
    size: int
    label: str


def day_bars(usage: UsageInfo, *, of_money: bool) -> list[Bar]:
    """Return one bar for each day, or for several in a row where they would be too many; days of nothing are there."""
    by_day = {row.name: row for row in usage.rows}
    first, last = date.fromisoformat(usage.since), date.fromisoformat(usage.until)
    count = (last - first).days + 1
    step = -(-count // MOST_COLUMNS)
    bars = []
    for begin in range(0, count, step):
        days = [(first + timedelta(day)).isoformat() for day in range(begin, min(begin + step, count))]
        begins, ends = shown_day(days[0]), shown_day(days[-1])
        name = begins if len(days) == 1 else t("{first} to {last}", first=begins, last=ends)
        bars.append(_bar(name, [by_day[day] for day in days if day in by_day], of_money=of_money))
    return bars


def row_bars(rows: Sequence[UsageRow], *, of_money: bool) -> list[Bar]:
    """Return one bar for each row."""
    return [_bar(row.name or t("unknown"), [row], of_money=of_money) for row in rows]


def _bar(name: str, rows: Sequence[UsageRow], *, of_money: bool) -> Bar:
    size = sum(picodollars(row.cost) if of_money else row.total_tokens for row in rows)
    if not of_money:
        return Bar(name, size, _label(size, of_money=False))
    return Bar(name, size, _priced(size, sum(row.calls for row in rows), sum(row.unpriced_calls for row in rows)))


def columns(bars: Sequence[Bar], caption: str) -> str:
    """Return upright bars, oldest left, with the largest and the ends of the axis named."""
    most = max((bar.size for bar in bars), default=0)
    drawn = "".join(
        f'<i title="{escape(bar.name)}: {escape(bar.label)}" style="height:{_percent(bar.size, most)}%"></i>'
        for bar in bars
    )
    top = next((bar.label for bar in bars if bar.size == most), "")
    ends = f"<span>{bars[0].name}</span><span>{bars[-1].name.rpartition(' ')[2]}</span>" if bars else ""
    return (
        f'<figure class="columns"><figcaption>{escape(caption)}</figcaption>'
        f'<b>{escape(top)}</b><div class="plot" role="img" aria-label="{escape(caption)}">{drawn}</div>'
        f'<div class="axis">{ends}</div></figure>'
    )


def lines(bars: Sequence[Bar], caption: str) -> str:
    """Return level bars, each with its name and what it says; the largest is as long as there is room."""
    most = max((bar.size for bar in bars), default=0)
    return _lines([(bar, most) for bar in bars], caption)


def budget_lines(budgets: Sequence[BudgetInfo]) -> str:
    """Return a level bar for each budget, as long as is spent of it."""
    return _lines([_budget(budget) for budget in budgets], t("Budgets"))


def _budget(budget: BudgetInfo) -> tuple[Bar, int]:
    is_money = budget.unit == "dollars"
    spent, limit = (picodollars(amount) if is_money else int(amount) for amount in (budget.spent, budget.limit))
    label = t(
        _BUDGETS[budget.period, budget.unit],
        spent=_label(spent, of_money=is_money),
        limit=_label(limit, of_money=is_money),
        day=shown_day(budget.renews_at.astimezone(UTC).date().isoformat()),
    )
    return Bar(t("all keys") if budget.who == "*" else budget.who, min(spent, limit), label), limit


def _lines(bars: Sequence[tuple[Bar, int]], caption: str) -> str:
    drawn = "".join(
        f'<li><span class="name">{escape(bar.name)}</span><span class="value">{escape(bar.label)}</span>'
        f'<span class="track"><i style="width:{_percent(bar.size, most)}%"></i></span></li>'
        for bar, most in bars
    )
    return f'<figure class="lines"><figcaption>{escape(caption)}</figcaption><ul>{drawn}</ul></figure>'


def table(usage: UsageInfo) -> str:
    """Return all numbers, the total below."""
    spans = (f"{escape(t(span))}<br>{name}" for span in _SPANS for name in Percentiles._fields)
    heads = (*(escape(t(name)) for name in (_BY.get(usage.by, usage.by), *_COUNTS)), *spans)
    names = "".join(f"<th>{name}</th>" for name in heads)
    shown = shown_day if usage.by == "day" else str
    rows = "".join(_table_row(shown(row.name) if row.name else t("unknown"), row) for row in usage.rows)
    head = f"<thead><tr>{names}</tr></thead>"
    foot = f"<tfoot>{_table_row(t('total'), usage.total)}</tfoot>"
    inside = f"{head}<tbody>{rows}</tbody>{foot}"
    return f'<div class="usage-table by-{usage.by}" tabindex="0"><table>{inside}</table></div>'


def shown_day(day: str) -> str:
    """Return a day, YYYY-MM-DD, as its reader writes it."""
    return short_day(day, words())


def milliseconds(value: int) -> str:
    """Return a time for people."""
    return t("{seconds:.1f} s", seconds=value / 1000) if value >= 1000 else t("{count} ms", count=value)  # noqa: PLR2004 - a second


def _table_row(name: str, row: UsageRow) -> str:
    tokens = (row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.reasoning_tokens)
    spans = (row.first_token_ms, row.duration_ms)
    times = [milliseconds(span[place]) if span else "" for span in spans for place in (0, 1)]
    cells = [
        figures(f"{row.calls:,}"),
        _priced(picodollars(row.cost), row.calls, row.unpriced_calls),
        *(figures(f"{n:,}") for n in (row.failures, *tokens)),
        *times,
    ]
    return f"<tr><th>{escape(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _priced(pico: int, calls: int, unpriced: int) -> str:
    """Return a sum of prices, of which some may not be known."""
    if unpriced and unpriced == calls:
        return t("unknown")
    cost = _label(pico, of_money=True)
    return t("{cost} and more", cost=cost) if unpriced else cost


def _label(size: int, *, of_money: bool) -> str:
    return figures(shown_dollars(dollars(size)) if of_money else f"{size:,}")


def _percent(size: int, most: int) -> str:
    return f"{size * 100 / most:.1f}" if most else "0"
