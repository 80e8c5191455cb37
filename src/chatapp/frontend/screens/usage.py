"""The usage page: what calls to models have taken and cost."""

from datetime import UTC, datetime, timedelta
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatapp.errors import ChatappError
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.components.usage_charts import (
    budget_lines,
    columns,
    day_bars,
    lines,
    milliseconds,
    row_bars,
    table,
)
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.protocol.money import picodollars, shown_dollars
from chatapp.protocol.usage_resources import UsageInfo

_BY = {"day": "Day", "model": "Model", "connection": "Connection", "key": "Key", "surface": "Surface"}
_DAYS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "A year"}
_LONG = 10_000_000
_MONEY, _TOKENS = "Money", "Tokens"


def usage() -> None:
    """Draw the page."""
    with st.container(key="usage"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("# Usage", anchors=False)
            st.button("Back to the chat", icon=":material/arrow_back:", key="usage-close", on_click=actions.close_usage)
        by, days, measure_slot = _choices()
        since = (datetime.now(UTC) - timedelta(days - 1)).date().isoformat()
        scope = "all" if state.value_of(state.EVERYBODY) else "own"
        try:
            told = state.client().usage(by=by, since=since, scope=scope)
        except ChatappError as error:
            problem = problem_of(error)
            st.error(f"**{literal(problem.title)}** — {literal(problem.sentence)}  \n{literal(problem.next_step)}")
            return
        _draw(told, of_money=_measure(measure_slot, told) == _MONEY)
        st.download_button(
            "CSV",
            partial(state.client().usage_csv, by=by, since=since, scope=scope),
            file_name=f"usage-by-{by}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="usage-csv",
            on_click="ignore",
        )


def _choices() -> tuple[str, int, DeltaGenerator]:
    """Draw what can be chosen, and return what to tell apart, how many days, and the place of what charts show."""
    with st.container(horizontal=True, key="usage-choices"):
        by = st.selectbox("By", _BY, format_func=_BY.__getitem__, key=state.USAGE_BY, width=150)
        days = st.selectbox("Period", _DAYS, index=1, format_func=_DAYS.__getitem__, key=state.USAGE_DAYS, width=150)
        measure_slot = st.container(width="content")
        if state.settings().api_keys is not None or state.api_key():
            st.toggle("All keys", key=state.EVERYBODY, help="What every key has used, for the keys of ADMIN_KEYS.")
    return by, days, measure_slot


def _measure(slot: DeltaGenerator, told: UsageInfo) -> str:
    """Draw the choice of what the charts show, and return it; where nothing was paid, it begins with tokens."""
    begins_with = 0 if picodollars(told.total.cost) else 1
    return slot.selectbox("Charts of", (_MONEY, _TOKENS), index=begins_with, key=state.USAGE_MEASURE, width=150)


def _draw(told: UsageInfo, *, of_money: bool) -> None:
    total = told.total
    if told.budgets:
        st.html(budget_lines(told.budgets))
    if not total.calls:
        st.caption("No calls to models in these days.")
        return
    facts = {
        "Cost": "unknown" if total.unpriced_calls == total.calls else shown_dollars(total.cost),
        "Calls": f"{total.calls:,}",
        "Tokens": _short(total.total_tokens),
        "Failed": f"{total.failures:,}",
        "First word": milliseconds(total.first_token_ms.p50) if total.first_token_ms else "none",
        "Slowest 5 %": milliseconds(total.first_token_ms.p95) if total.first_token_ms else "none",
    }
    st.html(f'<dl class="usage-facts">{"".join(f"<div><dt>{n}</dt><dd>{v}</dd></div>" for n, v in facts.items())}</dl>')
    what = "Dollars" if of_money else "Tokens"
    title = f"{what} by {told.by}"
    if told.by == "day":
        st.html(columns(day_bars(told, of_money=of_money), title))
    else:
        st.html(lines(row_bars(told.rows, of_money=of_money), title))
    st.html(table(told))
    st.caption(literal(" ".join(_notes(told))))


def _short(count: int) -> str:
    """Return a count that has room in a card; the table has all its digits."""
    return f"{count:,}" if count < _LONG else f"{count / 1_000_000:,.1f} M"


def _notes(told: UsageInfo) -> list[str]:
    """Return what must be said beside the numbers."""
    notes = [
        f"Days are UTC. Prices: {told.prices.name}, the newest of {told.prices.newest}. "
        "p50: half of the calls are slower, p95: one in twenty is."
    ]
    if unpriced := told.total.unpriced_calls:
        notes.append(f"Calls of unknown price, which sums are without: {unpriced:,}.")
    if estimated := told.total.estimated_calls:
        notes.append(f"Calls whose tokens are estimated: {estimated:,}.")
    return notes
