"""What calls to models have taken and cost."""

import asyncio
import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator

from chatapp.backend.api.dependencies import ERRORS, CurrentOwner, CurrentStore, Id
from chatapp.backend.store import Dimension, Standing, UsageReport, UsageTotals
from chatapp.backend.usage.budget_words import value
from chatapp.backend.usage.budgets import Budgets
from chatapp.config.budgets import Budget
from chatapp.config.settings import Settings
from chatapp.errors import ForbiddenError, InvalidRequestError
from chatapp.protocol.money import dollars
from chatapp.protocol.schemas.fields import day_written_out
from chatapp.protocol.schemas.usage import BudgetOut, PercentilesOut, PriceListOut, UsageOfDays, UsageRowOut
from chatapp.protocol.usage_resources import Percentiles
from chatapp.providers.prices import list_date, list_version

router = APIRouter(tags=["usage"])

DEFAULT_DAYS = 30
_Day = Annotated[date, BeforeValidator(day_written_out)]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "As JSON, or as CSV with one line a row."},
    403: {**ERRORS[401], "description": "Only keys that ADMIN_KEYS names see what all have used."},
}


@router.get(
    "/usage", summary="Tell what calls to models cost", response_model=UsageOfDays, responses={**ERRORS, **_CSV}
)
async def usage(  # noqa: PLR0917 - FastAPI gives them by their names
    request: Request,
    store: CurrentStore,
    owner: CurrentOwner,
    by: Annotated[Dimension, Query(description="What to tell apart.")] = "day",
    since: Annotated[_Day | None, Query(description="First UTC day. Default: 30 days with the last.")] = None,
    until: Annotated[_Day | None, Query(description="Last UTC day. Default: today.")] = None,
    scope: Annotated[Literal["own", "all"], Query(description="`all` is what every key has used.")] = "own",
    format: Annotated[Literal["json", "csv"], Query()] = "json",  # noqa: A002 - as in /export
) -> Any:
    """Add up tokens, dollars, times and failures of the calls that were made for this key, or for all."""
    if scope == "all":
        require_admin(request.app.state.settings, owner)
    until = until or datetime.now(UTC).date()
    since = since or until - min(timedelta(DEFAULT_DAYS - 1), until - date.min)
    if since > until:
        raise InvalidRequestError("`since` is after `until`.")
    budgets: Budgets | None = request.app.state.budgets
    one = owner if scope == "own" else None
    report = await asyncio.to_thread(store.usage.by, by, since=since, until=until, owner=one)
    if format == "csv":
        name = f"usage-by-{by}-{since}-{until}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_as_csv(by, report), media_type="text/csv; charset=utf-8", headers=headers)
    return UsageOfDays(
        by=by,
        since=since.isoformat(),
        until=until.isoformat(),
        scope=scope,
        rows=[_row(row) for row in report.rows],
        total=_row(report.total),
        prices=await _price_list(),
        budgets=await _standings(budgets, one, is_shared=_sees_all(request.app.state.settings, owner))
        if budgets
        else [],
    )


@router.get("/conversations/{conversation_id}/usage", summary="Tell what a conversation cost", responses=ERRORS)
async def conversation_usage(
    conversation_id: Annotated[Id, Path()], store: CurrentStore, owner: CurrentOwner
) -> UsageRowOut:
    """Add up the calls of all answers of a conversation, on whichever branch they are."""
    await asyncio.to_thread(store.conversations.get, conversation_id, owner=owner)
    return _row(await asyncio.to_thread(store.usage.of_conversation, conversation_id, owner=owner))


def require_admin(settings: Settings, owner: str) -> None:
    """Let pass who may see what others have used: the keys of ADMIN_KEYS, and everybody where there are no keys.

    Raises:
        ForbiddenError: this one may not.
    """
    if not _sees_all(settings, owner):
        raise ForbiddenError("This key sees only what it has used itself.", hint="ADMIN_KEYS names those that see all.")


def _sees_all(settings: Settings, owner: str) -> bool:
    return settings.api_keys is None or owner in settings.admin_keys


async def _standings(budgets: Budgets, owner: str | None, *, is_shared: bool) -> list[BudgetOut]:
    """Return how the budgets stand that are about `owner`, or about all; those that many share if `is_shared`."""
    standings = await asyncio.to_thread(budgets.standings, owner)
    return [_budget(*each) for each in standings if is_shared or each[0].owner is not None]


async def _price_list() -> PriceListOut:
    newest = await asyncio.to_thread(list_date, datetime.now(UTC).date())
    return PriceListOut(name=f"genai-prices {list_version()}", newest=newest.isoformat() if newest else None)


def _row(row: UsageTotals) -> UsageRowOut:
    return UsageRowOut(
        name=row.name,
        calls=row.calls,
        failures=row.failures,
        unpriced_calls=row.unpriced,
        estimated_calls=row.estimated,
        prompt_tokens=row.prompt_tokens,
        cached_tokens=row.cached_tokens,
        completion_tokens=row.completion_tokens,
        reasoning_tokens=row.reasoning_tokens,
        total_tokens=row.prompt_tokens + row.completion_tokens,
        cost=dollars(row.cost_pico),
        first_token_ms=_span(row.first_token_ms),
        duration_ms=_span(row.duration_ms),
    )


def _budget(budget: Budget, standing: Standing, renews_at: datetime) -> BudgetOut:
    told = dollars if budget.unit == "dollars" else str
    return BudgetOut(
        who=budget.who,
        unit=budget.unit,
        period=budget.period,
        limit=told(budget.amount),
        spent=told(value(budget, standing.spent)),
        reserved=told(value(budget, standing.reserved)),
        renews_at=renews_at,
    )


def _span(times: Percentiles | None) -> PercentilesOut | None:
    return PercentilesOut(p50=times.p50, p95=times.p95) if times else None


def _as_csv(by: Dimension, report: UsageReport) -> str:
    """Return one line a row below a line of names. What could be a formula is text: models are named by others."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = [name for name in UsageRowOut.model_fields if name not in {"name", "first_token_ms", "duration_ms"}]
    times = [f"{kind}_{part}" for kind in ("first_token_ms", "duration_ms") for part in ("p50", "p95")]
    writer.writerow([by, *names, *times])
    for row in map(_row, report.rows):
        spans = [
            getattr(span, part) if span else ""
            for span in (row.first_token_ms, row.duration_ms)
            for part in ("p50", "p95")
        ]
        name = f"'{row.name}" if row.name.startswith(_FORMULA) else row.name
        writer.writerow([name, *(getattr(row, field) for field in names), *spans])
    return text.getvalue()
