"""The usage page, without a browser: real backend, stub model."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from streamlit.testing.v1 import AppTest

from chatapp.backend.store import ModelCall
from chatapp.backend.usage.budget_words import renewal
from chatapp.client import BackendClient
from chatapp.config.budgets import Budget, parse_budgets
from chatapp.frontend.components.usage_charts import MOST_COLUMNS, columns, day_bars, row_bars, table
from chatapp.frontend.session.backend import preview_of
from chatapp.protocol.resources import AttachmentInfo
from chatapp.protocol.usage_resources import PriceList, UsageInfo, UsageRow
from support.pages import ask, click, everything, problem
from support.transcripts import shown

Open = Callable[..., AppTest]

_COSTS = (("0", 0), ("0", 2), ("0.5", 1))
"""Dollars of two calls, and for how many of them no price is known."""


def spend(backend: Any, **changes: Any) -> None:
    """Put a call on record."""
    usual = {"owner": "", "connection": "paid", "model": "m", "status": "complete", "duration_ms": 900}
    took = {"prompt_tokens": 1000, "completion_tokens": 234, "cost_pico": 4_275_000_000, "first_token_ms": 250}
    call = ModelCall(**{**usual, **took, "created_at": datetime.now(UTC), "surface": "api", **changes})
    backend.app.state.store.model_calls.add_many([call])


def renewals(budget: Budget, *, since: datetime) -> set[datetime]:
    """Return when a budget renews that was told of since then: at midnight that is one of two moments."""
    return {renewal(budget, since), renewal(budget, datetime.now(UTC))}


def test_usage_is_shown_until_something_else_is_chosen(open_page: Open, backend: Any) -> None:
    spend(backend)
    page = click(open_page(backend.url), "usage-open")
    drawn = everything(page)
    assert "Dollars by day" in drawn
    assert "$0.0043" in drawn
    assert "1,234" in drawn
    assert all(f"<th>{span}<br>{name}</th>" in drawn for span in ("first word", "whole") for name in ("p50", "p95"))
    page.selectbox(key="usage_by").select("model").run()
    assert "Dollars by model" in everything(page)
    click(page, "new-chat")
    assert "Dollars by" not in everything(page)


def test_charts_begin_with_tokens_where_nothing_was_paid(open_page: Open, backend: Any) -> None:
    spend(backend, cost_pico=0)
    page = open_page(backend.url, query={"view": "usage"})
    assert "Tokens by day" in everything(page)
    spend(backend, prompt_tokens=19_487_330)
    page.selectbox(key="usage_measure").select("Money").run()
    assert "Dollars by day" in everything(page)
    assert "<dd>19.5 M</dd>" in everything(page)


def test_budgets_are_shown_with_what_is_spent_of_them(open_page: Open, run_backend: Callable[..., Any]) -> None:
    backend = run_backend(budgets="*:10/month,connection/paid:5000 tokens/day")
    spend(backend, cost_pico=2_500_000_000_000)
    before = datetime.now(UTC)
    drawn = everything(open_page(backend.url, query={"view": "usage"}))
    month, day = parse_budgets("*:1/month,*:1/day")
    for told, budget in (("$2.50 of $10.00 a month", month), ("1,234 of 5,000 tokens a day", day)):
        assert any(f"{told}, renewed {renews:%Y-%m-%d}" in drawn for renews in renewals(budget, since=before))
    assert "width:25.0%" in drawn


def test_a_budget_that_is_spent_is_said_so(open_page: Open, run_backend: Callable[..., Any]) -> None:
    before = datetime.now(UTC)
    page = ask(open_page(run_backend(budgets="*:10 tokens/day").url), "Why?")
    assert shown(page)[1].facts.startswith("Budget spent · stub-model")
    (budget,) = parse_budgets("*:1/day")
    said = "The budget of all keys together has not enough left: 0 tokens of 10 tokens a day spent."
    assert problem(page) in {
        f"**Budget spent** — {said}  \nIt renews on {renews:%Y-%m-%d} at 00:00 UTC."
        for renews in renewals(budget, since=before)
    }


def test_a_model_s_name_is_no_html(open_page: Open, backend: Any) -> None:
    spend(backend, model="<script>alert(1)</script>")
    page = open_page(backend.url, query={"view": "usage"})
    page.selectbox(key="usage_by").select("model").run()
    drawn = everything(page)
    assert "&lt;script&gt;" in drawn
    assert "<script>alert" not in drawn


def test_an_unknown_price_is_not_shown_as_nothing(open_page: Open, backend: Any) -> None:
    spend(backend, cost_pico=None)
    drawn = everything(open_page(backend.url, query={"view": "usage"}))
    assert "unknown" in drawn
    assert "Calls of unknown price" in drawn


def test_a_year_has_no_more_columns_than_a_phone_shows() -> None:
    row = UsageRow("2026-03-05", 1, 0, 10, 5, 15, "0.5")
    told = UsageInfo("day", "2025-11-29", "2026-11-28", "own", (row,), row, PriceList("list"))
    bars = day_bars(told, of_money=True)
    assert len(bars) <= MOST_COLUMNS
    assert [bar.label for bar in bars if bar.size] == ["$0.50"]
    assert columns(bars, "Dollars by day").count("<i ") == len(bars)


def test_a_chart_does_not_take_an_unknown_price_for_none() -> None:
    day = "2026-11-28"
    rows = [UsageRow(day, 2, 0, 10, 5, 15, cost, unpriced_calls=unpriced) for cost, unpriced in _COSTS]
    labels = ["$0", "unknown", "$0.50 and more"]
    assert [bar.label for bar in row_bars(rows, of_money=True)] == labels
    assert {bar.label for bar in row_bars(rows, of_money=False)} == {"15"}
    for row, label in zip(rows, labels, strict=True):
        told = UsageInfo("day", day, day, "own", (row,), row, PriceList("list"))
        assert [bar.label for bar in day_bars(told, of_money=True)] == [label]
        assert f"<td>{label}</td>" in table(told)


def test_what_goes_along_with_the_next_question_stands_below_the_box(
    open_page: Open, run_backend: Callable[..., Any]
) -> None:
    page = open_page(run_backend(context_tokens=1000).url)
    assert gauges(page) == []
    (drawn,) = gauges(ask(page, "Why?"))
    assert re.search(r"width:\d\.\d%.*2 messages · about \d+ tokens · \d %", drawn)


def test_files_that_wait_count_as_soon_as_the_backend_can_tell(
    open_page: Open, backend: Any, client: BackendClient
) -> None:
    page = ask(open_page(backend.url), "Why?")
    content = b"The sea is salty. " * 100
    sea = AttachmentInfo(hashlib.sha256(content).hexdigest(), "sea.txt", "text/plain", "text", len(content))

    page.session_state.view.conversation.waiting_files = (sea,)
    assert "messages" not in gauges(page.run())[0]

    client.attach(BytesIO(content), name=sea.name)
    told = re.search(r"3 messages · about ([\d,]+) tokens", gauges(page.run())[0])
    assert told is not None
    assert int(told[1].replace(",", "")) > 300


def test_a_file_that_could_not_be_previewed_is_looked_at_again(backend: Any, client: BackendClient) -> None:
    content = b"The sea is calm today."
    asked = {"api_key": None, "attachment_id": hashlib.sha256(content).hexdigest()}
    assert preview_of(backend.url, **asked) is None

    client.attach(BytesIO(content), name="calm.txt")
    assert preview_of(backend.url, **asked) is not None


def gauges(page: AppTest) -> list[str]:
    bodies = [element.proto.body for element in page.get("html")]
    return [body for body in bodies if 'class="gauge"' in body]
