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
    shown_day,
    table,
)
from chatapp.frontend.components.usage_scope import everybody
from chatapp.frontend.languages.words import figures, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.protocol.money import picodollars, shown_dollars
from chatapp.protocol.usage_resources import UsageInfo
from chatapp.protocol.wording import later

_BY = {
    "day": later("Day"),
    "model": later("Model"),
    "connection": later("Connection"),
    "key": later("Key"),
    "surface": later("Surface"),
}
_DAYS = {7: later("7 days"), 30: later("30 days"), 90: later("90 days"), 365: later("A year")}
_LONG = 10_000_000
_MONEY, _TOKENS = later("Money"), later("Tokens")
_TITLES = {
    ("day", True): later("Dollars by day"),
    ("model", True): later("Dollars by model"),
    ("connection", True): later("Dollars by connection"),
    ("key", True): later("Dollars by key"),
    ("surface", True): later("Dollars by surface"),
    ("day", False): later("Tokens by day"),
    ("model", False): later("Tokens by model"),
    ("connection", False): later("Tokens by connection"),
    ("key", False): later("Tokens by key"),
    ("surface", False): later("Tokens by surface"),
}
_PRICES = later(
    "Days are UTC. Prices: {source}, the newest of {day}. p50: half of the calls are slower, p95: one in twenty is."
)


def usage() -> None:
    """Draw the page."""
    with st.container(key="usage"):
        with st.container(horizontal=True, vertical_alignment="center", key="usage-head"):
            st.markdown(f"# {t('Usage')}", anchors=False)
            icon = ":material/arrow_back:"
            st.button(t("Back to the chat"), icon=icon, key="usage-close", on_click=actions.close_usage)
        by, days, measure_slot = _choices()
        since = (datetime.now(UTC) - timedelta(days - 1)).date().isoformat()
        scope = "all" if state.value_of(state.EVERYBODY) else "own"
        try:
            usage = state.client().usage(by=by, since=since, scope=scope)
        except ChatappError as error:
            problem = problem_of(error)
            st.error(f"**{literal(problem.title)}** — {literal(problem.sentence)}  \n{literal(problem.next_step)}")
            return
        _draw(usage, of_money=_measure(measure_slot, usage) == _MONEY)
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
    with st.container(horizontal=True, vertical_alignment="bottom", key="usage-choices"):
        by = st.selectbox(t("By"), _BY, format_func=lambda by: t(_BY[by]), key=state.USAGE_BY, width=150)
        days = st.selectbox(
            t("Period"), _DAYS, index=1, format_func=lambda days: t(_DAYS[days]), key=state.USAGE_DAYS, width=150
        )
        measure_slot = st.container(width="content")
        everybody()
    return by, days, measure_slot


def _measure(slot: DeltaGenerator, usage: UsageInfo) -> str:
    """Draw the choice of what the charts show, and return it; where nothing was paid, it begins with tokens."""
    first = 0 if picodollars(usage.total.cost) else 1
    measures = (_MONEY, _TOKENS)
    return slot.selectbox(t("Charts of"), measures, first, format_func=t, key=state.USAGE_MEASURE, width=150)


def _draw(usage: UsageInfo, *, of_money: bool) -> None:
    total = usage.total
    if usage.budgets:
        st.html(budget_lines(usage.budgets))
    if not total.calls:
        st.caption(t("No calls to models in these days."))
        return
    facts = {
        t("Cost"): t("unknown") if total.unpriced_calls == total.calls else figures(shown_dollars(total.cost)),
        t("Calls"): figures(f"{total.calls:,}"),
        t("Tokens"): _short(total.total_tokens),
        t("Failed"): figures(f"{total.failures:,}"),
        t("First word"): milliseconds(total.first_token_ms.p50) if total.first_token_ms else t("none"),
        t("Slowest 5 %"): milliseconds(total.first_token_ms.p95) if total.first_token_ms else t("none"),
    }
    st.html(f'<dl class="usage-facts">{"".join(f"<div><dt>{n}</dt><dd>{v}</dd></div>" for n, v in facts.items())}</dl>')
    title = t(_TITLES[usage.by, of_money])
    if usage.by == "day":
        st.html(columns(day_bars(usage, of_money=of_money), title))
    else:
        st.html(lines(row_bars(usage.rows, of_money=of_money), title))
    st.html(table(usage))
    st.caption(literal(" ".join(_notes(usage))))


def _short(count: int) -> str:
    """Return a count that has room in a card; the table has all its digits."""
    return figures(f"{count:,}") if count < _LONG else t("{millions:,.1f} M", millions=count / 1_000_000)


def _notes(usage: UsageInfo) -> list[str]:
    """Return what must be said beside the numbers."""
    newest = usage.prices.newest
    notes = [t(_PRICES, source=usage.prices.name, day=shown_day(newest) if newest else t("unknown"))]
    if unpriced := usage.total.unpriced_calls:
        notes.append(t("Calls of unknown price, which sums are without: {count}.", count=unpriced))
    if estimated := usage.total.estimated_calls:
        notes.append(t("Calls whose tokens are estimated: {count}.", count=estimated))
    return notes
