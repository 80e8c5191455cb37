"""`chatapp usage`: what calls to models have taken and cost."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from textwrap import fill

import typer

from chatapp.cli.backends import with_backend
from chatapp.cli.terminal import columns_of, printable, wrapped
from chatapp.cli.writing import write_resource
from chatapp.client import BackendClient
from chatapp.errors import SettingsError
from chatapp.protocol.money import shown_dollars
from chatapp.protocol.usage_resources import BudgetInfo, UsageInfo, UsageRow

_HEAD = ("calls", "failed", "tokens in", "tokens out", "cost", "first word", "whole")


def run(*, backend_url: str | None, by: str, days: int, everybody: bool, as_json: bool, as_csv: bool) -> int:
    """Print the usage of the last `days` days, today among them."""
    if days < 1:
        raise SettingsError("--days must be 1 or more.")
    since = (datetime.now(UTC) - timedelta(min(days, 36_500) - 1)).date().isoformat()
    scope = "all" if everybody else "own"

    def fetch(backend: BackendClient) -> UsageInfo | str:
        fetch_it = backend.usage_csv if as_csv else backend.usage
        return fetch_it(by=by, since=since, scope=scope)

    usage = with_backend(fetch, backend_url, asks=False)
    if isinstance(usage, str):
        typer.echo(printable(usage), nl=False)
    elif as_json:
        write_resource(usage)
    else:
        _print(usage)
    return 0


def budget_sentence(budget: BudgetInfo) -> str:
    """Return how a budget stands."""
    spent, limit = (
        shown_dollars(amount) if budget.unit == "dollars" else f"{int(amount):,}"
        for amount in (budget.spent, budget.limit)
    )
    what = "" if budget.unit == "dollars" else " tokens"
    renews = f"{budget.renews_at.astimezone(UTC):%Y-%m-%d}"
    return f"Budget of {budget.who}: {spent} of {limit}{what} a {budget.period} spent; it renews on {renews}."


def _print(usage: UsageInfo) -> None:
    rows = [_cells(row.name or "unknown", row) for row in usage.rows]
    table = [(usage.by, *_HEAD), *rows, _cells("total", usage.total)]
    for line in _lines(table):
        typer.echo(line)
    for note in notes_on(usage):
        typer.secho(wrapped(note) if sys.stdout.isatty() else note, dim=True)


def _lines(table: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Return the lines of a table; where a terminal has no room for it, each row is a name and its numbers below."""
    widths = [max(map(columns_of, column)) for column in zip(*table, strict=True)]
    if sys.stdout.isatty() and sum(widths) + 2 * len(widths) - 2 > (columns := shutil.get_terminal_size().columns):
        head = table[0][1:]
        for name, *cells in table[1:]:
            yield name
            numbers = ", ".join(f"{what} {cell}" for what, cell in zip(head, cells, strict=True) if cell)
            yield fill(numbers, columns, initial_indent="  ", subsequent_indent="  ")
        return
    for name, *cells in table:
        line = [name + " " * (widths[0] - columns_of(name))]
        line += [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join(line).rstrip()


def _cells(name: str, row: UsageRow) -> tuple[str, ...]:
    times = [f"{span.p50 / 1000:.1f} s" if span else "" for span in (row.first_token_ms, row.duration_ms)]
    tokens = [f"{count:,}" for count in (row.prompt_tokens, row.completion_tokens)]
    return (" ".join(printable(name).split()), f"{row.calls:,}", f"{row.failures:,}", *tokens, _cost(row), *times)


def _cost(row: UsageRow) -> str:
    if row.calls and row.unpriced_calls == row.calls:
        return "unknown"
    return f"{shown_dollars(row.cost)}{' and more' if row.unpriced_calls else ''}"


def notes_on(usage: UsageInfo) -> list[str]:
    """Return what must be said beside the numbers."""
    notes = [f"Days are UTC. Prices: {usage.prices.name}, the newest of {usage.prices.newest}."]
    if unpriced := usage.total.unpriced_calls:
        notes.append(f"Calls of unknown price, which sums are without: {unpriced:,}.")
    if estimated := usage.total.estimated_calls:
        notes.append(f"Calls whose tokens are estimated: {estimated:,}.")
    return notes + [budget_sentence(budget) for budget in usage.budgets]
